# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every deployment strategy has: options, a deployment that is begun, followed and found again, and its rollback.

A strategy is one file in this folder and one row in `table`. What stands here is how ECS's own strategies work; a
strategy says what it has beside that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ..._common.amount import amount
from ..._errors import UnavailableError
from ..service.deployment import DeploymentState, Progress
from ..stages import Stage
from ..values import DeploymentSettings
from .deployments import await_listed, going_to, list_deployments, successor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..service.deployment import Pause, ServiceDeployment
    from ..service.writes import ServiceChange
    from ..values import Service
    from .rollout import Rollout

# Only one that moves or completed can be followed; after any other end, the running tasks are judged as they are.
_FOLLOWED = (DeploymentState.PENDING, DeploymentState.IN_PROGRESS, DeploymentState.SUCCESSFUL)

_ALL = 100
#: The options of every strategy, as an argument spec.
SHARED_OPTIONS: Mapping[str, Any] = {
    "minimum_healthy_percent": {"type": "int", "default": 100},
    "maximum_percent": {"type": "int", "default": 200},
    "circuit_breaker": {"type": "bool", "default": True},
    "alarms": {"type": "list", "elements": "str", "default": []},
}


@dataclass(frozen=True, slots=True)
class Started:
    """A deployment that was started by *strategy*.

    ``arn`` empty: what is judged runs already, and no service deployment of it is known. ``primary_id`` is what its
    tasks are started by. ``ours``: where it waits for a verdict, it is this run that gives one.
    """

    strategy: Strategy
    task_definition_arn: str
    arn: str = ""
    primary_id: str = ""
    ours: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """How a deployment stands. ``superseded``: another one replaced it, and ``reason`` says which.

    ``progress`` is how far it is, where it shifts traffic.
    """

    state: DeploymentState
    reason: str = ""
    superseded: bool = False
    progress: Progress = field(default_factory=Progress)


