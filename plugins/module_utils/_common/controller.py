# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the ansible-playbook run that a worker belongs to is still there."""

from __future__ import annotations

import os
from multiprocessing import parent_process


class Controller:
    """The process that started ours.

    A run whose ``ansible-playbook`` was killed must not go on unseen: it ends as if it were interrupted, gives up what
    it holds, and the next run goes on.
    """

    def __init__(self, pid: int | None = None) -> None:
        self._pid = _started_by() if pid is None else pid

    def check(self) -> None:
        """Raise KeyboardInterrupt when it is gone."""
        if os.getppid() != self._pid:
            raise KeyboardInterrupt("The ansible-playbook run that this belonged to has ended.")


def _started_by() -> int:
    """The process that forked ours, even if that has ended since; else the parent as it is now."""
    parent = parent_process()
    return os.getppid() if parent is None or parent.pid is None else parent.pid
