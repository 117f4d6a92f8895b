# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which image of a repository a version names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import RepositoryImage, RepositorySettings
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.image_lookup import find_image

BORN = datetime(2026, 1, 1, tzinfo=UTC)
OLD, NEW, OTHER = (f"1.0.0-{'a' * 40}", f"1.0.0-{'b' * 40}", f"1.1.0-{'c' * 40}")


class Images:
    """A repository in memory."""

    def describe_images(self, repository: str) -> tuple[RepositoryImage, ...] | None:
        if repository == "empty":
            return ()
        if repository != "app":
            return None
        tags = ((OLD,), (NEW,), (OTHER, "latest"), ())
        return tuple(
            RepositoryImage(f"sha256:{number:064x}", names, BORN + timedelta(days=number))
            for number, names in enumerate(tags)
        )

    def describe_repository(self, repository: str) -> RepositorySettings:
        raise AssertionError("nobody needs it")


def find(version: str, repository: str = "app") -> tuple[str, str, str]:
    found = find_image(Images(), repository, version, host="registry")
    return found.tag, found.digest[-1], found.commit


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("1.0.0", (NEW, "1", "b" * 40)),
        (OLD, (OLD, "0", "a" * 40)),
        ("latest", ("latest", "2", "")),
        (f"sha256:{2:064x}", (OTHER, "2", "c" * 40)),
        (f"sha256:{3:064x}", ("", "3", "")),
    ],
)
def test_a_version_a_tag_and_a_digest_name_an_image(version: str, found: tuple[str, str, str]) -> None:
    assert find(version) == found


def test_a_version_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(RefusedError, match=r"Looked for 1\.0\.1 in registry/app") as caught:
        find("1.0.1")
    assert caught.value.details["nearest_versions"][0] in (OLD, NEW, OTHER)
    assert len(caught.value.details["nearest_versions"]) == 4
    with pytest.raises(
        RefusedError, match=r"holds no tagged image yet\. Publish or promote that version to this registry first\.$"
    ):
        find("1.0.1", "empty")


def test_a_repository_that_is_not_there_is_named() -> None:
    with pytest.raises(RefusedError, match="registry, but it has no repository other"):
        find("1.0.0", "other")


def test_a_version_has_to_be_named() -> None:
    with pytest.raises(RequestError, match="No version was named"):
        find("")
