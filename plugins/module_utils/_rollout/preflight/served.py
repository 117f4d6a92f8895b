# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether everybody who reaches the service now still would, unless that is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..service.losses import lost_requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..plan.read import Facts
    from ..session import Session


def serving_problems(session: Session, facts: Facts) -> Iterator[str]:
    """What users would no longer reach by the wanted listener rules, but for what ``stop_serving`` names.

    Without a service nobody is answered, so that nothing is lost.
    """
    request = session.request
    if facts.found.service is None or not facts.plan.routes:
        return
    for loss in lost_requests(facts.found.rules, request.rules, request.owned_by):
        # They are what the user wrote, or has to write.
        session.redaction.allow(loss.names)
        if not loss.meant(request.stop_serving):
            yield str(loss)
