# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The registry that images are published to, through boto3."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

from .._aws.api import AwsClient
from .._errors import UnavailableError
from .._oci.login import Login

_NO_REPOSITORY = frozenset({"RepositoryNotFoundException"})
_NO_IMAGE = frozenset({"ImageNotFoundException"})


class EcrRegistry(AwsClient):
    """ECR of one account and region."""

    label = "ECR"

    def has_repository(self, repository: str) -> bool:
        """Whether the repository exists."""
        attempted = f"describe repository {repository}"
        return bool(self._find(attempted, "describe_repositories", _NO_REPOSITORY, repositoryNames=[repository]))

    def find_digest(self, repository: str, tag: str) -> str | None:
        """The digest that a tag names; None when the repository has no such tag."""
        answer = self._find(
            f"look up {repository}:{tag}",
            "describe_images",
            _NO_IMAGE,
            repositoryName=repository,
            imageIds=[{"imageTag": tag}],
        )
        details = (answer or {}).get("imageDetails", [])
        return str(details[0]["imageDigest"]) if details else None

    def authorize(self) -> Login:
        """A login for pushing, good for twelve hours. The host is the proxy endpoint's: on AWS the repository's own."""
        answer = self._call("get a login for the registry", "get_authorization_token")
        try:
            data = answer["authorizationData"][0]
            username, _colon, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
            return Login(urlsplit(data["proxyEndpoint"]).netloc, username, password)
        except (KeyError, IndexError, ValueError) as reason:
            raise UnavailableError(
                f"Tried to get a login for the registry, but ECR's answer cannot be read ({type(reason).__name__}). "
                "Run again."
            ) from reason
