# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers whose ansible-playbook run was killed end soon after it, whatever they do or wait for.

Nobody reads what they have to say any more: they would wait for a full pipe, or for the lock of somebody who waits for
it, until the machine is restarted.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from functools import cache

from ..module_utils._common.controller import is_working

_LOOK_SECONDS = 1.0
# Work of ours ends by itself within 20 s, see Controller.
_WORK_SECONDS = 30.0
# How long a worker may take to end by itself, and then what it started after it was asked to.
_LAST_SECONDS = 2.0


@cache
def end_with_run() -> None:
    """Have workers that this process forks from now on end after it. Nothing is done in a worker itself."""
    if multiprocessing.parent_process() is None:
        os.register_at_fork(after_in_child=WorkerWatch(os.getpid()).begin)


class WorkerWatch:
    """Ends the worker that it is forked into when the process *controller* is gone."""

    def __init__(self, controller: int) -> None:
        self._controller = controller
        self._begun = False

    def begin(self) -> None:
        """Watch from now on. What a worker forks itself is left to the worker."""
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._watch, daemon=True, name="end with the run").start()

    def _watch(self) -> None:
        pause = threading.Event().wait
        while os.getppid() == self._controller:
            pause(_LOOK_SECONDS)
        for _look in range(int(_WORK_SECONDS / _LOOK_SECONDS)):
            if not is_working():
                break
            pause(_LOOK_SECONDS)
        pause(_LAST_SECONDS)
        if _is_worker():
            _end()


def _is_worker() -> bool:
    from ansible.executor.process.worker import WorkerProcess  # noqa: PLC0415 - it imports what imports actions

    return isinstance(multiprocessing.current_process(), WorkerProcess)


def _end() -> None:
    """End this worker, and what it started and did not detach. It leads a process group, unless that failed."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGTERM)
        threading.Event().wait(_LAST_SECONDS)
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)
