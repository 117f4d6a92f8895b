# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Install Debian's Docker engine."""

from pathlib import Path

from tools import apt
from tools.engine._errors import EngineError

# Debian 13 split the client and the BuildKit plugin off; where a release has no such package it is left out.
WANTED = ("docker.io", "docker-cli", "docker-buildx", "iptables")
APPARMOR = Path("/sys/module/apparmor/parameters/enabled")


def install() -> None:
    """Install the packages. Raises EngineError with apt's own words."""
    try:
        if not any(apt.LISTS.glob("*_Packages*")):
            apt.run("update")
        apt.install(*_available())
    except apt.AptError as error:
        raise EngineError(str(error)) from error


def _available() -> list[str]:
    wanted = list(WANTED)
    if APPARMOR.exists() and APPARMOR.read_text().startswith("Y"):
        wanted.append("apparmor")  # without its parser the engine cannot load the profile that containers run under
    known = [package for package in wanted if apt.has_candidate(package)]
    if "docker.io" not in known:
        apt.run("update")
        known = [package for package in wanted if apt.has_candidate(package)]
    return known or ["docker.io"]
