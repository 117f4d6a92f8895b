# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Fargate lets the account have as many vCPUs as the release needs while both revisions run.

What others of the account use is not known here: less than the quota may be left, more is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._common.amount import amount
from ..._errors import FastbreakError
from ..plan.differences import Action
from ..values import SPOT
from .capacity import tasks_beside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..plan.read import Facts
    from ..session import Session

_UNITS = 1024


def quota_problems(session: Session, facts: Facts) -> Iterator[str]:
    """Why not all tasks of the release could run at once: more vCPUs than Fargate lets the account have."""
    settings, service = session.request.settings, facts.found.service
    if facts.plan.action in (Action.UNCHANGED, Action.SETTINGS, Action.ADOPT) or not settings.on_fargate:
        return
    cpu = str(facts.target.document.get("cpu", ""))
    kinds = {provider.name == SPOT for provider in settings.capacity_providers} or {False}
    if not cpu.isdigit() or len(kinds) > 1:
        # Of a mixture ECS says only afterwards how many tasks of which kind there are.
        return
    running = service.desired_count if service else 0
    tasks = running + tasks_beside(session.request, running)
    needed, quota = tasks * int(cpu) / _UNITS, _quota(session, spot=kinds == {True})
    if quota is not None and needed > quota:
        yield (
            f"{amount(tasks, 'task')} of {int(cpu) / _UNITS:g} vCPU run at once while the release is under way, "
            f"{amount(needed, 'vCPU')} together, where Fargate lets this account have {quota:g}. Ask for more in "
            "Service Quotas, or lower deployment.maximum_percent, the number of tasks, or task_definition.cpu."
        )


def _quota(session: Session, *, spot: bool) -> float | None:
    """How many vCPUs Fargate lets the account have; None when that cannot be read, which is said."""
    try:
        found = session.ports.surroundings.fargate_vcpus(spot=spot)
    except FastbreakError as error:
        session.warn_once(f"Fargate's quota of vCPUs was not checked: {error.message}")
        return None
    if found is None:
        session.warn_once("Fargate's quota of vCPUs was not checked: Service Quotas does not know it in this region")
    return found
