# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times that do not fit one another: health checks, the grace period, and how long a run waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..plan.read import Facts
    from ..session import Session

# Defaults of a container's health check, in ECS's ``HealthCheck``.
_INTERVAL, _RETRIES = 30, 3


def arithmetic_problems(session: Session, facts: Facts) -> Iterator[str]:
    """Why no deployment could end well, or a bad one be seen, within ``timeout_seconds``."""
    request = session.request
    if not facts.plan.judges:
        return
    most = request.timeout_seconds
    for group in request.target_group_arns:
        check = session.ports.balancing.health_check(group)
        if check and check.healthy_after_seconds >= most:
            yield (
                f"Target group {group} believes a target after {check.healthy_threshold} checks every "
                f"{check.interval_seconds:g} s, which is {check.healthy_after_seconds:g} s, where timeout_seconds is "
                f"{most:g}: no deployment could complete. Raise timeout_seconds, or have it checked more often."
            )
    grace = request.settings.health_check_grace_period_seconds
    served = {binding.container_name for binding in request.settings.target_bindings}
    for container in facts.target.document.get("containerDefinitions", []):
        yield from _container_problems(container, most)
        start = (container.get("healthCheck") or {}).get("startPeriod") or 0
        if container.get("name") in served and start > grace:
            yield (
                f"containerDefinitions.{container.get('name')}.healthCheck gives a task {start} s to start "
                f"(startPeriod), where health_check_grace_period_seconds is {grace}: ECS would replace it sooner, for "
                "the checks of the load balancer. Raise health_check_grace_period_seconds, or lower startPeriod."
            )


def _container_problems(container: Mapping[str, Any], most: float) -> Iterator[str]:
    check = container.get("healthCheck") or {}
    start = check.get("startPeriod") or 0
    sick = (check.get("interval") or _INTERVAL) * (check.get("retries") or _RETRIES)
    if check and start + sick >= most:
        yield (
            f"containerDefinitions.{container.get('name')}.healthCheck finds a container sick after startPeriod "
            f"{start} and {sick} s of failed checks, where timeout_seconds is {most:g}: this run would give up first. "
            "Lower startPeriod, interval or retries, or raise timeout_seconds."
        )
