# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release's name, read from real git clones."""

import subprocess
from pathlib import Path

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._publish.source_tree import read_source_tree, read_version
from ansible_collections.fastbreak.aws.plugins.module_utils._release.image import parse_release_tag


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A committed folder inside a clone."""
    folder = tmp_path / "service"
    folder.mkdir()
    (folder / "app.py").write_text("print(1)\n")
    (folder / ".gitignore").write_text("*.log\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "--message=first")
    return folder


def git(place: Path, *words: str) -> None:
    subprocess.run(["git", "-C", place, *words], check=True)


def test_a_committed_folder_is_named_by_its_commit_alone(folder: Path) -> None:
    tree = read_source_tree(str(folder))
    assert len(tree.commit) == 40
    assert tree.tag("1.2.3") == f"1.2.3-{tree.commit}"


def test_changes_elsewhere_and_ignored_files_do_not_count(folder: Path) -> None:
    (folder.parent / "other").write_text("x")
    (folder / "debug.log").write_text("x")
    assert read_source_tree(str(folder)).dirty == ""


@pytest.mark.parametrize(("name", "text"), [("app.py", "print(2)\n"), ("new.py", "")])
def test_a_changed_folder_is_named_by_its_content(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    tree = read_source_tree(str(folder))
    assert len(tree.dirty) == 12
    release = parse_release_tag(tree.tag("1.2.3"))
    assert release is not None
    assert (release.semver, release.commit, release.dirty) == ("1.2.3", tree.commit, tree.dirty)


def test_the_same_content_has_the_same_name_and_another_has_another(folder: Path) -> None:
    (folder / "app.py").write_text("print(2)\n")
    first = read_source_tree(str(folder)).dirty
    (folder / "app.py").write_text("print(3)\n")
    second = read_source_tree(str(folder)).dirty
    (folder / "app.py").write_text("print(2)\n")
    assert read_source_tree(str(folder)).dirty == first != second


def test_a_removed_file_and_a_new_executable_bit_change_the_name(folder: Path) -> None:
    (folder / "app.py").chmod(0o755)
    executable = read_source_tree(str(folder)).dirty
    (folder / "app.py").unlink()
    removed = read_source_tree(str(folder)).dirty
    assert len({"", executable, removed}) == 3


def test_what_is_no_clone_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="git"):
        read_source_tree(str(tmp_path))


def test_the_version_is_that_of_the_project(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1.2.3"\n')
    assert read_version(str(folder)) == "1.2.3"


@pytest.mark.parametrize("text", [None, "", "version = '1'", "[project]\nversion = 1", "[project", "project = 1"])
def test_a_project_without_a_version_is_refused_with_the_way_out(folder: Path, text: str | None) -> None:
    if text is not None:
        (folder / "pyproject.toml").write_text(text)
    with pytest.raises(RequestError, match=r"pyproject\.toml.*publish_version"):
        read_version(str(folder))
