# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scaling that an earlier release left so that a task stays, and scaling that is no longer asked for. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .rest import REST, WAKE

if TYPE_CHECKING:
    from .model import Scaling


def is_kept_awake(standing: Scaling | None, before: Scaling | None) -> bool:
    """Whether an earlier release suspended the schedule of *standing*, which was as *before* when that began."""
    if standing is None or not standing.suspended:
        return False
    return _puts_to_rest(standing) or _goes_by_schedule(before)


def left_as_it_is(standing: Scaling | None, before: Scaling | None) -> Scaling | None:
    """What a release that asks for no scaling has to leave, since it may take every task of it; None: nothing such.

    An earlier release may keep it awake, which was as *before* when that began.
    """
    if standing is None or not _puts_to_rest(standing) or not standing.suspended:
        return standing if _puts_to_rest(standing) else None
    return before if _goes_by_schedule(before) else replace(standing, minimum=0, suspended=False)


def _puts_to_rest(scaling: Scaling | None) -> bool:
    """Whether it has the policies of a service that may rest."""
    return scaling is not None and bool({WAKE, REST} & scaling.policies.keys())


def _goes_by_schedule(scaling: Scaling | None) -> bool:
    return scaling is not None and not scaling.suspended
