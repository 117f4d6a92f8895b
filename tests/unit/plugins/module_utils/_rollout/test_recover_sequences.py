# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that are killed, refused and run again in any order: what there is in the end was there before, or asked for."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    FastbreakError,
    OperationError,
    RefusedError,
    RolledBackError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Migration
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import ListenerRule, TargetBinding
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.examples import examples
from tests.unit.plugins.module_utils._rollout.case import ROLE, deploy, make_request, newest, scaling
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, LISTENER_ARN, World
from tests.unit.plugins.module_utils._rollout.killed import WRITES, Killed, Mortal, kill_after

GREEN_ARN = "arn:aws:elasticloadbalancing:us-east-1:111111111111:targetgroup/green/2"
SETTINGS = make_request("x").settings


def in_group(arn: str, **other: Any) -> dict[str, Any]:
    return {
        "settings": replace(SETTINGS, target_bindings=frozenset({TargetBinding(arn, "service", 8080)}), **other),
        "rules": (ListenerRule(LISTENER_ARN, 100, frozenset({"/*"}), arn),),
    }


BEFORE: dict[str, Any] = {"scaling": scaling(2, 6), **in_group(GROUP_ARN)}
COMMANDS: tuple[dict[str, Any], ...] = (
    {"version": "1.1.0", "scaling": scaling(3, 9), **in_group(GROUP_ARN, tags=frozenset({("team", "physio")}))},
    {"version": "1.2.0", "scaling": scaling(4, 8), **in_group(GREEN_ARN), "migration": Migration("service", ("go",))},
    # Unfit, before it could be accepted and after that.
    {"version": "1.3.0", "scaling": scaling(5, 7), **in_group(GROUP_ARN)},
    {"version": "1.4.0", "scaling": scaling(6, 7), **in_group(GREEN_ARN)},
    {"version": "1.5.0", "scaling": scaling(7, 8), **in_group(GROUP_ARN), "migration": Migration("service", ("go",))},
)
OTHER_SETTINGS: dict[str, Any] = {
    "scaling": scaling(8, 18),
    **in_group(GROUP_ARN, tags=frozenset({("team", "coaches")}), propagate_tags="SERVICE"),
}
GOOD: dict[str, Any] = {"version": "1.8.0", "scaling": scaling(2, 20), **in_group(GROUP_ARN)}
BAD: dict[str, Any] = {"version": "1.9.0", "scaling": scaling(9, 10), **in_group(GROUP_ARN)}


@cache
def _platform() -> World:
    world = World()
    world.push("1.0.0", "a")
    deploy(ports_of(world), "1.0.0", **BEFORE)
    world.push("1.1.0", "1", ready_after=10.0)
    world.push("1.2.0", "2")
    world.push("1.3.0", "3", status=500)
    world.push("1.4.0", "4", exits_after=5.0)
    world.push("1.5.0", "5", migration_exit=1)
    world.push("1.8.0", "8")
    world.push("1.9.0", "9", status=500)
    return world


def ports_of(world: World) -> Ports:
    return Ports(*[world] * 13)  # type: ignore[arg-type]


def state(world: World) -> tuple[Any, ...]:
    """What users and operators see of the service."""
    assert world.service
    image = world.definitions[world.service.task_definition_arn].document["containerDefinitions"][0]["image"]
    rules = {rule.place: (rule.summary().path_patterns, rule.weights) for rule in world.rules.values()}
    settings = world.service.settings
    tag = world.behaviours[image.rpartition("@")[2]].tag
    return tag, settings.target_bindings, settings.tags, settings.propagate_tags, rules, world.scaling


def asked_for(command: dict[str, Any], tag: str) -> tuple[Any, ...]:
    settings, rule = command["settings"], command["rules"][0]
    rules = {(rule.listener_arn, rule.priority): (rule.path_patterns, {rule.target_group_arn: 1})}
    return tag, settings.target_bindings, settings.tags, settings.propagate_tags, rules, command["scaling"]


def successes(world: World) -> int:
    return sum(release.succeeded for release in world.records.values())


def go_through(world: World, steps: list[tuple[str, int, int]]) -> tuple[Any, ...]:
    """Do *steps*; what a release that fails afterwards has to leave."""
    before = state(world)
    for number, (kind, index, step) in enumerate(steps):
        # The last of them changes settings of whatever runs.
        command = COMMANDS[index] if index < len(COMMANDS) else {"version": state(world)[0], **OTHER_SETTINGS}
        succeeded = successes(world)
        mortal = Mortal(world, step, before=bool(step % 2))
        ports = mortal.ports() if kind == "killed" else ports_of(world)
        world.missing |= {ROLE} if kind == "refused" else set()
        with suppress(Killed, FastbreakError):
            deploy(ports, **command, owner=f"run@here:{number}:aaaa")
        world.missing -= {ROLE}
        world.sleep(120)
        ended = world.kept is None and not any(release.in_progress for release in world.records.values())
        # What runs already is changed without a release, and then nothing of a new task is asked for.
        changed = ended and state(world)[0].startswith(command["version"])
        if successes(world) > succeeded or changed:
            # It was accepted, whatever became of the run after that.
            asked = asked_for(command, newest_success(world))
            before = asked if state(world) == asked or successes(world) > succeeded else before
    return before


