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
    from ..strategies.model import Started
    from .destination import WayBack
    from .meanwhile import Meanwhile


@dataclass(frozen=True, slots=True)
class Ending:
    """How the deployment stands. ``lost`` says why it never ends."""

    state: DeploymentState
    reason: str = ""
    lost: str = ""


def await_end(session: Session, started: Started, back: WayBack, meanwhile: Meanwhile) -> Ending:
    """The end of the deployment *started*. Raises UnfinishedError after the time that the request gives."""
    return until(
        lambda: _look(session, started, meanwhile),
        lambda seen: bool(seen.lost) or not seen.state.moving,
        clock=session,
        seconds=session.request.timeout_seconds,
        pause=session.request.poll_seconds,
        on_timeout=lambda seen, _elapsed: unfinished(session, back, seen.state.value),
    )


def _look(session: Session, started: Started, meanwhile: Meanwhile) -> Ending:
    standing = ask(session, lambda: started.strategy.follow(session, started))
    ending = Ending(standing.state, standing.reason) if standing else Ending(DeploymentState.UNKNOWN)
    return Ending(ending.state, ending.reason, meanwhile.lost()) if ending.state.moving else ending
