# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Promotion files: what is read, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.file import (
    LIMIT_BYTES,
    LIMIT_IMAGES,
    read_promotion_file,
)
from ansible_collections.fastbreak.aws.plugins.modules.image_promotion import entry_spec

if TYPE_CHECKING:
    from pathlib import Path


def refusal(path: Path, content: str | bytes) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RequestError) as caught:
        read_promotion_file(str(path), entry_spec())
    assert str(path) in caught.value.message
    assert caught.value.message.endswith("Nothing was changed.")
    return caught.value.message


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "november.yml"


def test_entries_are_those_of_the_option_images(path: Path) -> None:
    path.write_text(
        "images:\n  - {repository: app, tag: '1.10', platforms: [linux/amd64]}\n  - {repository: b, tag: c}\n"
    )
    (place, first), (_place, second) = read_promotion_file(str(path), entry_spec())
    assert place == f"{path}, images[0]: "
    assert (first["repository"], first["tag"], first["platforms"]) == ("app", "1.10", ["linux/amd64"])
    assert (second["tag"], second["digest"]) == ("c", None)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "images:\n  - {repository: app, tag: 1.10}",
            "images[0].tag is read as the number 1.1 (YAML takes 1.10 for 1.1",
        ),
        ("images:\n  - {repository: app, tag: 2026-11-23}", "images[0].tag is read as the date 2026-11-23"),
        ("images:\n  - {repository: app, tag: on}", "images[0].tag is read as true (YAML takes on, off"),
        ("images:\n  - {repository: app, tag: 010}", "images[0].tag is read as the number 8 (YAML takes 010 for 8"),
        ("images:\n  - {repository: app, tag: }", "images[0].tag is given without a value (null)"),
        ("images:\n  - {repository: app, tag: a, digest: ''}", "images[0].digest is given without a value (an empty"),
        ("images:\n  - {repository: app, platforms: [~]}", "images[0].platforms is given without a value (null)"),
        ("images:\n  - {repository: a, tag: b, tag: c}", "key 'tag' twice in the mapping at line 2"),
        ("images:\n  - {repository: a, tag: b}\nimages: []", "key 'images' twice in the mapping at line 1"),
        ("images:\n  - {repository: a, <<: {tag: b}}", "a merge key (<<) in the mapping at line 2"),
        ("images:\n  - {repository: app, platforms: [[a]]}", "images[0].platforms is a list, and not text"),
        ("images:\n  - {repository: app}\n  - app", "images[1] is no mapping"),
        ("images:\n  - {repository: app, name: x}", "images[0]: 'name' is no option; there are repository"),
        ("images:\n  - {tag: x}", "images[0]: missing required arguments: repository"),
        ("images: []", "it names 0 images"),
        ("images: {}", "the one key 'images', a list"),
        ("images: [a]\nother: 1", "the one key 'images', a list"),
        ("- a", "the one key 'images', a list"),
        ("", "the one key 'images', a list"),
        ("images: [", "it is no YAML"),
        ("images: !!python/object/apply:os.system [id]", "it is no YAML"),
        ("{{1: 2}: 3}", "it is no YAML"),
        (b"\xff\xfe\x00\x00", "it is no YAML"),
        ("images: " + "[" * 100_000, "it is nested deeper"),
        ("images: [2026-99-99]", "it is no YAML"),
        ("images: [" + "{repository: a, tag: b}," * (LIMIT_IMAGES + 1) + "]", f"1 to {LIMIT_IMAGES} can be promoted"),
        ("#" * (LIMIT_BYTES + 1), "larger than"),
    ],
)
def test_what_is_no_promotion_file_is_refused_by_name(path: Path, content: str | bytes, told: str) -> None:
    assert told in refusal(path, content)


def test_aliases_do_not_grow(path: Path) -> None:
    """A file of 1 kB whose lists would hold billions of texts."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 20)]
    assert "it uses an alias" in refusal(path, "\n".join([*lines, "images: [*a19]"]))


def test_a_file_that_is_not_there_or_no_file(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="No such file"):
        read_promotion_file(str(tmp_path / "missing.yml"), entry_spec())
    with pytest.raises(RequestError, match="Is a directory"):
        read_promotion_file(str(tmp_path), entry_spec())
