# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Putting back what a release changed beside its tasks, and naming what could not be put back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.read import read
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.rules import StandingRule, written
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.restore import Restoration
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.take_snapshot import take_snapshot
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import ListenerRule

from tests.unit.plugins.module_utils._rollout.case import make_request, released, scaling
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, LISTENER_ARN, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

NEW = ListenerRule(LISTENER_ARN, 50, frozenset({"/new"}), GROUP_ARN)
ASKED: dict[str, Any] = {"timeout_seconds": 1.0, "version_header": ""}
OTHER_GROUP = GROUP_ARN.replace("blue", "dead")


@pytest.fixture
def session(world: World, ports: Ports) -> Session:
    released(world, ports)
    rules = (*make_request("x").rules, NEW)
    return Session(make_request("1.0.0", rules=rules), ports)


@pytest.fixture
def restoration(session: Session) -> Restoration:
    return Restoration(session, take_snapshot(session, read(session)))


def rules_of(world: World) -> dict[Any, Any]:
    return {place: (rule.summary().path_patterns, rule.weights, rule.tags) for place, rule in world.rules.items()}


def change_rule(world: World, **change: Any) -> None:
    place = (LISTENER_ARN, 100)
    world.rules[place] = replace(world.rules[place], **change)


def add_new(world: World) -> None:
    tags = make_request("x").owned_by.marks
    world.rules[LISTENER_ARN, 50] = written(NEW, tags=tags, arn="new")


CHANGES: list[tuple[Callable[[World], None], str]] = [
    (lambda world: None, ""),
    (lambda world: world.rules.clear(), "rule 100"),
    (lambda world: change_rule(world, conditions=()), "rule 100"),
    (lambda world: change_rule(world, tags=frozenset()), "the tags of rule 100"),
    (add_new, "rule 50 of listener 2 (deleted)"),
    (lambda world: setattr(world, "scaling", scaling(1, 9)), "the scaling"),
    (lambda world: setattr(world, "scaling", None), "the scaling"),
    (
        lambda world: setattr(
            world,
            "service",
            replace(
                world.service,
                settings=replace(world.service.settings, tags=frozenset({("a", "b")}), enable_execute_command=True),
            ),
        ),
        "enable execute command, tags",
    ),
]


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_each_difference_is_put_back_and_said(
    world: World, restoration: Restoration, change: Callable[[World], None], said: str
) -> None:
    before = (rules_of(world), world.scaling, world.service.settings)
    change(world)
    restored = restoration.everything()
    assert (rules_of(world), world.scaling, world.service.settings) == before
    assert said in ", ".join(restored.done)
    assert (bool(restored.done), restored.left) == (bool(said), ())
    world.calls.clear()
    assert not restoration.everything().left
    assert world.calls == []


def test_rules_of_others_are_left_alone(world: World, restoration: Restoration) -> None:
    theirs = written(NEW, tags={"fastbreak:service": "api", "fastbreak:cluster": "fastbreak-dev"}, arn="theirs")
    world.rules[LISTENER_ARN, 50] = theirs
    restoration.everything()
    assert world.rules[LISTENER_ARN, 50] == theirs


@pytest.mark.parametrize("error", [OperationError("denied"), UnavailableError("down")])
@pytest.mark.parametrize(
    ("method", "named"),
    [("put_rule", "rule 100"), ("tag_service", "the service's settings"), ("change_scaling", "the scaling")],
)
def test_what_cannot_be_put_back_is_named_and_keeps_nothing_else_from_it(
    world: World, restoration: Restoration, error: Exception, method: str, named: str
) -> None:
    for change, _said in CHANGES[2:]:
        change(world)
    change_rule(world, conditions=())

    def refuse(*_: object) -> None:
        raise error

    setattr(world, method, refuse)
    restored = restoration.everything()
    assert [left for left in restored.left if left.startswith(named)] == list(restored.left)
    assert restored.left
    assert (world.scaling == scaling(2, 6)) == (method != "change_scaling")
    assert named in str(restored)


def test_users_are_not_taken_from_what_answers_to_what_does_not(world: World, session: Session) -> None:
    snapshot = take_snapshot(session, read(session))
    (rule,) = snapshot.rules
    dead: StandingRule = written(
        replace(rule.summary(), target_group_arn=OTHER_GROUP), tags=dict(rule.tags), arn=rule.arn
    )
    restored = Restoration(session, replace(snapshot, rules=(dead,))).everything()
    assert "no healthy target" in str(restored)
    assert world.rules[rule.place].groups == {GROUP_ARN}


def test_a_rule_whose_conditions_the_record_does_not_hold_is_named_and_left(
    session: Session, restoration: Restoration, world: World
) -> None:
    bare = tuple(replace(rule, conditions=()) for rule in restoration.snapshot.rules)
    before = rules_of(world)
    restored = Restoration(session, replace(restoration.snapshot, rules=bare)).everything()
    assert any("conditions that the release record does not hold" in left for left in restored.left)
    assert rules_of(world) == before


def test_paths_that_two_rules_traded_come_back_without_a_moment_in_which_one_goes_nowhere(
    session: Session, world: World
) -> None:
    tags = make_request("x").owned_by.marks
    for priority, path in ((100, "/a"), (50, "/b")):
        rule = ListenerRule(LISTENER_ARN, priority, frozenset({path}), GROUP_ARN)
        world.rules[LISTENER_ARN, priority] = written(rule, tags=tags, arn=f"rule {priority}")
    restoration = Restoration(session, take_snapshot(session, read(session)))
    before = rules_of(world)
    first, second = world.rules[LISTENER_ARN, 100], world.rules[LISTENER_ARN, 50]
    world.rules[LISTENER_ARN, 100] = replace(first, conditions=second.conditions)
    world.rules[LISTENER_ARN, 50] = replace(second, conditions=first.conditions)
    put = world.put_rule
    routed = []

    def watched(rule: StandingRule) -> StandingRule:
        done = put(rule)
        routed.append(all(world.request("GET", f"http://alb{path}", **ASKED).status == 200 for path in ("/a", "/b")))
        return done

    world.put_rule = watched  # type: ignore[method-assign]
    restoration.everything()
    assert rules_of(world) == before
    assert routed
    assert all(routed)


def test_a_count_that_the_scaling_of_the_release_moved_is_put_back(
    session: Session, restoration: Restoration, world: World
) -> None:
    assert world.service
    world.scaling = scaling(5, 9)
    world.service = replace(world.service, desired_count=5)
    restored = restoration.everything()
    assert "the desired count, 2" in restored.done
    assert world.service.desired_count == 2
    assert restored.left == ()


def test_a_count_that_somebody_set_to_0_is_named_and_left(
    session: Session, restoration: Restoration, world: World
) -> None:
    assert world.service
    world.scaling = scaling(5, 9)
    world.service = replace(world.service, desired_count=0)
    restored = restoration.everything()
    assert any("was set to 0 meanwhile" in left for left in restored.left)
    assert world.service.desired_count == 0
