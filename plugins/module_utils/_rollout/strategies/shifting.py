# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What BLUE_GREEN, LINEAR and CANARY share: ECS runs both revisions, moves the traffic, and waits for verdicts.

A hook that nobody answers rolls the deployment back when its time is up: so ends one whose controller died.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from ..._errors import OperationError, SupersededError, UnavailableError
from .model import Strategy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..service.deployment import Pause
    from ..values import DeploymentSettings
    from .model import Started
    from .rollout import Rollout

#: Where ECS waits for a verdict: before users, before each step of their traffic, after all of it. It allows no pause
#: at the stages at which traffic moves.
PAUSED_STAGES = ("POST_PRODUCTION_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT", "PRE_PRODUCTION_TRAFFIC_SHIFT")
#: ECS's name for what waits there.
HOOKS = "lifecycleHooks"
# The API's own bounds, in minutes.
_LONGEST_BAKE, _LONGEST_PAUSE = 1440, 20_160


class Shifting(Strategy):
    """A way that moves traffic between two target groups."""

    shifts_weights: ClassVar[bool] = True
    options: ClassVar[Mapping[str, Any]] = {
        "bake_minutes": {"type": "int", "default": 5},
        "pause_timeout_minutes": {"type": "int", "default": 60},
    }

    def configuration(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """The bake time and the hook that pauses."""
        hook = {
            "targetType": "PAUSE",
            "lifecycleStages": list(PAUSED_STAGES),
            "timeoutConfiguration": {"timeoutInMinutes": own["pause_timeout_minutes"], "action": "ROLLBACK"},
        }
        return {"bakeTimeInMinutes": own["bake_minutes"], HOOKS: [hook]}

    def problems(self, deployment: DeploymentSettings, desired: int) -> Iterator[str]:
        """Times that ECS refuses, or that a pause cannot last, beside what no strategy can work with."""
        yield from super().problems(deployment, desired)
        pause = pause_minutes(deployment)
        if not 1 <= pause <= _LONGEST_PAUSE:
            yield f"deployment.pause_timeout_minutes is {pause}; write 1 to {_LONGEST_PAUSE}."
        for option, minutes in self.bakes(deployment).items():
            if not 0 <= minutes <= _LONGEST_BAKE:
                yield f"deployment.{option} is {minutes}; write 0 to {_LONGEST_BAKE}."
            elif minutes > pause:
                yield (
                    f"deployment.{option} is {minutes}, longer than deployment.pause_timeout_minutes {pause}, after "
                    "which ECS rolls back whatever waits for a verdict. Raise pause_timeout_minutes, or bake for less."
                )

    def bakes(self, deployment: DeploymentSettings) -> dict[str, int]:
        """How long ECS keeps a share of the traffic as it is, in minutes, by option."""
        return {"bake_minutes": deployment.own.get("bakeTimeInMinutes", 0)}

    def planned_seconds(self, deployment: DeploymentSettings) -> float:
        """How long ECS bakes in all."""
        return 60.0 * sum(self.bakes(deployment).values())

    def without_bakes(self, deployment: DeploymentSettings) -> DeploymentSettings:
        """The same, of which ECS keeps no share of the users for longer than its work takes."""
        return replace(deployment, own=_unbaked(deployment.own))

    def unattended(self, deployment: DeploymentSettings) -> DeploymentSettings:
        """The same without bake times and hooks: ECS rolls back what waits at a hook that nobody answers."""
        quick = self.without_bakes(deployment)
        return replace(quick, own={**quick.own, HOOKS: []})

    def judged_shares(self, _deployment: DeploymentSettings) -> int:
        """Without users, and with all of them."""
        return 2

    def roll_back(self, rollout: Rollout, started: Started) -> bool:
        """Give all traffic back: by the hook that waits, otherwise by stopping the deployment."""
        short = started.arn.rpartition("/")[2]
        for pause in self._pauses(rollout, started):
            try:
                if rollout.ports.ecs.refuse_deployment(started.arn, pause.hook_id):
                    rollout.say(f"told deployment {short}, which waits, to roll back")
                    return True
            except (OperationError, UnavailableError) as error:
                if isinstance(error, SupersededError):
                    raise
                rollout.say(
                    f"the hook at which deployment {short} waits could not be answered, so it is stopped: {error}"
                )
        return super().roll_back(rollout, started)

    def _pauses(self, rollout: Rollout, started: Started) -> tuple[Pause, ...]:
        if not started.arn:
            return ()
        try:
            deployment = rollout.ports.ecs.describe_service_deployment(started.arn)
        except UnavailableError:
            # To stop it needs no knowledge of where it stands.
            return ()
        return deployment.progress.pauses if deployment else ()


def _unbaked(own: Mapping[str, Any]) -> dict[str, Any]:
    """*own* with every bake time 0, at whatever depth the API has it."""

    def shortened(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return _unbaked(value)
        return 0 if "baketime" in name.lower() else value

    return {name: shortened(name, value) for name, value in own.items()}


def pause_minutes(deployment: DeploymentSettings) -> int:
    """How long ECS waits for a verdict at a hook."""
    hooks = deployment.own.get(HOOKS) or [{}]
    return int(hooks[0].get("timeoutConfiguration", {}).get("timeoutInMinutes", 0))


def share_problem(option: str, percent: float, least: float, most: float) -> str:
    """Why *percent* is no share from *least* to *most* in tenths; empty when it is."""
    tenths = percent * 10
    # A number that is no number compares as false with everything.
    if least <= percent <= most and abs(tenths - round(tenths)) < 1e-6:
        return ""
    return f"deployment.{option} is {percent:g}; write {least:g} to {most:g}, in steps of 0.1."
