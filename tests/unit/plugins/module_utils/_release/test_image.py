# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Image references and release tags, and which image of a repository a version names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import RepositoryImage
from ansible_collections.fastbreak.aws.plugins.module_utils._release.image import (
    ImageRef,
    find_release,
    nearest_versions,
    parse_image,
    parse_release_tag,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("app", ImageRef("", "app")),
        ("team/app:1", ImageRef("", "team/app", "1")),
        ("localhost/app", ImageRef("localhost", "app")),
        ("127.0.0.1:5000/team/app:1.0", ImageRef("127.0.0.1:5000", "team/app", "1.0")),
        (f"r.example/app@{DIGEST}", ImageRef("r.example", "app", "", DIGEST)),
        (f"r.example/app:1@{DIGEST}", ImageRef("r.example", "app", "1", DIGEST)),
    ],
)
def test_image_is_read_and_written_alike(text: str, parsed: ImageRef) -> None:
    assert parse_image(text) == parsed
    assert str(parsed) == text


@pytest.mark.parametrize(
    ("text", "said"), [("App", "repository"), ("app:", "tag"), ("app@sha256:12", "digest"), ("", "repository")]
)
def test_image_that_cannot_be_read_says_which_part(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_image(text)


@pytest.mark.parametrize(
    ("tag", "semver"),
    [
        ("1.2.3-" + "a" * 40, "1.2.3"),
        ("1.2.3-rc.1-" + "a" * 40, "1.2.3-rc.1"),
        ("1.2.3-" + "a" * 40 + "-dirty." + "b" * 12, "1.2.3"),
    ],
)
def test_release_tag_is_read(tag: str, semver: str) -> None:
    release = parse_release_tag(tag)
    assert release
    assert release.semver == semver


@pytest.mark.parametrize("tag", ["latest", "1.2.3", "01.2.3-" + "a" * 40, "1.2.3-" + "a" * 39])
def test_other_tags_are_no_releases(tag: str) -> None:
    assert parse_release_tag(tag) is None


def image(version: str, digit: str, minutes: int) -> RepositoryImage:
    return RepositoryImage("sha256:" + digit * 64, (f"{version}-{digit * 40}",), START + timedelta(minutes=minutes))


IMAGES = (image("1.0.0", "a", 0), image("1.1.0", "b", 1), image("1.0.0", "c", 2), image("1.10.0", "d", 3))


@pytest.mark.parametrize(
    ("version", "digit"),
    [
        ("1.0.0", "c"),
        ("1.1.0", "b"),
        ("1.0.0-" + "a" * 40, "a"),
        ("sha256:" + "b" * 64, "b"),
        ("1.0", None),
        ("9.9.9", None),
        ("latest", None),
    ],
)
def test_version_names_the_newest_image_of_it(version: str, digit: str | None) -> None:
    found = find_release(IMAGES, version)
    assert (found.digest if found else None) == (f"sha256:{digit * 64}" if digit else None)


def test_digest_is_called_by_its_release_tag_when_there_is_one() -> None:
    tagged = replace(IMAGES[0], tags=("latest", IMAGES[0].tags[0]))
    found = find_release((tagged,), tagged.digest)
    assert found
    assert found.version == IMAGES[0].tags[0]
    untagged = find_release((replace(tagged, tags=()),), tagged.digest)
    assert untagged
    assert untagged.version == tagged.digest


def test_nearest_versions_are_like_the_one_that_is_missing() -> None:
    assert nearest_versions(IMAGES, "1.10.1")[0].startswith("1.10.0-")
    assert len(nearest_versions(IMAGES, "x", count=2)) == 2
    assert nearest_versions((), "1.0.0") == ()
