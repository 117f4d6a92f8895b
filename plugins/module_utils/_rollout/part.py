# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service of a release as a run has brought it to the release, before all of the release is accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .report import RolloutResult


class Part(Protocol):
    """What was done to one service, and was found fit."""

    #: Whether another run is to go on with it: it is neither accepted nor refused by this one.
    handed_over: bool

    def leave(self) -> RolloutResult:
        """Leave it as it is to the run that takes it up; what was done so far. Others are told of a release."""

    def unfit(self) -> str:
        """What speaks against it by now, though it was found fit; empty when nothing does."""

    def accept(self) -> RolloutResult:
        """End it well, and what its run left. Raises OperationError when that cannot be recorded."""

    def refuse(self, why: str) -> str:
        """Undo it, since *why* the rest of the release failed; how that ended, in words. Empty: nothing was changed."""


class Unchanged:
    """A service that is as it is wanted."""

    handed_over = False

    def __init__(self, result: RolloutResult) -> None:
        self._result = result

    def leave(self) -> RolloutResult:
        """What it is."""
        return self._result

    def unfit(self) -> str:
        """It is none of this release's."""
        return ""

    def accept(self) -> RolloutResult:
        """It is accepted already."""
        return self._result

    def refuse(self, _why: str) -> str:
        """Nothing was changed."""
        return ""


class HandedOver(Unchanged):
    """A service that ECS holds where it is, by request."""

    handed_over = True
