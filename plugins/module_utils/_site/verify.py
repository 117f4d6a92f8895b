# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verify a version where users get it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.amount import amount
from .._common.wait import growing, timed_out, until
from .._errors import WaitTimeoutError
from .parallel import in_parallel

if TYPE_CHECKING:
    from .plan import SitePlan
    from .session import Session
    from .values import SiteFile

_MOST_SHOWN = 5


def verify(session: Session, planned: SitePlan) -> str:
    """What is wrong with the version as the distribution serves it; empty when nothing is.

    What is wrong is asked for again, for as long as the request says: caches take a while.
    """
    session.say(f"verifying {amount(len(planned.verify), 'file')} at {session.request.url}")
    left = list(planned.verify)

    def look() -> list[tuple[SiteFile, str]]:
        problems = in_parallel(session.ports.visitor.problem, left, session.request.concurrency)
        found = [(file, problem) for file, problem in zip(left, problems, strict=True) if problem]
        left[:] = [file for file, _problem in found]
        return found

    try:
        until(
            look,
            lambda found: not found,
            clock=session,
            seconds=session.request.verification_seconds,
            pause=growing(0.5, 5.0),
            on_timeout=lambda found, _elapsed: timed_out(_told(found)),
        )
    except WaitTimeoutError as error:
        return error.message
    return ""


def _told(found: list[tuple[SiteFile, str]]) -> str:
    told = "; ".join(f"/{file.path} {problem}" for file, problem in found[:_MOST_SHOWN])
    more = len(found) - _MOST_SHOWN
    return f"{told}{f'; and {more} more' if more > 0 else ''}"
