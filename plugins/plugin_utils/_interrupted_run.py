# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of an interrupted ansible-playbook run: its workers end with it, and what they say last is shown.

ansible-core shows nothing of its workers once it is interrupted, and then waits for them as long as they take.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ansible import constants

if TYPE_CHECKING:
    from collections.abc import Iterable

# How long an interrupted worker may take to give up what it holds, beside the ten seconds that ansible-core waits.
_LAST_SECONDS = 15.0
_LOOK_SECONDS = 0.25
_STUCK = (
    "Tasks that were ended without a last word {seconds:g} s after the run was interrupted: {count}. What they had "
    "begun may go on in AWS; run the same command again, which looks at it first."
)


class Worker(Protocol):
    """What is needed of a process of multiprocessing."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""

    def is_alive(self) -> bool:
        """Whether it has not ended."""


@cache
def watch_end() -> None:
    """Have workers that are left at the end of this run ended then. Nothing is done in a worker itself."""
    if multiprocessing.parent_process() is None:
        # It is called before multiprocessing waits for its processes, and before Ansible removes the run's folder.
        atexit.register(_end_run, os.getpid())


def say_last(text: str, folder: Path | None = None) -> None:
    """Leave *text* for the run to show when it ends. A run that has ended already shows nothing."""
    with contextlib.suppress(OSError):
        place = folder or _folder()
        place.mkdir(parents=True, exist_ok=True)
        (place / str(os.getpid())).write_text(text, encoding="utf-8")


def last_words(folder: Path) -> list[str]:
    """What workers have left there."""
    return [file.read_text(encoding="utf-8") for file in sorted(folder.glob("*"))] if folder.is_dir() else []


def end_workers(workers: Iterable[Worker], seconds: float = _LAST_SECONDS) -> int:
    """Interrupt *workers* that were not, and end those that do not end by themselves; the number of these."""
    left = list(workers)
    for worker in left:
        # Who is ending already does not listen.
        worker.terminate()
    for _look in range(int(seconds / _LOOK_SECONDS)):
        left = [worker for worker in left if worker.is_alive()]
        if not left:
            break
        left[0].join(_LOOK_SECONDS)
    stuck = [worker for worker in left if worker.is_alive()]
    for worker in stuck:
        worker.kill()
        worker.join()
    return len(stuck)


def _end_run(pid: int) -> None:
    if os.getpid() != pid:
        return
    from ansible.executor.process.worker import WorkerProcess  # noqa: PLC0415 - it imports what imports actions

    workers = [child for child in multiprocessing.active_children() if isinstance(child, WorkerProcess)]
    stuck = end_workers(workers)
    words = last_words(_folder())
    if stuck:
        words.append(_STUCK.format(count=stuck, seconds=_LAST_SECONDS))
    for word in words:
        sys.stderr.write(f"{word}\n")


def _folder() -> Path:
    return Path(constants.DEFAULT_LOCAL_TMP) / "fastbreak" / "interrupted"
