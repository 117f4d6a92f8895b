# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The registry's own list of images, through boto3."""

from __future__ import annotations

from typing import Any

from .._aws.api import AwsClient
from .values import RepositoryImage

_MISSING = frozenset({"RepositoryNotFoundException"})


class EcrImages(AwsClient):
    """The images of one account and region."""

    label = "ECR"

    def list_images(self, repository: str, *, account: str = "") -> tuple[RepositoryImage, ...] | None:
        """The images of a repository, or None when there is no such repository."""
        arguments: dict[str, Any] = {"repositoryName": repository, **({"registryId": account} if account else {})}
        found: list[RepositoryImage] = []
        while True:
            answer = self._find(f"list the images of {repository}", "describe_images", _MISSING, **arguments)
            if answer is None:
                return None
            found += [
                RepositoryImage(one["imageDigest"], tuple(one.get("imageTags", [])), one["imagePushedAt"])
                for one in answer["imageDetails"]
            ]
            if not answer.get("nextToken"):
                return tuple(found)
            arguments["nextToken"] = answer["nextToken"]

    def repository_uri(self, repository: str, *, account: str = "") -> str:
        """The repository's address, or an empty string when there is none."""
        answer = self._find(
            f"describe repository {repository}",
            "describe_repositories",
            _MISSING,
            repositoryNames=[repository],
            **({"registryId": account} if account else {}),
        )
        found = (answer or {}).get("repositories", [])
        return str(found[0]["repositoryUri"]) if found else ""
