# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands of scaling that may leave a service without a task, as other runs and a changed mind have left it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..scaling.kept_awake import is_kept_awake, left_as_it_is
from .snapshot import decode, oldest_kept

if TYPE_CHECKING:
    from ..._release.record import Release
    from ..scaling.model import Scaling
    from ..session import Session


def standing_scaling(
    session: Session, standing: Scaling | None, recorded: tuple[Release, ...], *, active: bool
) -> tuple[Scaling | None, bool]:
    """The scaling that the plan is made from, and whether an earlier release keeps the service awake.

    Scaling that is not asked for counts where it may take every task of an *active* service: the request is aimed at
    leaving it as it is.
    """
    before = _before_interruption(session, standing, recorded)
    if session.request.scaling is None:
        left = left_as_it_is(standing, before) if active else None
        if left is None:
            return None, False
        session.aim(replace(session.request, scaling=left))
    return standing, is_kept_awake(standing, before)


def _before_interruption(session: Session, standing: Scaling | None, recorded: tuple[Release, ...]) -> Scaling | None:
    """The scaling that interrupted runs found, where the schedule of the *standing* one is suspended."""
    if standing is None or not standing.suspended:
        return None
    text = oldest_kept(recorded, session.ports.releases.kept_snapshot(session.request.service))
    try:
        return decode(text).scaling if text else None
    except ValueError:
        # It is said where the whole snapshot is needed.
        return None
