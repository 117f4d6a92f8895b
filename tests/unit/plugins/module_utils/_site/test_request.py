# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a site's release, and what is refused of them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._site.request import build_request, made_files

GOOD: dict[str, Any] = {
    "state": "published",
    "source": "dist",
    "version": None,
    "bucket": "b",
    "distribution_id": "E1",
    "url": "https://video.example.org/",
    "keep": 5,
    "media_types": {".GLB": "model/gltf-binary"},
    "largest_file_bytes": 1,
    "concurrency": 8,
    "invalidation_timeout_seconds": 600,
    "verification_timeout_seconds": 60,
}


def test_what_is_meant() -> None:
    made = build_request(GOOD, owner="me")
    assert (made.site, made.url, made.version) == ("site/b", "https://video.example.org", "")
    assert made.media_types == {"glb": "model/gltf-binary"}
    assert build_request({**GOOD, "state": "rolled_back", "source": None}, owner="me").rolls_back


def test_a_configuration_is_a_file_with_the_same_bytes_each_time() -> None:
    made = made_files({"issuer": "https://é.example", "api": "/api"})
    assert made == {"config.json": '{\n  "api": "/api",\n  "issuer": "https://é.example"\n}\n'.encode()}
    assert made_files({}) == made_files(None) == {}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("url", "video.example.org", "no address of a site"),
        ("url", "https://video.example.org/path", "no address of a site"),
        ("keep", 1, "keep is 1; it must be at least"),
        ("concurrency", 0, "from 1 to 64"),
        ("version", "a\nb", "visible characters"),
        ("source", "", "source is empty"),
        ("media_types", {"x": "text"}, "gives 'x' no media type"),
        ("largest_file_bytes", 0, "largest_file_bytes is 0"),
    ],
)
def test_what_cannot_be_meant(name: str, value: object, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        build_request({**GOOD, name: value}, owner="me")
