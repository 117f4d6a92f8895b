# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes of a run of ansible-playbook, as tests see them."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def children(pid: int) -> set[int]:
    """The processes that *pid* started and that are there."""
    try:
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()))
    except (FileNotFoundError, ProcessLookupError):
        return set()


def descendants(pid: int) -> set[int]:
    """The processes below *pid* that are there."""
    found = children(pid)
    return found.union(*map(descendants, found))


def lives(pid: int) -> bool:
    """Whether the process is there, and has not ended without anybody asking how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def left_of(pids: Iterable[int], seconds: float = 60.0) -> set[int]:
    """Those of *pids* that did not end within so many seconds. They are ended now."""
    left, deadline = set(filter(lives, pids)), time.monotonic() + seconds
    while left and time.monotonic() < deadline:
        time.sleep(0.2)
        left = set(filter(lives, left))
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return left


def eventually(question: Callable[[], bool], seconds: float = 300.0) -> None:
    """Wait until the answer is yes."""
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, "it did not come to this"
        time.sleep(0.1)