def newest_success(world: World) -> str:
    return next(release.version for release in world.history("inference") if release.succeeded)


STEPS = st.lists(
    st.tuples(st.sampled_from(["killed", "killed", "refused", "run"]), st.integers(0, 5), st.integers(2, 60)),
    min_size=1,
    max_size=5,
)


@examples(25)
@given(STEPS)
@example([("killed", 0, 4), ("run", 5, 2), ("refused", 0, 2)])
def test_release_that_fails_after_any_of_it_goes_back_to_what_was_let_in_last(
    steps: list[tuple[str, int, int]],
) -> None:
    world = deepcopy(_platform())
    before = go_through(world, steps)
    with pytest.raises(RolledBackError, match="Put back"):
        deploy(ports_of(world), **BAD, owner="last@here:9:dddd")
    assert state(world) == before
    assert not [release for release in world.records.values() if release.in_progress]
    assert not any(release.snapshot for release in world.records.values())
    assert world.kept is None


@examples(20)
@given(STEPS)
def test_release_that_is_let_in_after_any_of_it_is_what_was_asked_for(steps: list[tuple[str, int, int]]) -> None:
    world = deepcopy(_platform())
    go_through(world, steps)
    assert deploy(ports_of(world), **GOOD, owner="last@here:9:dddd").changed
    assert state(world) == asked_for(GOOD, newest_success(world))
    assert not [release for release in world.records.values() if release.in_progress]
    assert not deploy(ports_of(world), **GOOD, owner="last@here:9:dddd").changed


@examples(12)
@given(STEPS)
def test_rollback_after_any_of_it_can_be_run_and_run_again(steps: list[tuple[str, int, int]]) -> None:
    world = deepcopy(_platform())
    go_through(world, steps)
    command = {"version": "", "kind": ROLLBACK, **GOOD_FOR_ALL}
    before = state(world)
    try:
        deploy(ports_of(world), **command)
    except RefusedError as refused:
        # Right where what ever succeeded, once or again, is what runs, whatever was tried after it.
        if "no release before 1.0.0" not in refused.message:
            raise
        assert {release.task_definition_arn for release in world.history("inference") if release.succeeded} == {
            world.service.task_definition_arn
        }
        assert state(world) == before
        return
    there = state(world)[0]
    assert not [release for release in world.records.values() if release.in_progress]
    assert not deploy(ports_of(world), **command).changed
    assert state(world)[0] == there


GOOD_FOR_ALL: dict[str, Any] = {"scaling": scaling(2, 20), **in_group(GROUP_ARN)}


def test_refusal_between_a_killed_run_and_the_next_one_loses_nothing() -> None:
    world = deepcopy(_platform())
    before = state(world)
    kill_after(world, ports_of(world), 4, **COMMANDS[0])
    killed = newest(world)
    world.sleep(120)
    for command in (COMMANDS[1], COMMANDS[0]):
        world.missing.add(ROLE)
        with pytest.raises(RefusedError, match="refused before anything"):
            deploy(ports_of(world), **command, owner="next@here:9:cccc")
        world.missing.discard(ROLE)
        assert newest(world) == killed
    with pytest.raises(OperationError, match="its migration"):
        deploy(ports_of(world), **COMMANDS[4], owner="next@here:9:cccc")
    assert killed in world.history("inference")
    with pytest.raises(RolledBackError, match=r"Put back: .*the scaling"):
        deploy(ports_of(world), **BAD, owner="next@here:9:cccc")
    assert state(world) == before
    outcomes = [release.outcome.value for release in world.history("inference")]
    assert outcomes == ["ROLLED_BACK", "FAILED", "FAILED", "SUCCEEDED"]


def test_change_of_settings_that_was_killed_is_gone_back_from_too() -> None:
    command = {"version": "1.0.0", **OTHER_SETTINGS}
    whole = Mortal(deepcopy(_platform()))
    deploy(whole.ports(), **command)
    writes = [number for number, name in enumerate(whole.steps, 1) if name in WRITES]
    assert len(writes) > 6
    for step, is_before in product(writes[1:], (True, False)):
        world = deepcopy(_platform())
        before = state(world)
        with suppress(Killed):
            deploy(Mortal(world, step, before=is_before).ports(), **command, owner="dead@here:1:dddd")
        world.sleep(120)
        again = deepcopy(world)
        done = world.kept is None and state(world) != before
        with pytest.raises(RolledBackError):
            deploy(ports_of(world), **BAD, owner="next@here:9:cccc")
        assert state(world) == (asked_for(command, newest_success(world)) if done else before), step
        deploy(ports_of(again), **command, owner="next@here:9:cccc")
        assert (again.kept, state(again)) == (None, asked_for(command, newest_success(again)))
        with pytest.raises(RolledBackError):
            deploy(ports_of(again), **BAD, owner="third@here:9:eeee")
        assert state(again) == asked_for(command, newest_success(again)), step
