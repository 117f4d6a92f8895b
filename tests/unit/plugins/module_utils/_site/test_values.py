# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files, lists of them, and rows: read as they were written, and never guessed."""

from __future__ import annotations

import json

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._site.values import (
    Manifest,
    SiteRelease,
    read_manifest,
    read_release,
    release_data,
)

from tests.unit.plugins.module_utils._site.fakes import SITE, file_of, manifest_of

RELEASE = SiteRelease(SITE, "S#seq-000000000001", "1.0.0", "a" * 64, "publish", "then", "me", outcome=Outcome.SUCCEEDED)


def test_only_assets_are_kept_without_asking() -> None:
    asset, page = file_of("assets/a-1234.js", "x"), file_of("index.html", "x")
    assert (asset.immutable, asset.cache_control) == (True, "public, max-age=31536000, immutable")
    assert (page.immutable, page.cache_control) == (False, "no-cache")
    assert (asset.stored_at, page.stored_at) == ("assets/a-1234.js", f".site/files/{page.sha256}")


def test_a_list_is_read_as_it_was_written_and_known_by_its_content() -> None:
    made = manifest_of({"index.html": "a", "assets/ä.js": "b"})
    assert read_manifest(made.text) == made
    assert read_manifest(made.text).digest == made.digest
    assert made.digest != manifest_of({"index.html": "a"}).digest
    assert made.keys > {"index.html", "assets/ä.js", f".site/manifests/{made.digest}.json"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"files": 1}',
        '{"files": [1]}',
        '{"files": [{"path": "a"}]}',
        json.dumps({"files": [{"path": "a", "sha256": "b", "md5": "c", "bytes": 1, "type": "d"}]}),
    ],
)
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_manifest(text)


def row() -> dict[str, object]:
    return {**release_data(RELEASE), "service": SITE}


def test_a_row_is_read_as_it_was_written() -> None:
    assert read_release(row()) == RELEASE
    assert RELEASE.succeeded


@pytest.mark.parametrize(
    ("name", "value"),
    [("version", None), ("files", "many"), ("outcome", "GREAT"), ("manifest", "no digest"), ("reason", 1)],
)
def test_a_row_that_is_no_release_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_release({**row(), name: value})


def test_an_empty_list_has_a_digest_too() -> None:
    assert len(Manifest(()).digest) == 64
