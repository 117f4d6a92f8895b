# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rollback asks only briefly, or not again, what the revision has passed here before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import DEPLOY, ROLLBACK
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.metric import MetricGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.fast_track import fast_tracked, passed_before
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.stages import Stage
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.table import STRATEGIES

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest, released
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from tests.unit.plugins.module_utils._rollout.fakes import World

SHIFTING = [strategy.name for strategy in STRATEGIES if strategy.shifts_weights]
METRIC = MetricGate(name="errors", metric="Errors", maximum=1.0, stages=(Stage.AFTER_TRAFFIC,))


def test_gates_that_look_again_do_so_briefly_and_others_are_left_out(world: World, ports: Ports) -> None:
    released(world, ports)
    accepted = newest(world)
    passed = replace(accepted.gates[0], gate="errors", seen="0 of 5 periods", expected=METRIC.expected(), dry_run=False)
    history = (replace(accepted, gates=(*accepted.gates, passed)),)
    request = make_request("", kind=ROLLBACK, gates=(*make_request("x").gates, METRIC))
    fast = fast_tracked(request, history, accepted)
    assert [gate.name for gate in fast.gates] == ["target_health", "ready", "route"]
    assert {(gate.bake_seconds, gate.consecutive_successes) for gate in fast.gates} == {(3.0, 1)}
    (left_out,) = fast.passed_before
    assert left_out.dry_run
    assert left_out.seen.startswith("not asked again: this revision passed it at ")
    assert fast_tracked(fast, history, accepted) == fast


def test_what_was_never_passed_is_asked_in_full(world: World, ports: Ports) -> None:
    released(world, ports)
    accepted = newest(world)
    unhealthy = tuple(replace(gate, verdict=Verdict.INCONCLUSIVE, dry_run=True) for gate in accepted.gates)
    request = make_request("", kind=ROLLBACK, gates=(*make_request("x").gates, METRIC))
    fast = fast_tracked(request, (replace(accepted, gates=unhealthy),), accepted)
    assert fast.gates == request.gates
    assert not fast.passed_before
    assert fast_tracked(request, (), None) == request
    assert passed_before((), accepted) == ()


@pytest.mark.parametrize(("maximum", "asked"), [(1.0, False), (0.5, True), (2.0, True)])
def test_a_gate_that_asks_for_something_else_now_is_not_left_out(
    world: World, ports: Ports, maximum: float, asked: bool
) -> None:
    released(world, ports)
    accepted = newest(world)
    passed = replace(accepted.gates[0], gate="errors", expected=METRIC.expected(), dry_run=False)
    history = (replace(accepted, gates=(*accepted.gates, passed)),)
    request = make_request("", kind=ROLLBACK, gates=(*make_request("x").gates, replace(METRIC, maximum=maximum)))
    fast = fast_tracked(request, history, accepted)
    assert ("errors" in [gate.name for gate in fast.gates]) is asked
    assert bool(fast.passed_before) is not asked
    assert all(gate.bake_seconds == 3.0 for gate in fast.gates if gate.repeats)


def test_deploys_have_no_fast_track(world: World, ports: Ports) -> None:
    released(world, ports)
    request = make_request("1.0.0")
    assert fast_tracked(request, world.history("inference"), newest(world)) == request


def test_ecs_keeps_no_share_of_the_users(world: World, ports: Ports) -> None:
    released(world, ports)
    request = make_request("", kind=ROLLBACK, **by("CANARY", bake_minutes=7, canary_bake_minutes=9, canary_percent=5.0))
    own = fast_tracked(request, world.history("inference"), newest(world)).settings.deployment.own
    assert own["bakeTimeInMinutes"] == 0
    assert own["canaryConfiguration"] == {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 0}
    assert own["lifecycleHooks"] == request.settings.deployment.own["lifecycleHooks"]


def test_a_rollback_takes_less_than_half_a_minute_of_our_own(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    long = tuple(replace(gate, bake_seconds=300.0, deadline_seconds=600.0) for gate in make_request("x").gates)
    deploy(ports, "1.1.0", gates=long)
    began = world.seconds
    deploy(ports, "", kind=ROLLBACK, gates=long)
    assert newest(world).kind == ROLLBACK
    assert newest(world).succeeded
    assert world.seconds - began < 30


@pytest.mark.parametrize("strategy", SHIFTING)
def test_the_bake_times_are_back_after_a_rollback(strategy: str) -> None:
    world = ShiftingWorld()
    ports, options = Ports(*[world] * 13), by(strategy, bake_minutes=1)
    for version, digit in (("1.0.0", "a"), ("1.1.0", "b")):
        world.push(version, digit)
        deploy(ports, version, **options)
    started, deployed = world._deploy, list[int]()

    def note(definition_arn: str) -> None:
        started(definition_arn)
        deployed.append(world.service.settings.deployment.own["bakeTimeInMinutes"])

    world._deploy = note
    deploy(ports, "", kind=ROLLBACK, **options)
    assert deployed == [0]
    assert world.service.settings.deployment == options["settings"].deployment
    for kind in (ROLLBACK, DEPLOY):
        assert not deploy(ports, "1.0.0", kind=kind, **options).changed


def test_where_nothing_goes_back_any_more_nothing_is_changed() -> None:
    world = ShiftingWorld()
    ports, canary = (
        Ports(*[world] * 13),
        by("CANARY", bake_minutes=1, canary_percent=20.0, canary_bake_minutes=1),
    )
    for version, digit in (("1.0.0", "a"), ("1.1.0", "b")):
        world.push(version, digit)
        deploy(ports, version, **canary)
    world.push("1.2.0", "c", path_status={"/v1/analyses": 500})
    with pytest.raises(RolledBackError):
        deploy(ports, "1.2.0", **canary)
    assert not deploy(ports, "", kind=ROLLBACK, **canary).changed
    assert deploy(ports, "1.0.0", kind=ROLLBACK, **canary).changed
    assert not deploy(ports, "1.0.0", kind=ROLLBACK, **canary).changed
    assert not deploy(ports, "", kind=ROLLBACK, **canary).changed
