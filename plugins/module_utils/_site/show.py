# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have the site show what is in place: the files that keep their names, and what caches hold of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.amount import amount
from .._common.wait import growing, timed_out, until

if TYPE_CHECKING:
    from .plan import SitePlan
    from .session import Session


def show(session: Session, planned: SitePlan, reference: str) -> None:
    """Copy the files to their names, the first page last; then have caches forget them.

    *reference* names this invalidation among all of the release.
    """
    if planned.show:
        session.say(f"showing {planned.version}: {amount(len(planned.show), 'file')}, the first page last")
    for file in planned.show:
        session.secure(f"showing {file.path}")
        session.ports.bucket.copy_file(file.stored_at, file)
    invalidate(session, planned.invalidate, reference)


def invalidate(session: Session, addresses: tuple[str, ...], reference: str) -> None:
    """Have caches forget *addresses*, and wait for it. Raises WaitTimeoutError when it takes too long."""
    if not addresses:
        return
    session.secure("invalidating addresses")
    made = session.ports.distribution.invalidate(addresses, f"{session.request.owner} {reference}")
    session.say(f"invalidating {amount(len(addresses), 'address', 'addresses')}: {made}")
    until(
        lambda: session.ports.distribution.is_done(made),
        bool,
        clock=session,
        seconds=session.request.invalidation_seconds,
        pause=growing(1.0, 10.0),
        on_timeout=lambda _seen, elapsed: timed_out(
            f"{session.doing}: invalidation {made} of distribution {session.request.distribution_id} was not done "
            f"after {elapsed:.0f} s (invalidation_timeout_seconds). The files are in place, and caches "
            "get them as it goes on. Run again to verify and record it.",
            invalidation=made,
        ),
    )
