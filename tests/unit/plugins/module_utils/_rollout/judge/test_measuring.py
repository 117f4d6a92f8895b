# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What gates measure goes on with the release, and with the run that takes it up."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.lease import LOCK_SECONDS
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.observation import Look, Observer

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest
from tests.unit.plugins.module_utils._rollout.killed import kill_after
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

CANARY = by("CANARY", bake_minutes=1, canary_percent=20.0, canary_bake_minutes=1)


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


def released(world: ShiftingWorld, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **CANARY)
    world.push("1.1.0", "b")
    world.lines.clear()


def judged_stages(world: ShiftingWorld) -> Counter[tuple[str, str]]:
    return Counter((gate.gate, gate.stage) for gate in newest(world).gates)


@pytest.mark.parametrize("seconds", [60, 100, 130])
def test_a_run_that_takes_a_release_up_records_what_it_passed_before(
    world: ShiftingWorld, ports: Ports, seconds: float
) -> None:
    released(world, ports)
    kill_after(world, ports, seconds, version="1.1.0", **CANARY)
    before = judged_stages(world)
    deploy(ports, "1.1.0", owner="next@here:9:cccc", **CANARY)
    assert newest(world).outcome is Outcome.SUCCEEDED
    after = judged_stages(world)
    assert before
    assert set(before) <= set(after)
    assert after["ready", "before_traffic"] == 1
    assert not newest(world).measuring


def test_what_was_measured_of_a_stage_counts_for_the_run_that_goes_on_there(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports)
    long = tuple(replace(gate, bake_seconds=100.0, deadline_seconds=300.0) for gate in make_request("x").gates)
    kill_after(world, ports, 80, version="1.1.0", gates=long, **CANARY)
    began = world.seconds
    deploy(ports, "1.1.0", owner="next@here:9:cccc", gates=long, wait_until="before_traffic", **CANARY)
    assert world.seconds - began < LOCK_SECONDS + 90, "it was measured anew"
    assert [line for line in world.lines if "going on with what an earlier run measured" in line]
    ready = next(gate for gate in newest(world).gates if gate.gate == "ready")
    assert ready.samples > 100


def test_a_run_that_dies_before_it_saw_the_release_leaves_what_was_kept(
    world: ShiftingWorld, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(world, ports)
    kill_after(world, ports, 80, version="1.1.0", **CANARY)
    before = newest(world)

    def away(_observer: Observer, last: Look, _rules: object = ()) -> Look:
        return replace(last, problem="the network is down", unseen=True)

    with monkeypatch.context() as patched:
        patched.setattr(Observer, "look", away)
        kill_after(world, ports, LOCK_SECONDS + 40, version="1.1.0", owner="next@here:9:cccc", **CANARY)
    after = newest(world)
    assert before.measuring
    assert (after.measuring, after.gates) == (before.measuring, before.gates)


def test_what_is_measured_is_kept_while_it_is(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports)
    kill_after(world, ports, 40, version="1.1.0", **CANARY)
    kept = newest(world)
    assert kept.in_progress
    assert kept.measuring
    assert kept.course
    assert [gate.series.points for gate in kept.gates if gate.gate == "ready"]
