# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``scaling``: what it takes, and the scaling that it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .metrics import MARK, METRICS
from .model import Scaling, scheduled, tracking
from .rest import resting
from .specification import Worker, specification

if TYPE_CHECKING:
    from collections.abc import Mapping

    Options = Mapping[str, Any]


def scaling_spec() -> dict[str, Any]:
    """The argument spec of the option."""
    return {
        "minimum": {"type": "int", "required": True},
        "maximum": {"type": "int", "required": True},
        **{metric.option: {"type": "float", "default": metric.default} for metric in METRICS},
        "backlog_namespace": {"type": "str", "default": ""},
        "rest_after_seconds": {"type": "int", "default": 900},
        "scale_in_cooldown_seconds": {"type": "int", "default": 300},
        "scale_out_cooldown_seconds": {"type": "int", "default": 60},
        "scheduled_actions": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "name": {"type": "str", "required": True},
                "schedule": {"type": "str", "required": True},
                "timezone": {"type": "str", "default": "UTC"},
                "minimum": {"type": "int"},
                "maximum": {"type": "int"},
            },
        },
    }


def read_scaling(options: Options | None, *, cluster: str, service: str) -> Scaling | None:
    """The scaling of a service that validated *options* of `scaling_spec` stand for.

    Its policies name no target group yet.
    """
    if not options:
        return None
    cooldowns = options["scale_in_cooldown_seconds"], options["scale_out_cooldown_seconds"]
    worker = Worker(cluster, service, options["backlog_namespace"] or "")
    made = Scaling(
        minimum=options["minimum"],
        maximum=options["maximum"],
        policies={
            metric.policy: tracking(specification(metric, worker), options[metric.option], *cooldowns)
            for metric in METRICS
            if options[metric.option]
        },
        actions={
            f"{MARK}{action['name']}": scheduled(
                action["schedule"], action["timezone"] or "UTC", action["minimum"], action["maximum"]
            )
            for action in options["scheduled_actions"]
        },
    )
    return resting(made, worker, options["rest_after_seconds"])
