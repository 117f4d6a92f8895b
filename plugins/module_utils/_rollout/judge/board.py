# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a release stands, for the person who watches: stage, users, tasks, each gate beside its bound. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..._common.progress import Board
from ..._release.record import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..._release.record import Measurement, Series
    from ..service.deployment import Progress
    from .observation import Look

_HEAD = ("gate", "verdict", "last", "bound", "seen")
_TENTHS = 10


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds since the deployment began, and what a good release takes by plan, beside the start of its tasks."""

    elapsed: float
    planned: float


def board_of(title: str, look: Look, measurements: Iterable[Measurement], times: Times) -> Board:
    """The board of a release that is called *title*."""
    targets = look.targets
    tasks = f"new revision: {targets.healthy} of {targets.desired} healthy, {targets.running} running"
    facts = [
        ("stage", _stage(look)),
        *([("users", _share(look.progress.weight))] if look.progress.weight is not None else []),
        ("tasks", f"{tasks}; others: {look.others} running"),
        ("time", f"{times.elapsed:.0f} s of about {times.planned:.0f} s, beside what tasks take to start"),
        *([("problem", look.problem)] if look.problem else []),
    ]
    return Board(title, tuple(facts), (_HEAD, *map(_row, measurements)))


def _stage(look: Look) -> str:
    progress = look.progress
    stage = progress.stage or ("waits" if progress.pauses else "replaces tasks" if look.settled_at is None else "")
    told = ", ".join(filter(None, (look.state.value, stage)))
    return f"{told}, {_pause(progress)}" if progress.pauses else told


def _pause(progress: Progress) -> str:
    until = min((pause.expires_at for pause in progress.pauses if pause.expires_at), default=None)
    return f"paused for the verdict{f' until {timestamp(until)[11:19]} UTC' if until else ''}"


def _share(percent: float) -> str:
    filled = round(percent / 100 * _TENTHS)
    return f"[{'#' * filled}{'.' * (_TENTHS - filled)}] {percent:g} % on the new revision"


def _row(measured: Measurement) -> tuple[str, ...]:
    series = measured.series
    verdict = f"{measured.verdict.value}{' (dry run)' if measured.dry_run else ''}"
    last = f"{series.points[-1][1]:.4g}" if series.points else "-"
    return (measured.gate, verdict, last, _bound(series), measured.seen)


def _bound(series: Series) -> str:
    bounds = (("at least", series.lowest), ("at most", series.highest))
    told = " ".join(f"{word} {bound:.4g}" for word, bound in bounds if bound is not None)
    return told if series.points and told else "-"
