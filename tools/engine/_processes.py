# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes known by number and start time, so that a number given out again is never taken for the old process."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from tools.wait import until

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Process:
    """`start` is in clock ticks since the boot that `boot_id` names."""

    pid: int
    start: int
    boot_id: str

    def alive(self) -> bool:
        return identify(self.pid) == self


def identify(pid: int) -> Process | None:
    """The process that has this number now; None when there is none, or only its exit status is left."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = BOOT_ID.read_text().strip()
    except OSError:
        return None
    return None if fields[0] in "ZX" else Process(pid, int(fields[19]), boot)


def name_of(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return None


def children(parent: Process) -> list[Process]:
    """The processes that `parent` started and that live."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _parent_of(entry) == parent.pid:
            process = identify(int(entry.name))
            if process is not None:
                found.append(process)
    return found


def _parent_of(entry: Path) -> int | None:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def end(process: Process, grace_seconds: float) -> bool:
    """Ask a process to end, and kill it when it has not after the grace. True when it ended by itself."""
    _signal(process, signal.SIGTERM)
    if _wait(process, grace_seconds):
        return True
    _signal(process, signal.SIGKILL)
    _wait(process, 10)
    return False


def _signal(process: Process, number: signal.Signals) -> None:
    if not process.alive():
        return
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return  # it ended by itself in between, which is what was wanted


def _wait(process: Process, seconds: float) -> bool:
    return until(lambda: not process.alive(), seconds, pause=0.05)
