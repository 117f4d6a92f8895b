# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rest of a release of several services: those that a run has not come to when one before them is unfit.

An earlier run may have brought them to the release already. Where ECS may hold users there until its patience ends,
they are undone first; the others wait until the unfit service is back, the last of them first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .._errors import FastbreakError
from .aftermath import Ended, open_record
from .run import take_up
from .strategies.table import find_strategy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .._release.record import Release
    from .part import Part
    from .session import Session


def held_open(sessions: Iterable[Session], digest: str) -> dict[Session, Release]:
    """The sessions that hold a record of the release of the image *digest* open, and that record.

    It is asked before anything is judged: an answer that fails then ends the run, and not an undo halfway.
    """
    found = {session: open_record(session.ports, session.request.service, digest) for session in sessions}
    return {session: release for session, release in found.items() if release}


class Rest:
    """What *sessions* have under way of the release of the image *digest*, each under its lock, by their open records.

    *held* has those records; a session without one has nothing under way.
    """

    def __init__(self, sessions: Sequence[Session], held: Mapping[Session, Release], digest: str) -> None:
        self._left = [session for session in reversed(sessions) if session in held]
        self._shifting = [session for session in self._left if _shifts_users(held[session])]
        self._digest = digest
        #: How each of them ended, in words; and whether all of it is back.
        self.told: list[str] = []
        self.whole = True

    def give_users_back(self, service: str) -> None:
        """Undo those that ECS may hold users at, since *service* is unfit. What cannot be undone is told."""
        self._undo_all(self._shifting, service)

    def undo(self, service: str) -> None:
        """Undo them, once, since *service* is unfit. What cannot be undone is told."""
        self._undo_all(self._left, service)

    def _undo_all(self, sessions: Iterable[Session], service: str) -> None:
        for session in [session for session in sessions if session in self._left]:
            self._left.remove(session)
            self._undo(session, f"{service}, of the same release, failed")

    def _undo(self, session: Session, why: str) -> None:
        try:
            with session.shown_errors():
                self.told.append(self._under_way(session).refuse(why))
        except FastbreakError as failure:
            self.whole = False
            self.told.append(f"{session.request.service} could not be undone: {failure.message}")

    def _under_way(self, session: Session) -> Part:
        # Nothing is begun of it, whatever the run was to do.
        session.aim(replace(session.request, version=self._digest, revision="", judge_only=True))
        try:
            return take_up(session)
        except FastbreakError as error:
            return Ended(error)


def _shifts_users(release: Release) -> bool:
    strategy = find_strategy(release.strategy)
    return bool(strategy and strategy.shifts_weights)
