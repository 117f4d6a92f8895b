# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The project's files are the same ones with git and in an unpacked archive without it."""

import subprocess
from pathlib import Path

import pytest

from tools import files
from tools.files import ROOT, branch_point, matches, project_files

pytestmark = pytest.mark.process

PATTERNS = [(), ("*.py",), ("*.yml", "*.yaml"), ("plugins/**.py",), ("roles",), ("galaxy.yml", "changelogs/*")]


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project without git, with what running it leaves behind."""
    for path in project_files():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    for left in (".venv/bin/python", ".cache/a.py", "tools/__pycache__/a.py", "tools/a.pyc"):
        (tmp_path / left).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / left).touch()
    return tmp_path


@pytest.mark.parametrize("patterns", PATTERNS)
def test_an_archive_has_the_same_files(
    archive: Path, monkeypatch: pytest.MonkeyPatch, patterns: tuple[str, ...]
) -> None:
    expected = project_files(*patterns)
    assert expected
    monkeypatch.setattr(files, "ROOT", archive)
    assert project_files(*patterns) == expected


def test_without_git_there_is_no_branch(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ROOT", archive)
    monkeypatch.setattr(subprocess, "run", None)
    assert branch_point() is None


@pytest.mark.parametrize(
    ("name", "pattern", "matched"),
    [
        ("a/b.py", "*.py", True),
        ("a/b/c.py", "a/*.py", True),
        ("a/b.py", "a", True),
        ("ab/c.py", "a", False),
        ("a.py", "b.py", False),
    ],
)
def test_patterns_are_gits(name: str, pattern: str, *, matched: bool) -> None:
    assert matches(name, pattern) is matched


def test_the_projects_root_is_where_its_files_are() -> None:
    assert (ROOT / "galaxy.yml").is_file()
