# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Where a sandbox keeps what it knows about itself: `.sandbox/<name>/` in the clone."""

import fcntl
import hashlib
import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sandbox.errors import SandboxError

ROOT = Path(__file__).resolve().parent.parent
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, kw_only=True)
class State:
    """The content of `state.json`, written by the server once it serves."""

    name: str
    endpoint_url: str
    pid: int
    port: int
    region: str
    accounts: Mapping[str, str]
    registries: Mapping[str, str] = field(default_factory=dict)
    issuer: str = ""


def version(root: Path = ROOT) -> str:
    """The project's version."""
    with (root / "pyproject.toml").open("rb") as handle:
        return str(tomllib.load(handle)["project"]["version"])


def default_name(root: Path = ROOT) -> str:
    """A name of this clone's own: its folder's name and a digest of its path."""
    slug = re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-")[:24] or "clone"
    return f"{slug}-{hashlib.sha256(str(root).encode()).hexdigest()[:8]}"


def check_name(name: str) -> str:
    """`name`, or SandboxError when it cannot be part of a Docker label and a folder's name."""
    if not _NAME.fullmatch(name):
        raise SandboxError(
            f"'{name}' is no sandbox name: use up to 40 of a-z, 0-9 and '-', the first a letter or digit"
        )
    return name


def home_of(name: str, root: Path = ROOT) -> Path:
    """The folder of everything the sandbox `name` keeps on disk."""
    return root / ".sandbox" / name


def read_state(home: Path) -> State | None:
    """The state in `home`; None when there is none or it cannot be read."""
    try:
        loaded: dict[str, Any] = json.loads((home / "state.json").read_text())
        return State(**{key: loaded[key] for key in State.__dataclass_fields__})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_state(home: Path, state: State) -> None:
    """Replace `state.json` at once, so that no reader sees half of it."""
    staged = home / "state.json.new"
    staged.write_text(json.dumps(asdict(state), indent=2) + "\n")
    staged.replace(home / "state.json")


@contextmanager
def exclusive(home: Path) -> Iterator[None]:
    """One command at a time for a sandbox; a second command waits. The folder is the lock; it dies with its holder."""
    while True:
        home.mkdir(parents=True, exist_ok=True)
        handle = os.open(home, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_still(handle, home):
                yield
                return
        finally:
            os.close(handle)


def _is_still(handle: int, home: Path) -> bool:
    """Whether the open folder is still that at `home`:who held the lock before may have removed it."""
    try:
        return os.fstat(handle).st_ino == home.stat().st_ino
    except FileNotFoundError:
        return False


def remove_home(home: Path) -> None:
    """Remove all the sandbox's files, and `.sandbox` itself when it was the last."""
    shutil.rmtree(home)
    if home.parent.is_dir() and not any(home.parent.iterdir()):
        home.parent.rmdir()
