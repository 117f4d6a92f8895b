"""Install Debian's Docker engine."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from tools.engine._errors import EngineError

LOCK_WAIT_SECONDS = 300
LISTS = Path("/var/lib/apt/lists")
# Debian 13 split the client and the BuildKit plugin off; where a release has no such package it is left out.
WANTED = ("docker.io", "docker-cli", "docker-buildx", "iptables")
APPARMOR = Path("/sys/module/apparmor/parameters/enabled")


def is_debian() -> bool:
    return shutil.which("apt-get") is not None and Path("/etc/debian_version").exists()


def install() -> None:
    """Install the packages. Raises EngineError with apt's own words."""
    if not any(LISTS.glob("*_Packages*")):
        _apt("update")
    packages = _available()
    try:
        _apt("install", *packages)
    except EngineError:
        # Lists can be older than the mirror's files: fetch them once more before giving up.
        _apt("update")
        _apt("install", *packages)


def _available() -> list[str]:
    wanted = list(WANTED)
    if APPARMOR.exists() and APPARMOR.read_text().startswith("Y"):
        wanted.append("apparmor")  # without its parser the engine cannot load the profile that containers run under
    known = [package for package in wanted if _has_candidate(package)]
    if "docker.io" not in known:
        _apt("update")
        known = [package for package in wanted if _has_candidate(package)]
    return known or ["docker.io"]


def _has_candidate(package: str) -> bool:
    done = subprocess.run(["apt-cache", "policy", package], capture_output=True, text=True, check=False)
    return "Candidate: " in done.stdout and "Candidate: (none)" not in done.stdout


def _apt(verb: str, *packages: str) -> None:
    """Run apt-get, waiting for another apt to end: `update` itself gives up at once when the lists are locked."""
    command = ["apt-get", "-q", "-y", "-o", f"DPkg::Lock::Timeout={LOCK_WAIT_SECONDS}", verb]
    if packages:
        command += ["--no-install-recommends", *packages]
    # RUNLEVEL=1 keeps init scripts from starting the engine: then we would not know that it is ours to stop.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return
        if "Could not get lock" not in done.stdout or time.monotonic() > deadline:
            tail = "\n".join(done.stdout.strip().splitlines()[-12:])
            raise EngineError(f"`{' '.join(command)}` failed (exit {done.returncode}):\n{tail}")
        time.sleep(2)
