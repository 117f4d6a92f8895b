# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files a linter gets when only those count that differ from the main branch."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import files, lint

ECHO = (sys.executable, "-c", "import sys; print(*sys.argv[1:])")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository on a branch of its own: a.yml is as on main, b.yml and c.py changed, d.yml went, e.yml is new."""
    monkeypatch.setattr(files, "ROOT", tmp_path)
    monkeypatch.setattr(lint, "ROOT", tmp_path)
    for variable in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(variable, raising=False)
    for name in ("a.yml", "b.yml", "c.py", "d.yml"):
        (tmp_path / name).write_text("as on main\n")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path)
    git(tmp_path, "switch", "--quiet", "--create", "work")
    (tmp_path / "b.yml").write_text("committed\n")
    commit(tmp_path)
    (tmp_path / "c.py").write_text("not yet\n")
    (tmp_path / "d.yml").unlink()
    (tmp_path / "e.yml").write_text("not yet\n")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=x")


def test_what_differs_is_found_committed_or_not(clone: Path) -> None:
    base = files.branch_point()
    assert base is not None
    assert files.changed_files(base) == [Path(name) for name in ("b.yml", "c.py", "d.yml", "e.yml")]
    assert files.changed_files(base, "*.py") == [Path("c.py")]


def test_without_a_main_branch_nothing_can_differ_from_it(clone: Path) -> None:
    git(clone, "branch", "--quiet", "--delete", "--force", "main")
    assert files.branch_point() is None


@pytest.mark.parametrize(
    ("given", "whole", "changed"),
    [
        ("always", "a.yml b.yml e.yml", "b.yml e.yml"),
        ("changed", "", "b.yml e.yml"),
        ("never", "", ""),
    ],
)
def test_a_check_gets_files_that_are_there(clone: Path, given: str, whole: str, changed: str) -> None:
    check = lint.Check("x", ECHO, ("*.yml",), given=given)  # type: ignore[arg-type]
    assert lint.run(check, None).output.strip() == whole
    assert lint.run(check, files.branch_point()).output.strip() == changed


def test_a_deleted_file_makes_a_check_of_the_whole_run(clone: Path) -> None:
    commit(clone)
    git(clone, "branch", "--force", "main")
    (clone / "e.yml").unlink()
    base = files.branch_point()
    assert base is not None
    assert lint.Check("x", ECHO, ("*.yml",)).changed(base) == [Path("e.yml")]
    assert lint.Check("x", ECHO, ("*.yml",), given="changed").changed(base) == []


def test_a_check_that_lost_its_files_fails(clone: Path) -> None:
    assert lint.run(lint.Check("x", ECHO, ("*.toml",), given="always"), None).code == 1
