# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The clock of a rollout: wall time for the record, monotonic time for durations."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime


class RolloutClock:
    """The machine's time. One that *belongs_to* a process stops waiting when that process is gone.

    A run whose ``ansible-playbook`` was killed must not go on unseen: it stops as if it were interrupted, gives its
    lock up, and the next run goes on with the release.
    """

    def __init__(self, belongs_to: int | None = None) -> None:
        self._belongs_to = belongs_to

    def now(self) -> datetime:
        """The wall clock, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
        if self._belongs_to is not None and os.getppid() != self._belongs_to:
            raise KeyboardInterrupt("the ansible-playbook run that this belonged to has ended")
