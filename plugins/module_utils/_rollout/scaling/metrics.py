# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metrics that the number of tasks can follow. Each row is an option and a target tracking policy of ours."""

from __future__ import annotations

from dataclasses import dataclass

#: What the names of our policies and scheduled actions begin with. Any other name is somebody else's.
MARK = "fastbreak-"

# What PutScalingPolicy takes as a target value at most.
_MOST = 2.0**360


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: its option, the name of its policy, and what Application Auto Scaling calls it.

    The option is 0 for no policy, and *most* at most. ``of_target_group``: the policy has to name a target group.
    ``of_backlog``: it is no metric of AWS's, but the service's own of this name, about what waits for the tasks.
    """

    option: str
    policy: str
    kind: str
    default: float = 0.0
    most: float = _MOST
    of_target_group: bool = False
    of_backlog: bool = False


#: Every metric there is.
METRICS = (
    Metric("cpu_percent", f"{MARK}cpu", "ECSServiceAverageCPUUtilization", default=60.0, most=100.0),
    Metric("memory_percent", f"{MARK}memory", "ECSServiceAverageMemoryUtilization", most=100.0),
    Metric("requests_per_target", f"{MARK}requests", "ALBRequestCountPerTarget", of_target_group=True),
    Metric("backlog_per_task", f"{MARK}backlog", "QueueBacklog", of_backlog=True),
    Metric("backlog_age_seconds", f"{MARK}backlog-age", "QueueAgeSeconds", of_backlog=True),
)
