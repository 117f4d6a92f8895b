# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several services of one account, each in a world of its own, in the same time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.task_stability import TaskStabilityGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.order import Order
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.together import roll_out_together

from tests.unit.plugins.module_utils._rollout.case import document, make_request
from tests.unit.plugins.module_utils._rollout.fakes import World

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Release
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.report import RolloutResult
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import RolloutRequest

LEAD = "inference"
GATES = (TaskStabilityGate(bake_seconds=10, deadline_seconds=60),)


class Neighbour(World):
    """A world whose time passes in all of its *street*."""

    def __init__(self, name: str, street: list[Neighbour]) -> None:
        super().__init__(name)
        self.street = street
        street.append(self)

    def sleep(self, seconds: float) -> None:
        for other in [other for other in self.street if other is not self]:
            World.sleep(other, seconds)
        super().sleep(seconds)


class Street:
    """The services of *names*, which are released in this order."""

    def __init__(self, *names: str) -> None:
        street: list[Neighbour] = []
        self.worlds = {name: Neighbour(name, street) for name in names}
        #: The writing calls of all services, as ``service: call``.
        self.calls: list[str] = []
        for name, world in self.worlds.items():
            world.calls = _Calls(name, self.calls)

    def push(self, version: str, digit: str, **unfit: dict[str, Any]) -> str:
        """Put an image in the repository, which behaves in a service of *unfit* as that says; its tag."""
        tags = [world.push(version, digit, **unfit.get(name, {})) for name, world in self.worlds.items()]
        return tags[0]

    def request(self, name: str, version: str, **other: Any) -> RolloutRequest:
        if name == LEAD:
            return make_request(version, **other)
        settings = replace(
            make_request(version).settings, target_bindings=frozenset(), health_check_grace_period_seconds=0
        )
        own = {**document(FASTBREAK_LOG_LEVEL="info"), "family": f"fastbreak-dev-{name}"}
        defaults = {"service": name, "settings": settings, "rules": (), "scaling": None, "document": own}
        return make_request(version, **{"gates": GATES, **defaults, **other})

    def roll_out(
        self, version: str, *, check_mode: bool = False, options: dict[str, dict[str, Any]] | None = None, **other: Any
    ) -> dict[str, RolloutResult]:
        """Release *version* to every service."""
        given = options or {}
        orders = [
            Order(self.request(name, version, **{**other, **given.get(name, {})}), ports(world), leads=name == LEAD)
            for name, world in self.worlds.items()
        ]
        return roll_out_together(orders, check_mode=check_mode)

    def runs(self) -> dict[str, str]:
        """The version that each service is set to; empty for one that is not there."""
        return {name: _version(world) for name, world in self.worlds.items()}

    def newest(self, name: str) -> Release:
        return self.worlds[name].history(name)[0]

    def outcomes(self) -> dict[str, str]:
        """How the newest release of each service ended; empty where there was none."""
        worlds = self.worlds.items()
        return {name: world.history(name)[0].outcome.value if world.records else "" for name, world in worlds}


class _Calls(list[str]):
    """The calls of one service, which are kept in the order of all services' too."""

    def __init__(self, name: str, every: list[str]) -> None:
        super().__init__()
        self._name, self._every = name, every

    def append(self, call: str) -> None:
        super().append(call)
        self._every.append(f"{self._name}: {call}")


def ports(world: World) -> Ports:
    return Ports(*[world] * 13)  # type: ignore[arg-type]


def _version(world: World) -> str:
    if world.service is None:
        return ""
    return world.behaviour(world.service.task_definition_arn).tag.partition("-")[0]
