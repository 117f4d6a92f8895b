# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which media type a name gives."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._site.media_types import media_type


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("index.HTML", "text/html; charset=utf-8"),
        ("a/b.min.js", "text/javascript; charset=utf-8"),
        ("a.b/c", ""),
        ("a.glb", "model/gltf-binary"),
        ("a.map", "text/plain"),
        ("a.exe", ""),
    ],
)
def test_type_by_ending(path: str, expected: str) -> None:
    assert media_type(path, {"glb": "model/gltf-binary", "map": "text/plain"}) == expected
