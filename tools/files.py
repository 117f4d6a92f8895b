# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The project's own files: what git tracks, or would track once added; without git, what is no cache."""

import os
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = (".ci", ".github")
"""The project's own folders among those whose names begin with a dot."""


def project_files(*patterns: str) -> list[Path]:
    """Files under the clone (relative paths, sorted) that git does not ignore; patterns are git's pathspecs."""
    if (ROOT / ".git").exists():
        names = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns)
    else:
        names = [name for name in walk(ROOT) if not patterns or any(matches(name, pattern) for pattern in patterns)]
    return sorted(Path(name) for name in names if (ROOT / name).is_file() and not (ROOT / name).is_symlink())


def walk(root: Path) -> Iterator[str]:
    """The files under *root*, as an unpacked archive of the project has them, without caches and environments."""
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name in KEPT or not name.startswith((".", "__pycache__"))]
        yield from (str((Path(folder) / name).relative_to(root)) for name in files if not name.endswith(".pyc"))


def matches(name: str, pattern: str) -> bool:
    """Whether a path matches a pattern as git has it: a wildcard crosses folders, and a folder is all below it."""
    return fnmatchcase(name, pattern) or name.startswith(f"{pattern}/")


def branch_point() -> str | None:
    """The commit at which the work in this clone left the main branch. None without such a branch or without git."""
    if not (ROOT / ".git").exists():
        return None
    for main in ("origin/main", "main"):
        if found := _git("merge-base", "HEAD", main, may_fail=True):
            return found[0].strip()
    return None


def changed_files(base: str, *patterns: str) -> list[Path]:
    """What differs from a commit, committed or not, new and deleted files too; patterns are git's pathspecs."""
    tracked = _git("diff", "--name-only", "--no-renames", "-z", base, "--", *patterns)
    new = _git("ls-files", "-z", "--others", "--exclude-standard", "--", *patterns)
    return sorted(Path(name) for name in {*tracked, *new})


def _git(*arguments: str, may_fail: bool = False) -> list[str]:
    """What git prints, split at NUL."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=not may_fail)
    return [name for name in done.stdout.split("\0") if name]


def shell_scripts() -> list[Path]:
    """Files that say in their first line that a shell runs them."""
    return [path for path in project_files() if _first_line(path).startswith((b"#!/bin/sh", b"#!/usr/bin/env bash"))]


def _first_line(path: Path) -> bytes:
    with (ROOT / path).open("rb") as handle:
        return handle.readline(100)
