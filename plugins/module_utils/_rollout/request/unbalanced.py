# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a request for a service that no load balancer sends requests to, in the words of the options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..scaling.model import counts_requests
from ..scaling.problems import no_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import RolloutRequest

# What is about requests, and so has no meaning without any.
_ABOUT_REQUESTS = ("load_balancer", "listener_rules", "stop_serving", "take_requests_from", "url", "test_url")


def balancing_problems(options: Mapping[str, Any]) -> Iterator[str]:
    """Why validated *options* do not say whether requests come: nobody goes without a load balancer by an oversight."""
    if options["load_balanced"]:
        if not options["load_balancer"]:
            yield (
                "load_balancer is missing. Give it, or set load_balanced=false for a service that takes no requests, "
                "such as a queue worker."
            )
        if options["scaling"] and (found := no_tasks(options["scaling"])):
            yield (
                f"scaling has {' and '.join(found)}, and load_balanced is true: with no task nobody is answered, and "
                "no request wakes one. Set 1 or more."
            )
        return
    if given := [option for option in _ABOUT_REQUESTS if options[option]]:
        yield f"load_balanced is false, and {', '.join(given)} is given: leave it out, or leave load_balanced out."


def unbalanced_problems(request: RolloutRequest) -> Iterator[str]:
    """Gates and scaling that need requests, of a *request* for a service to which none come."""
    for gate in request.gates:
        if gate.needs_load_balancer:
            yield (
                f"gate {gate.name} of kind {gate.kind} needs a load balancer, and none sends requests to "
                f"{request.service}. Judge it by task_stability, by a metric or alarms of its own, or by a command."
            )
    if request.scaling and counts_requests(request.scaling):
        yield (
            f"scaling.requests_per_target counts requests, and no load balancer sends any to {request.service}. Scale "
            "by cpu_percent, memory_percent or backlog_per_task."
        )
