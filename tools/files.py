"""The project's own files: what git tracks, or would track once added."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def project_files(*patterns: str) -> list[Path]:
    """Files under the clone (relative paths, sorted) that git does not ignore; patterns are git's pathspecs."""
    names = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns)
    return sorted(Path(name) for name in names if (ROOT / name).is_file() and not (ROOT / name).is_symlink())


def branch_point() -> str | None:
    """The commit at which the work in this clone left the main branch. None where there is no such branch."""
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
