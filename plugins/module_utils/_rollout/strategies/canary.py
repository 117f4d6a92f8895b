# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS's deployments that give the new revision a share of the traffic first, and then all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .shifting import Shifting, share_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..values import DeploymentSettings

# ECS takes 100 as well, which is no canary.
_LEAST, _MOST = 0.1, 99.9


class Canary(Shifting):
    """A share of the traffic, judged before the rest follows."""

    name: ClassVar[str] = "CANARY"
    options: ClassVar[Mapping[str, Any]] = {
        **Shifting.options,
        "canary_percent": {"type": "float", "default": 5},
        "canary_bake_minutes": {"type": "int", "default": 10},
    }

    def configuration(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """The share and how long it is kept, beside what every shift has."""
        canary = {"canaryPercent": own["canary_percent"], "canaryBakeTimeInMinutes": own["canary_bake_minutes"]}
        return {**super().configuration(own), "canaryConfiguration": canary}

    def problems(self, deployment: DeploymentSettings, desired: int) -> Iterator[str]:
        """A share that is none, or all."""
        percent = deployment.own["canaryConfiguration"]["canaryPercent"]
        if problem := share_problem("canary_percent", percent, _LEAST, _MOST):
            yield f"{problem} Use BLUE_GREEN to move all traffic at once."
        yield from super().problems(deployment, desired)

    def first_share(self, deployment: DeploymentSettings) -> tuple[str, float]:
        """The canary's."""
        return "canary_percent", float(deployment.own["canaryConfiguration"]["canaryPercent"])

    def judged_shares(self, deployment: DeploymentSettings) -> int:
        """With the canary's as well."""
        return super().judged_shares(deployment) + 1

    def bakes(self, deployment: DeploymentSettings) -> dict[str, int]:
        """That of the canary too."""
        canary = deployment.own["canaryConfiguration"]["canaryBakeTimeInMinutes"]
        return {**super().bakes(deployment), "canary_bake_minutes": canary}
