"""The project's own files: what git tracks, or would track once added."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def project_files(*patterns: str) -> list[Path]:
    """Files under the clone (relative paths, sorted) that git does not ignore; patterns are git's pathspecs."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = {name for name in listing.stdout.split("\0") if name}
    return sorted(Path(name) for name in names if (ROOT / name).is_file() and not (ROOT / name).is_symlink())


def shell_scripts() -> list[Path]:
    """Files that say in their first line that a shell runs them."""
    return [path for path in project_files() if _first_line(path).startswith((b"#!/bin/sh", b"#!/usr/bin/env bash"))]


def _first_line(path: Path) -> bytes:
    with (ROOT / path).open("rb") as handle:
        return handle.readline(100)
