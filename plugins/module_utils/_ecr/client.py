# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECR through boto3: repositories, their images and logins. Scans lie beside it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._aws.api import AwsClient
from .._errors import UnavailableError
from .._oci.login import Login
from .values import Authorization, RepositoryImage, RepositorySettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._oci.names import Address

_NO_REPOSITORY = frozenset({"RepositoryNotFoundException"})
_NO_IMAGE = frozenset({"ImageNotFoundException"})


class EcrClient(AwsClient):
    """The registry of one account and region, by default the credentials' own. Safe to use from many threads."""

    label = "ECR"

    def __init__(self, connect: Callable[[], Any], account: str = "") -> None:
        super().__init__(connect)
        self._account = account
        self._registry = {"registryId": account} if account else {}

    def describe_repository(self, repository: str) -> RepositorySettings:
        """Its settings. Where only some tags are immutable (MUTABLE_WITH_EXCLUSION), ECR tells at the write."""
        answer = self._find(
            f"describe repository {repository}",
            "describe_repositories",
            _NO_REPOSITORY,
            repositoryNames=[repository],
            **self._registry,
        )
        found = (answer or {}).get("repositories", [])
        if not found:
            return RepositorySettings(exists=False)
        filters = found[0].get("imageTagMutabilityExclusionFilters", [])
        immutable = found[0].get("imageTagMutability", "").startswith("IMMUTABLE")
        return RepositorySettings(
            exists=True,
            immutable=immutable,
            mutable_tags=tuple(exclusion["filter"] for exclusion in filters) if immutable else (),
            uri=found[0].get("repositoryUri", ""),
        )

    def describe_images(self, repository: str) -> tuple[RepositoryImage, ...] | None:
        """The images of a repository, all pages; None when there is no such repository."""
        pages = list(
            self._pages(
                f"list the images of {repository}",
                "describe_images",
                _NO_REPOSITORY,
                repositoryName=repository,
                **self._registry,
            )
        )
        return tuple(_image(detail) for page in pages for detail in page["imageDetails"]) if pages else None

    def describe_image(self, tagged: Address) -> RepositoryImage | None:
        """The image that a tag names; None when the repository has no such tag."""
        answer = self._find(
            f"look up {tagged}",
            "describe_images",
            _NO_IMAGE,
            repositoryName=tagged.repository,
            imageIds=[{"imageTag": tagged.reference}],
            **self._registry,
        )
        details = (answer or {}).get("imageDetails", [])
        return _image(details[0]) if details else None

    def get_authorization_token(self) -> Authorization:
        """A login that is good for twelve hours. Its host is the endpoint's: on AWS the repository's own."""
        attempted = f"get a login for the registry{f' of account {self._account}' if self._account else ''}"
        asked = {"registryIds": [self._account]} if self._account else {}
        answer = self._call(attempted, "get_authorization_token", **asked)
        try:
            data = answer["authorizationData"][0]
            token = base64.b64decode(data["authorizationToken"], validate=True).decode()
            username, _colon, password = token.partition(":")
            login = Login(urlsplit(data["proxyEndpoint"]).netloc, username, password)
            return Authorization(login, data["proxyEndpoint"])
        except (KeyError, IndexError, ValueError) as reason:
            raise UnavailableError(
                f"Tried to {attempted}, but ECR's answer cannot be read ({type(reason).__name__}). Run again."
            ) from reason


class UnknownRepositories:
    """The repositories of a registry that cannot tell: the first push makes a repository."""

    def describe_repository(self, repository: str) -> RepositorySettings:  # noqa: ARG002 (the port's name)
        """That nothing is known."""
        return RepositorySettings(exists=False, known=False)


def _image(detail: dict[str, Any]) -> RepositoryImage:
    return RepositoryImage(detail["imageDigest"], tuple(detail.get("imageTags", [])), detail["imagePushedAt"])
