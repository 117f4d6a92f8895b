# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rest of a release of several services: those that a run has not come to when one before them is unfit.

An earlier run may have brought them to the release already, and ECS may hold users there until its patience ends. They
came last, so they are undone first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .._errors import FastbreakError
from .aftermath import Ended, holds_open
from .run import take_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .part import Part
    from .session import Session


class Rest:
    """What *sessions* have under way of the release of the image *digest*, each under its lock."""

    def __init__(self, sessions: Sequence[Session], digest: str) -> None:
        self._sessions = sessions
        self._digest = digest
        self._is_undone = False
        #: How each of them ended, in words; and whether all of it is back.
        self.told: list[str] = []
        self.whole = True

    def undo(self, service: str) -> None:
        """Undo them, once, the last of them first, since *service* is unfit. What cannot be undone is told."""
        if self._is_undone:
            return
        self._is_undone = True
        for session in reversed(self._sessions):
            if holds_open(session.ports, session.request.service, self._digest):
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
