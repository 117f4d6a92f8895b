# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The strategy ``ROLLING``: ECS replaces tasks a few at a time, and each new one gets traffic once it is healthy."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, ClassVar

from ..stages import Stage
from .model import Strategy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..values import DeploymentSettings


class Rolling(Strategy):
    """Bounded by how many tasks stay healthy and how many run at most."""

    name: ClassVar[str] = "ROLLING"
    stages: ClassVar[frozenset[Stage]] = frozenset({Stage.AFTER_TRAFFIC})
    can_hold: ClassVar[bool] = False

    def problems(self, deployment: DeploymentSettings, desired: int) -> Iterator[str]:
        """Why ECS could replace none of *desired* tasks: it may start none beside them, and stop none before.

        It rounds the least up and the most down ("Service definition parameters" in the ECS developer guide).
        """
        if problems := tuple(super().problems(deployment, desired)):
            yield from problems
            return
        least, most = deployment.minimum_healthy_percent, deployment.maximum_percent
        if ceil(desired * least / 100) >= desired >= floor(desired * most / 100):
            yield (
                f"With deployment.minimum_healthy_percent {least} and deployment.maximum_percent {most} ECS may "
                f"neither stop a task nor start one beside {desired}, so that no deployment could ever move. Raise "
                "maximum_percent (200 starts all new tasks beside the old), or lower minimum_healthy_percent."
            )
