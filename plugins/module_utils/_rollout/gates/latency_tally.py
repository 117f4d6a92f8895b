# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long answers of the release took beside those of the running version. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from .model import Tally
from .statistics.latency import NONE, block_size, evidence_of, exceeding

if TYPE_CHECKING:
    from collections.abc import Sequence

# What waits for the other side to answer. Of more only the latest are of the same minutes.
_MOST_WAITING = 200


@dataclass(frozen=True, slots=True)
class LatencyTally(Tally):
    """``ours`` and ``theirs`` are seconds that make no whole block yet, of the release and of the running version.

    ``compared`` answers of the release were in a block, and ``exceeding`` of them took longer than they may.
    """

    ours: tuple[float, ...] = ()
    theirs: tuple[float, ...] = ()
    compared: int = 0
    exceeding: int = 0
    evidence: Sequence[float] = NONE

    def timed(self, seconds: float, *, is_ours: bool, quantile: float, increase: float) -> Self:
        """The tally with an answer that took so long; a block that it completes is weighed."""
        took = (round(seconds, 6),)
        ours = (*self.ours, *(took if is_ours else ()))[-_MOST_WAITING:]
        theirs = (*self.theirs, *(() if is_ours else took))[-_MOST_WAITING:]
        if not ours or len(theirs) < block_size(quantile):
            return replace(self, ours=ours, theirs=theirs)
        count = exceeding(ours, theirs, quantile=quantile, increase=increase)
        found = evidence_of(count, len(ours), len(theirs), quantile=quantile)
        return replace(
            self,
            ours=(),
            theirs=(),
            compared=self.compared + len(ours),
            exceeding=self.exceeding + count,
            evidence=tuple(before + now for before, now in zip(self.evidence, found, strict=True)),
        )
