# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until the service deployment that goes back has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..._common.wait import until
from ..service.deployment import DeploymentState
from .arrival import unfinished
from .meanwhile import ask

if TYPE_CHECKING:
    from ..session import Session
    from ..strategies.model import Standing, Started
    from .destination import WayBack
    from .meanwhile import Meanwhile


@dataclass(frozen=True, slots=True)
class Ending:
    """How the deployment stands. ``lost`` says why it never ends."""

    state: DeploymentState
    reason: str = ""
    lost: str = ""


def await_end(
    session: Session, started: Started, back: WayBack, meanwhile: Meanwhile, *, forward: bool = False
) -> Ending:
    """The end of the deployment *started*, which is the way back itself when it goes *forward*.

    Raises UnfinishedError after the time that the request gives.
    """
    return until(
        lambda: _look(session, started, meanwhile, forward=forward),
        lambda seen: bool(seen.lost) or not seen.state.moving,
        clock=session,
        seconds=session.request.timeout_seconds,
        pause=session.request.poll_seconds,
        on_timeout=lambda seen, _elapsed: unfinished(session, back, seen.state.value),
    )


def _follow(session: Session, started: Started, *, forward: bool) -> Standing:
    """How it stands. A hook that ECS fires on the way back is answered, for nothing there is judged.

    What was refused and is not on its way back yet, as far as is seen, must not be let go on.
    """
    standing = started.strategy.follow(session, started)
    if forward or standing.state is DeploymentState.ROLLING_BACK:
        started.strategy.go_on(session, started, standing.progress.pauses)
    return standing


def _look(session: Session, started: Started, meanwhile: Meanwhile, *, forward: bool) -> Ending:
    standing = ask(session, lambda: _follow(session, started, forward=forward))
    ending = Ending(standing.state, standing.reason) if standing else Ending(DeploymentState.UNKNOWN)
    return Ending(ending.state, ending.reason, meanwhile.lost()) if ending.state.moving else ending
