# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Debian's packages, installed by apt-get as root."""

import os
import shutil
import subprocess
from pathlib import Path

from tools.wait import until

LOCK_WAIT_SECONDS = 300
LISTS = Path("/var/lib/apt/lists")


class AptError(Exception):
    """apt-get failed; the message holds its own last words."""


def is_debian() -> bool:
    return shutil.which("apt-get") is not None and Path("/etc/debian_version").exists()


def may_install() -> bool:
    """Whether packages can be installed here: as root, on Debian."""
    return os.geteuid() == 0 and is_debian()


def install(*packages: str) -> None:
    """Install packages, and no service of theirs is started. Raises AptError."""
    if not any(LISTS.glob("*_Packages*")):
        run("update")
    try:
        run("install", *packages)
    except AptError:
        # Lists can be older than the mirror's files: fetch them once more before giving up.
        run("update")
        run("install", *packages)


def has_candidate(package: str) -> bool:
    """Whether the lists know a version of the package."""
    done = subprocess.run(["apt-cache", "policy", package], capture_output=True, text=True, check=False)
    return "Candidate: " in done.stdout and "Candidate: (none)" not in done.stdout


def run(verb: str, *packages: str) -> None:
    """Run apt-get, waiting for another apt to end: `update` itself gives up at once when the lists are locked."""
    command = ["apt-get", "-q", "-y", "-o", f"DPkg::Lock::Timeout={LOCK_WAIT_SECONDS}", verb]
    if packages:
        command += ["--no-install-recommends", *packages]
    # RUNLEVEL=1 keeps init scripts from starting services: then we would not know that they are ours to stop.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    tries: list[subprocess.CompletedProcess[str]] = []

    def ended() -> bool:
        tries.append(_apt_get(command, environment))
        return tries[-1].returncode == 0 or "Could not get lock" not in tries[-1].stdout

    until(ended, LOCK_WAIT_SECONDS, pause=2)
    done = tries[-1]
    if done.returncode != 0:
        tail = "\n".join(done.stdout.strip().splitlines()[-12:])
        raise AptError(f"`{' '.join(command)}` failed (exit {done.returncode}):\n{tail}")


def _apt_get(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
