# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS's deployments that move traffic in equal steps."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar

from .shifting import Shifting, share_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..values import DeploymentSettings

# ECS takes 100 as well, which is no step.
_LEAST, _MOST = 3.0, 99.9


class Linear(Shifting):
    """Step by step, each judged before the next."""

    name: ClassVar[str] = "LINEAR"
    options: ClassVar[Mapping[str, Any]] = {
        **Shifting.options,
        "step_percent": {"type": "float", "default": 10},
        "step_bake_minutes": {"type": "int", "default": 6},
    }

    def configuration(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """The step and how long it is kept, beside what every shift has."""
        linear = {"stepPercent": own["step_percent"], "stepBakeTimeInMinutes": own["step_bake_minutes"]}
        return {**super().configuration(own), "linearConfiguration": linear}

    def problems(self, deployment: DeploymentSettings, desired: int) -> Iterator[str]:
        """A step that is none, or all."""
        percent = deployment.own["linearConfiguration"]["stepPercent"]
        if problem := share_problem("step_percent", percent, _LEAST, _MOST):
            yield f"{problem} Use BLUE_GREEN to move all traffic at once."
        yield from super().problems(deployment, desired)

    def first_share(self, deployment: DeploymentSettings) -> tuple[str, float]:
        """That of the first step."""
        return "step_percent", float(deployment.own["linearConfiguration"]["stepPercent"])

    def last_share(self, deployment: DeploymentSettings) -> float:
        """That of the last step but one."""
        return self.first_share(deployment)[1] * (_steps(deployment) - 1)

    def judged_shares(self, deployment: DeploymentSettings) -> int:
        """With each step's but the last as well."""
        return super().judged_shares(deployment) + _steps(deployment) - 1

    def bakes(self, deployment: DeploymentSettings) -> dict[str, int]:
        """That of a step too."""
        step = deployment.own["linearConfiguration"]["stepBakeTimeInMinutes"]
        return {**super().bakes(deployment), "step_bake_minutes": step}

    def planned_seconds(self, deployment: DeploymentSettings) -> float:
        """A bake after every step but the last, which ends at 100 %."""
        bakes = self.bakes(deployment)
        return 60.0 * (bakes["bake_minutes"] + bakes["step_bake_minutes"] * (_steps(deployment) - 1))


def _steps(deployment: DeploymentSettings) -> int:
    return ceil(100 / max(_LEAST, float(deployment.own["linearConfiguration"]["stepPercent"])))
