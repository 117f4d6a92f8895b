# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what of the service differs after a release or a change of settings though no rollout manages it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._errors import FastbreakError
from ..service.unmanaged import changed_by_others

if TYPE_CHECKING:
    from ..plan.read import Facts
    from ..session import Session


def warn_of_unmanaged(session: Session, facts: Facts) -> None:
    """Warn when it is not what it was before the run. Never fails a run."""
    before, request = facts.found.service, session.request
    if before is None:
        return
    try:
        after = session.ports.ecs.describe_service(request.cluster, request.service)
    except FastbreakError as error:
        session.warn(f"whether settings that no rollout manages are as before could not be seen: {error}")
        return
    if after and (changed := changed_by_others(before, after, request.settings.deployment)):
        session.warn(
            f"settings of the service that no rollout manages differ from before this run: {', '.join(changed)}. "
            "They were left as they are now; see CloudTrail for who changed them"
        )
