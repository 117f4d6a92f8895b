# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gates that the running version fails too: refused before anything is changed, unless that is meant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.metric import MetricGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest, released
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, World

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import Gate
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Answer

HEALTH = make_request("x").gates[0]
ROUTE = HttpGate(name="new", url="http://alb/v2", minimum_samples=10, bake_seconds=10, deadline_seconds=60)
BUSY = MetricGate(
    name="busy",
    metric="RequestCount",
    maximum=10.0,
    bake_seconds=0,
    deadline_seconds=900,
    listener_arn="l",
    dry_run=False,
)
DIMENSION = GROUP_ARN.rpartition(":")[2]


def gated(gate: Gate[Any]) -> dict[str, Any]:
    return {"gates": (HEALTH, gate)}


def test_a_path_that_the_running_version_does_not_have_is_refused(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a", path_status={"/v2": 404})
    deploy(ports, "1.0.0")
    world.push("1.1.0", "b")
    world.calls.clear()
    with pytest.raises(
        RefusedError, match=r"Gate new fails on the running version 1\.0\.0-a+ too: GET http://alb/v2"
    ) as told:
        deploy(ports, "1.1.0", **gated(ROUTE))
    assert "GET http://alb/v2: 3 of 3 failed (3 x 404)" in told.value.message
    assert "running_version_may_fail" in told.value.message
    assert [call for call in world.calls if "lock" not in call] == []
    deploy(ports, "1.1.0", **gated(replace(ROUTE, running_version_may_fail=True)))
    assert newest(world).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        (200, False),
        (301, False),
        (403, False),
        (404, False),
        (500, True),
        (501, True),
        (502, False),
        (503, False),
        (504, False),
    ],
)
def test_answers_without_a_version_are_the_running_versions_unless_nobody_may_have_given_them(
    world: World, ports: Ports, status: int, refused: bool
) -> None:
    world.push("1.0.0", "a", path_status={"/v2": status})
    deploy(ports, "1.0.0")
    world.push("1.1.0", "b")
    told = deploy_or_told(ports, gated(replace(ROUTE, version_header="")))
    assert (f"GET http://alb/v2: 3 of 3 failed (3 x {status})" in told) is refused
    assert bool(told) is refused


@pytest.mark.parametrize("gate", [replace(ROUTE, dry_run=True), replace(ROUTE, method="POST")])
def test_what_decides_nothing_or_changes_something_is_not_tried(world: World, ports: Ports, gate: HttpGate) -> None:
    world.push("1.0.0", "a", path_status={"/v2": 404})
    deploy(ports, "1.0.0")
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", gates=(*make_request("x").gates, gate))
    assert newest(world).outcome is Outcome.SUCCEEDED


def test_a_running_version_that_answers_at_times_or_not_at_all_is_no_reason(world: World, ports: Ports) -> None:
    """What answers without a name, or nobody, says nothing of the gate; and to go back is never refused."""
    released(world, ports)
    world.push("1.1.0", "b", path_status={"/v2": 404})
    deploy(ports, "1.1.0")
    deploy(ports, "", kind=ROLLBACK, **gated(ROUTE))
    assert newest(world).version.startswith("1.0.0")
    for task in world.tasks:
        task.groups = frozenset()
    world.push("1.2.0", "c")
    deploy(ports, "1.2.0", **gated(ROUTE))
    assert newest(world).outcome is Outcome.SUCCEEDED


class SlowWorld(World):
    """Every answer takes so many ``seconds``, of which the last stays."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds_taken = [0.0]

    def request(self, method: str, url: str, **other: Any) -> Answer:
        taken = self.seconds_taken.pop(0) if len(self.seconds_taken) > 1 else self.seconds_taken[0]
        return replace(super().request(method, url, **other), seconds=taken)


@pytest.mark.parametrize(
    ("quantile", "taken", "asked"),
    [(0.95, [0.5], 3), (0.5, [0.5], 10), (0.1, [0.5], 0), (0.5, [0.5, 0.5, 0.5, 0.1], 0), (0.95, [0.1], 0)],
)
def test_a_running_version_that_is_slower_than_it_may_be_is_refused_beyond_chance(
    quantile: float, taken: list[float], asked: int
) -> None:
    world = SlowWorld()
    ports = Ports(*[world] * 13)  # type: ignore[arg-type]
    released(world, ports)
    world.push("1.1.0", "b")
    world.seconds_taken = list(taken)
    quick = replace(ROUTE, url="http://alb/v1/analyses", maximum_latency_seconds=0.3, latency_quantile=quantile)
    told = deploy_or_told(ports, gated(quick))
    assert (f"{asked} took longer than 0.3 s" in told) == bool(asked)
    assert bool(told) == bool(asked)


@pytest.mark.parametrize(("value", "refused"), [(50.0, True), (5.0, False), (None, False)])
def test_a_limit_that_the_running_version_breaks_is_refused(
    world: World, ports: Ports, value: float | None, refused: bool
) -> None:
    released(world, ports)
    world.metrics["RequestCount", DIMENSION] = lambda _at: value
    world.push("1.1.0", "b")
    told = deploy_or_told(ports, gated(BUSY))
    assert ("Gate busy fails on the running version 1.0.0" in told) is refused
    assert not deploy_or_told(ports, gated(replace(BUSY, running_version_may_fail=True)), check=True)


def deploy_or_told(ports: Ports, options: dict[str, Any], *, check: bool = True) -> str:
    """Why a release of 1.1.0 would be refused; empty when it would not."""
    try:
        deploy(ports, "1.1.0", check_mode=check, **options)
    except RefusedError as error:
        return error.message
    return ""
