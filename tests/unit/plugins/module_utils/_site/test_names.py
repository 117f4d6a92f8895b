# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files can be published, by their names."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._site.names import (
    MOST_FILES,
    in_sentences,
    list_problems,
    name_problem,
    shown,
)

GOOD = ["index.html", "assets/index-BxYz1234.js", "a b/é.png", ".well-known/security.txt", "assets/x.WOFF2", "own.glb"]
BAD = [
    ("a\udcff.js", "not UTF-8"),
    ("a\n.js", "control character"),
    ("a\u200b.js", "control character"),
    ("x" * 1022 + ".js", "1025 bytes"),
    ("a*.js", "'\\*'"),
    ("a\\\\b.js", "backslash"),
    (".env", "is hidden"),
    ("assets/.DS_Store", "is hidden"),
    (".site/files/a.js", "is hidden"),
    ("api/x.json", "asks the service"),
    ("LICENSE", "no dot in its name"),
    (".well-known/assetlinks", "no dot in its name"),
    ("a.exe", "media type is not known"),
    ("assets/LICENSE", "media type is not known"),
]


@pytest.mark.parametrize("path", GOOD)
def test_good_names(path: str) -> None:
    assert name_problem(path, {"glb": "model/gltf-binary"}) == ""


@pytest.mark.parametrize(("path", "said"), BAD)
def test_bad_names(path: str, said: str) -> None:
    assert said.replace("\\", "") in name_problem(path, {})


def test_a_folder_is_judged_as_a_whole() -> None:
    assert list(list_problems([], {})) == ["it holds no file"]
    assert list(list_problems(["a.js"], {})) == ["it holds no index.html"]
    many = [f"{number}.js" for number in range(MOST_FILES)]
    assert list(list_problems([*many, "index.html"], {})) == [
        f"it holds {MOST_FILES + 1} files; at most {MOST_FILES} can be published"
    ]
    assert list(list_problems(["index.html", "a\n.js"], {})) == [
        "a\\n.js has a control character or another invisible one in its name"
    ]


def test_what_is_shown_is_one_line_of_what_can_be_shown() -> None:
    assert [shown(path) for path in ("é.js", "a\n", "a\udcff")] == ["é.js", "a\\n", "a\\udcff"]
    assert in_sentences(["a", "b"]) == "(1) a. (2) b."
    assert in_sentences("x" * 22).endswith("(20) x. And 2 more.")
