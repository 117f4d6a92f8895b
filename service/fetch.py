# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Fetch the files that a lock file names out of a registry's wheel, and check every byte against the lock.

Standard library only: it runs in an image build and on a bare machine. The registry is whatever pip is configured
for; nothing but the locked wheel is accepted from it, and nothing of the wheel is executed.

    python fetch.py models.lock --into DIRECTORY
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any


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
    made = [sys.executable, "-m", "venv", str(scratch / "venv")]
    done = subprocess.run(made, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise FetchError(
            f"{sys.executable} has no pip, and making an environment with one failed. Install pip or venv for it "
            "(Debian: apt-get install python3-venv)."
        )
    return [str(scratch / "venv" / "bin" / "python"), "-m", "pip"]


def _download(lock: dict[str, Any], directory: Path) -> Path:
    wheel = lock["wheel"]
    command = [*find_pip(directory), "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version", wheel["python_version"], "--platform", wheel["platform"]]
    command += ["--dest", str(directory), lock["package"]]
    # Older pips do not look at the variable that everything else reads.
    certificates = {"PIP_CERT": bundle} if (bundle := os.environ.get("SSL_CERT_FILE")) else {}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={**certificates, **os.environ})
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise FetchError(f"Downloading {lock['package']} with pip failed: {last}. Check pip's index and certificates.")
    found = next(directory.glob("*.whl"))
    seen = sha256_of(found)
    if seen != wheel["sha256"]:
        raise FetchError(
            f"{found.name} has SHA-256 {seen}, but the lock says {wheel['sha256']}. The registry serves another file "
            "than the one that was reviewed: do not use it."
        )
    return found


def _extract(lock: dict[str, Any], wheel: Path, directory: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name, entry in lock["files"].items():
            partial = directory / f".{name}.{os.getpid()}"
            with archive.open(entry["member"]) as source, partial.open("wb") as target:
                shutil.copyfileobj(source, target)
            seen = sha256_of(partial)
            if seen != entry["sha256"]:
                partial.unlink()
                raise FetchError(f"{entry['member']} has SHA-256 {seen}, but the lock says {entry['sha256']}.")
            partial.chmod(0o644)
            partial.replace(directory / name)


def fetch(lock_path: Path, directory: Path) -> bool:
    """Put the files of `lock_path`, and a copy of the lock, into `directory`. True when something was fetched.

    Raises FetchError. Safe to run twice and at the same time: each file appears whole, by a rename.
    """
    lock = json.loads(lock_path.read_text(encoding="utf-8"))
    directory.mkdir(parents=True, exist_ok=True)
    fetched = not is_complete(lock, directory)
    if fetched:
        with tempfile.TemporaryDirectory() as scratch:
            _extract(lock, _download(lock, Path(scratch)), directory)
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
