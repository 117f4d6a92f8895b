# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the ansible-playbook run that a worker belongs to is still there."""

from __future__ import annotations

import contextlib
import os
import threading
from multiprocessing import parent_process
from typing import TYPE_CHECKING

from .interruption import interrupt

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOK_SECONDS = 1.0
# How long an interrupted worker may take to give up what it holds.
_LAST_SECONDS = 20.0
_WORKING = threading.Event()


class Controller:
    """The process that started ours.

    A run whose ``ansible-playbook`` was killed must not go on unseen: it ends as if it were interrupted, gives up what
    it holds, and the next run goes on.
    """

    def __init__(self, pid: int | None = None) -> None:
        self._pid = _started_by() if pid is None else pid
        self._raised = False

    def check(self) -> None:
        """Raise KeyboardInterrupt when it is gone."""
        if self._is_gone():
            self._raised = True
            raise KeyboardInterrupt("The ansible-playbook run that this belonged to has ended.")

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Interrupt the work in it within seconds after the controller is gone, whatever the work waits for.

        Work that does not end then is ended: it must not outlive its run for as long as an answer, a program or a
        pause takes. It has to be done by the main thread, where signals arrive.
        """
        ended = threading.Event()
        _WORKING.set()
        try:
            threading.Thread(target=self._watch, args=(ended,), daemon=True, name="watch of the controller").start()
            yield
        finally:
            ended.set()
            _WORKING.clear()

    def _watch(self, ended: threading.Event) -> None:
        while not self._is_gone():
            if ended.wait(_LOOK_SECONDS):
                return
        # A second interruption would disturb the end that the first one began.
        if not (self._raised or ended.is_set()):
            interrupt()
        if not ended.wait(_LAST_SECONDS):
            os._exit(1)

    def _is_gone(self) -> bool:
        return os.getppid() != self._pid


def is_working() -> bool:
    """Whether work in this process is watched now, which ends by itself when the controller is gone."""
    return _WORKING.is_set()


def _started_by() -> int:
    """The process that forked ours, even if that has ended since; else the parent as it is now."""
    parent = parent_process()
    return os.getppid() if parent is None or parent.pid is None else parent.pid