class Strategy:
    """A way of bringing a service from one revision to another. ``name`` is ECS's.

    It is begun by CreateService or UpdateService, followed by the service deployment's ARN, and stopped with ROLLBACK.
    """

    name: ClassVar[str]
    #: Whether ECS changes what listener rules forward to while it works.
    shifts_weights: ClassVar[bool] = False
    #: The stages at which gates are asked.
    stages: ClassVar[frozenset[Stage]] = frozenset(Stage)
    #: Whether a deployment can be held where it is, for a person to decide.
    can_hold: ClassVar[bool] = True
    #: The options of this strategy alone, as an argument spec.
    options: ClassVar[Mapping[str, Any]] = {}

    def read(self, options: Mapping[str, Any]) -> DeploymentSettings:
        """The settings that validated *options* stand for."""
        return DeploymentSettings(
            strategy=self.name,
            minimum_healthy_percent=options["minimum_healthy_percent"],
            maximum_percent=options["maximum_percent"],
            circuit_breaker=options["circuit_breaker"],
            circuit_breaker_rollback=options["circuit_breaker"],
            alarms=frozenset(options["alarms"]),
            alarm_rollback=True,
            own=self.configuration({name: options[name] for name in self.options}),
        )

    def configuration(self, _own: Mapping[str, Any]) -> dict[str, Any]:
        """What its *own* options are in ECS's ``deploymentConfiguration``, in the shape of the API.

        It is written to ECS, compared with what the service has, and shown in differences, under these names.
        """
        return {}

    def problems(self, deployment: DeploymentSettings, _desired: int) -> Iterable[str]:
        """Why a deployment of *desired* tasks could not work, in the words of the options.

        Here: percentages that ECS refuses, whatever the strategy makes of them.
        """
        least, most = deployment.minimum_healthy_percent, deployment.maximum_percent
        told = f"deployment.minimum_healthy_percent {least} and deployment.maximum_percent {most}"
        if not 0 <= least <= _ALL or most < _ALL:
            yield f"{told} leave no room, and ECS refuses them; write 0 to 100, and 100 to 200."
        elif least == most == _ALL:
            yield (
                f"With {told} ECS may neither stop a task nor start one, and refuses them. Raise maximum_percent (200 "
                "starts all new tasks beside the old), or lower minimum_healthy_percent."
            )

    def prepare(self, rollout: Rollout) -> None:
        """Make what has to be there before the service is created or changed."""

    def create(self, rollout: Rollout, task_definition_arn: str, known: frozenset[str]) -> Started:
        """Create the service. *known* are service deployments of one that had its name before."""
        request = rollout.request
        self.prepare(rollout)
        service = rollout.ports.ecs.create_service(
            request.cluster,
            request.service,
            task_definition_arn=task_definition_arn,
            settings=request.settings,
            desired_count=request.desired_count,
        )
        rollout.say(f"created the service with {amount(request.desired_count, 'task')}")
        return self._find_started(rollout, known, service, task_definition_arn)

    def update(self, rollout: Rollout, change: ServiceChange, task_definition_arn: str) -> Started:
        """Make the change, which brings a living service to the revision."""
        self.prepare(rollout)
        known = frozenset(deployment.arn for deployment in list_deployments(rollout))
        service = rollout.ports.ecs.update_service(rollout.request.cluster, rollout.request.service, change)
        return self._find_started(rollout, known, service, task_definition_arn)

    def _find_started(
        self, rollout: Rollout, known: frozenset[str], service: Service, task_definition_arn: str
    ) -> Started:
        found = await_listed(rollout, known, task_definition_arn)
        primary = service.primary.id if service.primary else ""
        rollout.say(f"deployment {found.arn.rpartition('/')[2]} is {found.state.value}")
        return Started(self, task_definition_arn, found.arn, primary)

    def adopt(self, rollout: Rollout, task_definition_arn: str) -> Started:
        """What runs already, to be judged: with its latest service deployment when that goes to the revision."""
        service = rollout.ports.ecs.describe_service(rollout.request.cluster, rollout.request.service)
        primary = service.primary.id if service and service.primary else ""
        latest = list_deployments(rollout)[:1]
        followed = (deployment for deployment in latest if deployment.state in _FOLLOWED)
        found = going_to(rollout, followed, task_definition_arn)
        return Started(self, task_definition_arn, found.arn if found else "", primary)

    def find(
        self, rollout: Rollout, task_definition_arn: str, arn: str, unrecorded: Iterable[ServiceDeployment]
    ) -> Started | None:
        """The deployment to the revision that another run began; None when there is none.

        It is that of *arn*, or if that is empty the first of *unrecorded* that goes there.
        """
        found = (
            rollout.ports.ecs.describe_service_deployment(arn)
            if arn
            else going_to(rollout, unrecorded, task_definition_arn)
        )
        return Started(self, task_definition_arn, found.arn) if found else None

    def mixed_at(self, _deployment: DeploymentSettings) -> frozenset[Stage]:
        """The stages, beside those with a share of the users, at which the running version answers users as well."""
        return frozenset()

    def follow(self, rollout: Rollout, started: Started, service: Service | None = None) -> Standing:
        """How the deployment stands; with *service* also whether another one replaced it.

        Raises UnavailableError when it cannot be told now.
        """
        if not started.arn:
            return Standing(DeploymentState.SUCCESSFUL)
        deployment = rollout.ports.ecs.describe_service_deployment(started.arn)
        if deployment is None:
            raise UnavailableError(f"ECS no longer lists service deployment {started.arn}")
        newer = successor(rollout, deployment, started.primary_id, service) if service else None
        if newer:
            reason = f"service deployment {newer.arn} ({newer.state.value}) replaced it"
            return Standing(deployment.state, reason, superseded=True)
        return Standing(deployment.state, deployment.reason, progress=deployment.progress)

    def planned_seconds(self, _deployment: DeploymentSettings) -> float:
        """How long ECS waits by plan, beside what its work takes, and for verdicts."""
        return 0.0

    def without_bakes(self, deployment: DeploymentSettings) -> DeploymentSettings:
        """The same, of which ECS keeps no share of the users for longer than its work takes."""
        return deployment

    def unattended(self, deployment: DeploymentSettings) -> DeploymentSettings:
        """The same, of which ECS waits for nobody and for no time: it arrives though nobody is there any more."""
        return self.without_bakes(deployment)

    def judged_shares(self, _deployment: DeploymentSettings) -> int:
        """At how many shares of the users ECS waits for a verdict before it completes the deployment."""
        return 0

    def first_share(self, _deployment: DeploymentSettings) -> tuple[str, float]:
        """The least share of the users at which gates are asked, in per cent, and the option that says so."""
        return "", 100.0

    def last_share(self, deployment: DeploymentSettings) -> float:
        """The share of the users that is judged last before all of them come."""
        return self.first_share(deployment)[1]

    def go_on(self, rollout: Rollout, started: Started, pauses: Iterable[Pause]) -> None:
        """Have ECS go on from its *pauses*. One that was answered meanwhile is none any more.

        Where the strategy has none, a hook of the one before may have been left to the service.
        """
        for pause in pauses:
            rollout.ports.ecs.continue_deployment(started.arn, pause.hook_id)

    def roll_back(self, rollout: Rollout, started: Started) -> bool:
        """Ask ECS to roll the deployment back. False when it is past that, so that the revision before is deployed."""
        if not started.arn:
            return False
        accepted = rollout.ports.ecs.stop_service_deployment(started.arn)
        if accepted:
            rollout.say(f"asked ECS to roll deployment {started.arn.rpartition('/')[2]} back")
        return accepted
