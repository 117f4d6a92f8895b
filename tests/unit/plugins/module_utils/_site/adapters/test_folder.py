# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders as builds write them, and as they should not be."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._site.adapters.folder import SourceFolder

from tests.unit.plugins.module_utils._site.fakes import manifest_of

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.fastbreak.aws.plugins.module_utils._site.values import Manifest

FILES = {"index.html": "page", "assets/a.js": "code"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "dist"
    for path, content in FILES.items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_text(content)
    return made


def scan(folder: Path, largest: int = 100) -> Manifest:
    return SourceFolder(str(folder), types={}, largest=largest).scan()


def refusal(folder: Path, largest: int = 100) -> str:
    with pytest.raises(RequestError) as raised:
        scan(folder, largest)
    return raised.value.message


def test_files_are_read_with_their_digests(folder: Path) -> None:
    made = scan(folder)
    assert made == manifest_of(FILES)
    source = SourceFolder(str(folder), types={}, largest=100)
    assert [source.read(file) for file in made.files] == [b"code", b"page"]


def test_a_link_to_a_file_inside_is_the_file(folder: Path) -> None:
    (folder / "home.html").symlink_to("index.html")
    assert scan(folder) == manifest_of({**FILES, "home.html": "page"})


def test_what_must_not_be_published_is_told_at_once(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "nothing.txt").symlink_to("gone.txt")
    (folder / "more").symlink_to("assets")
    os.mkfifo(folder / "pipe.txt")
    (folder / ".env").write_text("KEY=1")
    (folder / "large.txt").write_text("x" * 101)
    (folder / "a\nb.txt").write_text("")
    told = refusal(folder)
    for said in (
        "out.txt is a link that leads out of the folder",
        "nothing.txt is a link to nothing",
        "more is a link to a folder",
        "pipe.txt is neither a file nor a folder",
        ".env is hidden",
        "large.txt has 101 bytes; largest_file_bytes allows 100",
        "a\\nb.txt has a control character",
        "Nothing was changed",
    ):
        assert said in told


def test_what_is_made_is_published_instead_of_what_lies_there(folder: Path) -> None:
    before = {file.path for file in SourceFolder(str(folder), types={}, largest=100).scan().files}
    (folder / "config.json").write_text("{}")
    source = SourceFolder(str(folder), types={}, largest=100, made={"config.json": b"made"})
    files = {file.path: file for file in source.scan().files}
    assert set(files) == before | {"config.json"}
    assert (files["config.json"].media_type, files["config.json"].size) == ("application/json", 4)
    assert source.read(files["config.json"]) == b"made"


def test_a_name_that_is_not_utf8_is_refused(folder: Path) -> None:
    with open(os.fsencode(folder) + b"/\xff.js", "wb"):  # noqa: PTH123 - of bytes
        pass
    assert "is not UTF-8" in refusal(folder)


def test_an_empty_folder_and_none_at_all(tmp_path: Path) -> None:
    assert "it holds no file" in refusal(tmp_path)
    assert "there is no such folder" in refusal(tmp_path / "gone")


@pytest.mark.parametrize("change", ["other", ""])
def test_what_changed_after_it_was_listed_is_refused(folder: Path, change: str) -> None:
    source = SourceFolder(str(folder), types={}, largest=100)
    page = next(file for file in source.scan().files if file.path == "index.html")
    (folder / "index.html").unlink()
    if change:
        (folder / "index.html").write_text(change)
    with pytest.raises(RequestError, match="changed meanwhile"):
        source.read(page)


def test_what_is_written_while_it_is_read_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter([4, 5] * len(FILES))
    monkeypatch.setattr(os, "fstat", lambda _number: SimpleNamespace(st_size=next(sizes), st_mtime_ns=0))
    assert "changed meanwhile" in refusal(folder)
