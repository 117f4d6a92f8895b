# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The queue in the database, with a bell that hears what becomes of the piece of work that was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastbreak_service.store.work import WorkQueue

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from fastbreak_service.store.work import Work
    from fastbreak_service.worker.bell import Bell


class HeardQueue(WorkQueue):
    """See WorkQueue. The database is told first: a message may be seen a moment too late, and never too early."""

    def __init__(self, engine: Engine, place: str, lease_seconds: float, footage_days: int, bell: Bell) -> None:
        super().__init__(engine, place, lease_seconds, footage_days)
        self._bell = bell

    def extend(self, taken: Work) -> bool:
        """See WorkQueue."""
        mine = super().extend(taken)
        if mine:
            self._bell.extend()
        return mine

    def hand_back(self, taken: Work, delay_seconds: float, failure: str | None = None) -> bool:
        """See WorkQueue."""
        return self._heard(taken, delay_seconds, mine=super().hand_back(taken, delay_seconds, failure))

    def put_off(self, taken: Work, delay_seconds: float) -> bool:
        """See WorkQueue."""
        return self._heard(taken, delay_seconds, mine=super().put_off(taken, delay_seconds))

    def _heard(self, taken: Work, delay_seconds: float, *, mine: bool) -> bool:
        if mine:
            self._bell.back(taken, delay_seconds)
        return mine
