# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of a git working tree, read through git."""

from __future__ import annotations

import hashlib
import subprocess
import tomllib
from pathlib import Path

from .._errors import RequestError
from .values import SourceTree

_GIVE_IT = "give the version (publish_version in an inventory)."


def read_source_tree(folder: str) -> SourceTree:
    """The commit, and the content's hash when the folder is not as committed. Raises `RequestError`.

    Only this folder counts: a change elsewhere in the repository makes no other image. Ignored files do not count.
    """
    commit = _git(folder, "rev-parse", "HEAD").strip()
    if not _git(folder, "status", "--porcelain", "--untracked-files=all", "--", "."):
        return SourceTree(commit)
    return SourceTree(commit, _content(Path(folder)))


def read_version(folder: str) -> str:
    """The project's version in the folder's ``pyproject.toml``. Raises `RequestError` when there is none."""
    file = Path(folder) / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project")
    except (OSError, ValueError) as reason:
        raise RequestError(
            f"Tried to read the version in {file}: {reason}. Correct the file, or {_GIVE_IT}"
        ) from reason
    version = project.get("version") if isinstance(project, dict) else None
    if not isinstance(version, str) or not version:
        raise RequestError(
            f"Tried to read the version in {file}, but its table project has none. Add it, or {_GIVE_IT}"
        )
    return version


def _content(folder: Path) -> str:
    """12 hex digits over names, executable bits and bytes of all files that git does not ignore."""
    names = _git(str(folder), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".").split("\0")
    digest = hashlib.sha256()
    for name in sorted(set(filter(None, names))):
        path = folder / name
        if path.is_symlink():
            data = str(path.readlink()).encode()
        elif path.is_file():
            data = path.read_bytes()
        else:
            continue
        kind = "link" if path.is_symlink() else "program" if path.stat().st_mode & 0o100 else "file"
        digest.update(f"{kind}\0{name}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()[:12]


def _git(folder: str, *words: str) -> str:
    try:
        # The action plugin uses this too, and has no module whose run_command could be called.
        # pylint: disable-next=ansible-bad-function
        done = subprocess.run(["git", "-C", folder, *words], capture_output=True, text=True, check=False)
    except OSError as reason:
        raise RequestError(
            f"Tried to read the commit of {folder}, but git could not be run: {reason.strerror}."
        ) from reason
    if done.returncode != 0:
        raise RequestError(
            f"Tried to read the commit of {folder}, but git said: {done.stderr.strip()}. "
            "An image is published from a git clone; commit at least once."
        )
    return done.stdout
