# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the figures were measured with."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def describe(storage: Path, programs: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The machine and the versions, by name. *programs* are commands by name that tell their version."""
    memory = int(_matched(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text()) or 0)
    return {
        "processor": _matched(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text()) or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory / (1 << 20):.0f} GiB",
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        "kernel": platform.release(),
        "storage": _filesystem(storage),
        "python": platform.python_version(),
        **{name: _version(*command) for name, command in programs.items()},
    }


def commit(clone: Path) -> str:
    """The commit of a clone, and that it is not as committed."""
    done = subprocess.run(
        ["git", "-C", str(clone), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def load() -> float:
    """The load average of the last minute."""
    return os.getloadavg()[0]


def _filesystem(storage: Path) -> str:
    done = subprocess.run(
        ["findmnt", "--noheadings", "--output", "FSTYPE", "--target", str(storage)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _version(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return "not installed"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return " ".join(re.sub(r"\bversion\b|skopeo|docker-registry|github.com/\S+", "", done.stdout).split()) or "unknown"


def _matched(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1].strip() if found else ""
