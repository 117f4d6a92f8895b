# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is known of repositories besides their content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._aws.api import AwsClient
from .values import RepositorySettings

if TYPE_CHECKING:
    from collections.abc import Callable

_MISSING = frozenset({"RepositoryNotFoundException"})


class EcrRepositories(AwsClient):
    """The repositories of one account's registry."""

    label = "ECR"

    def __init__(self, connect: Callable[[], Any], account: str) -> None:
        super().__init__(connect)
        self._account = account

    def describe(self, repository: str) -> RepositorySettings:
        """Its settings. Where only some tags are immutable (MUTABLE_WITH_EXCLUSION), ECR tells when one is written."""
        answer = self._find(
            f"describe repository {repository}",
            "describe_repositories",
            _MISSING,
            registryId=self._account,
            repositoryNames=[repository],
        )
        found = (answer or {}).get("repositories", [])
        if not found:
            return RepositorySettings(exists=False)
        mutability = found[0].get("imageTagMutability", "")
        filters = found[0].get("imageTagMutabilityExclusionFilters", [])
        immutable = mutability.startswith("IMMUTABLE")
        return RepositorySettings(
            exists=True,
            immutable=immutable,
            mutable_tags=tuple(one["filter"] for one in filters) if immutable else (),
        )


class UnknownRepositories:
    """The repositories of a registry that cannot tell: the first push makes one."""

    def describe(self, repository: str) -> RepositorySettings:  # noqa: ARG002 (the port's name)
        """That nothing is known."""
        return RepositorySettings(exists=False, known=False)
