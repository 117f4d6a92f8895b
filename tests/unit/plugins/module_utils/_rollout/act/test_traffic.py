# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moving users to a release: to another target group, by other rules, and back, with an answer to every request."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RefusedError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.rules import written
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    Condition,
    ListenerRule,
    TargetBinding,
)

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, released, scaling
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, LISTENER_ARN, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

GREEN = GROUP_ARN.replace("blue", "green")


def to_green(**other: Any) -> dict[str, Any]:
    """Options of a release to another target group."""
    bindings = frozenset({TargetBinding(GREEN, "service", 8080)})
    return {
        "settings": replace(make_request("x").settings, target_bindings=bindings),
        "rules": (ListenerRule(LISTENER_ARN, 100, frozenset({"/*"}), GREEN),),
        **other,
    }


class Users:
    """Send a request every half second of the world's time, and keep what came back."""

    def __init__(self, world: World) -> None:
        self.statuses: list[int] = []
        sleep = world.sleep

        def asked(seconds: float) -> None:
            end = world.seconds + seconds
            while world.seconds < end:
                sleep(min(0.5, end - world.seconds))
                answer = world.request("GET", "http://alb/v1/users", timeout_seconds=1, version_header="x")
                self.statuses.append(answer.status)

        world.sleep = asked  # type: ignore[method-assign]


def settled(world: World) -> tuple[Any, ...]:
    """All that an undo has to restore."""
    assert world.service
    rules = sorted((rule.summary(), sorted(rule.weights.items()), sorted(rule.tags)) for rule in world.rules.values())
    return (world.service.settings, world.service.task_definition_arn, rules, world.scaling)


def test_another_target_group_costs_no_request(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    users = Users(world)
    deploy(ports, "1.1.0", **to_green())
    assert set(users.statuses) == {200}
    (rule,) = world.rules.values()
    assert rule.weights == {GREEN: 1}
    assert {binding.target_group_arn for binding in world.service.settings.target_bindings} == {GREEN}
    assert not deploy(ports, "1.1.0", **to_green()).changed


@pytest.mark.parametrize("seconds", [1.0, 4.0, 8.0, 12.0, 16.0, 20.0, 24.0])
def test_release_to_another_target_group_that_fails_at_any_time_is_undone_whole(
    world: World, ports: Ports, seconds: float
) -> None:
    released(world, ports)
    before = settled(world)
    world.push("1.1.0", "b")

    def break_it() -> None:
        for task in world.tasks:
            if task.behaviour.tag.startswith("1.1.0"):
                task.behaviour = replace(task.behaviour, path_status={"/v1/analyses": 500})
        digest = "sha256:" + "b" * 64
        world.behaviours[digest] = replace(world.behaviours[digest], path_status={"/v1/analyses": 500})

    users = Users(world)
    world.at.append((world.seconds + seconds, break_it))
    with pytest.raises(RolledBackError):
        deploy(ports, "1.1.0", **to_green())
    assert settled(world) == before
    assert set(users.statuses) == {200}
    assert not deploy(ports, "1.0.0").changed


def test_release_with_other_conditions_is_undone_whole(world: World, ports: Ports) -> None:
    released(world, ports)
    before = settled(world)
    world.push("1.1.0", "b", path_status={"/v1/analyses": 500})
    team = frozenset({Condition("http-header", frozenset({"physio"}), "X-Team")})
    rules = (ListenerRule(LISTENER_ARN, 100, frozenset({"/*"}), GROUP_ARN, conditions=team),)
    gates = tuple(gate.aimed(rules) for gate in make_request("1.1.0").gates)
    users = Users(world)
    with pytest.raises(RolledBackError, match="gate route is UNHEALTHY"):
        deploy(ports, "1.1.0", rules=rules, gates=gates, stop_serving=("header X-Team",))
    assert settled(world) == before
    assert users.statuses[-1] == 200
    assert not deploy(ports, "1.0.0").changed


def test_undo_is_none_while_the_host_that_users_know_is_not_answered(world: World, ports: Ports) -> None:
    good = (ListenerRule(LISTENER_ARN, 100, frozenset({"/*"}), GROUP_ARN, frozenset({"api.example.com"})),)
    new = (replace(good[0], host_headers=frozenset({"new.example.com"})),)
    gates = make_request("1.1.0").gates
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", rules=good, gates=tuple(gate.aimed(good) for gate in gates))
    world.push("1.1.0", "b", path_status={"/v1/analyses": 500})
    put = world.put_rule

    def refuse_the_old_host(rule: Any) -> Any:
        if "api.example.com" in str(rule.conditions):
            raise OperationError("TooManyRules")
        return put(rule)

    world.put_rule = refuse_the_old_host  # type: ignore[method-assign]
    with pytest.raises(OperationError) as caught:
        deploy(
            ports,
            "1.1.0",
            rules=new,
            gates=tuple(gate.aimed(new) for gate in gates),
            stop_serving=("host api.example.com",),
        )
    assert not isinstance(caught.value, RolledBackError)
    assert re.search(
        r"users do not get its answers: .*GET http://alb/readyz with host api\.example\.com: 503", caught.value.message
    )


def test_first_release_gets_no_user_before_every_task_is_healthy(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a", ready_after=6.0)
    seen: list[bool] = []
    put = world.put_rule

    def put_and_see(rule: Any) -> Any:
        seen.append(all(world._healthy(task) for task in world.tasks) and len(world.tasks) == 2)
        return put(rule)

    world.put_rule = put_and_see  # type: ignore[method-assign]
    deploy(ports, "1.0.0")
    assert seen == [False, True]
    assert [rule.summary().path_patterns for rule in world.rules.values()] == [frozenset({"/*"})]


def test_rule_moves_to_another_priority_without_a_gap_and_the_old_one_goes(world: World, ports: Ports) -> None:
    released(world, ports)
    users = Users(world)
    rules = (ListenerRule(LISTENER_ARN, 50, frozenset({"/*"}), GROUP_ARN),)
    assert deploy(ports, "1.0.0", rules=rules).action == "settings"
    assert [place[1] for place in world.rules] == [50]
    assert set(users.statuses) == {200}


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_rule_of_another_service_is_refused_before_anything_is_changed(
    world: World, ports: Ports, version: str
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    wanted = ListenerRule(LISTENER_ARN, 7, frozenset({"/*"}), GROUP_ARN)
    tags = {"fastbreak:service": "other", "fastbreak:cluster": "fastbreak-dev"}
    world.rules[LISTENER_ARN, 7] = written(replace(wanted, target_group_arn=GREEN), tags=tags, arn="theirs")
    for check_mode in (True, False):
        with pytest.raises(RefusedError, match="belongs to service other of cluster"):
            deploy(ports, version, rules=(wanted,), check_mode=check_mode)
    assert world.calls == []


def test_unmarked_rule_to_our_target_group_is_adopted_and_said(world: World, ports: Ports) -> None:
    released(world, ports)
    ((place, rule),) = world.rules.items()
    world.rules[place] = replace(rule, tags=frozenset({("Team", "video")}))
    result = deploy(ports, "1.0.0")
    assert result.action == "settings"
    assert "bore no service's tags" in " ".join(result.warnings)
    assert dict(world.rules[place].tags) == {
        "Team": "video",
        "fastbreak:service": "inference",
        "fastbreak:cluster": "fastbreak-dev",
    }
    assert not deploy(ports, "1.0.0").changed


def rewrite(world: World, **change: Any) -> None:
    """Somebody changes the only listener rule."""
    ((place, rule),) = world.rules.items()
    world.rules[place] = written(replace(rule.summary(), **change), tags=dict(rule.tags), arn=rule.arn)


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (lambda world: world.rules.clear(), r"rule/100/\d+ \(listener_rules\) was deleted"),
        (
            lambda world: world.missing.add(GROUP_ARN),
            r"target group \S+ \(load_balancer.target_group_arn\) was deleted",
        ),
        (
            lambda world: setattr(world, "service", replace(world.service, desired_count=0)),
            "the desired count of the service was set to 0",
        ),
        (
            lambda world: rewrite(world, target_group_arn=GROUP_ARN.replace("blue", "theirs")),
            r"rule 100 of listener 2 \(listener_rules\) was changed by somebody else: it forwards to \S+theirs",
        ),
        (
            lambda world: rewrite(world, path_patterns=frozenset({"/typo"})),
            r"rule 100 of listener 2 \(listener_rules\) was changed by somebody else: its conditions are others",
        ),
    ],
)
def test_what_goes_away_meanwhile_is_named_at_once(
    world: World, ports: Ports, lost: Callable[[World], None], said: str
) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=100.0)
    began = world.seconds
    world.at.append((world.seconds + 6, lambda: lost(world)))
    with pytest.raises(OperationError, match=said):
        deploy(ports, "1.1.0", timeout_seconds=1800.0)
    assert world.seconds - began < 120


@pytest.mark.parametrize("other", [False, True])
@pytest.mark.parametrize("seconds", [0.5, 3.0, 5.0, 8.0, 12.0, 18.0, 22.0])
def test_run_that_goes_on_with_what_an_interrupted_one_left_undoes_that_too(
    world: World, ports: Ports, seconds: float, other: bool
) -> None:
    released(world, ports)
    before = settled(world)
    world.push("1.1.0", "b", ready_after=4.0)
    world.push("1.2.0", "c", path_status={"/v1/analyses": 500})

    def interrupt() -> None:
        raise KeyboardInterrupt

    users = Users(world)
    world.at.append((world.seconds + seconds, interrupt))
    with pytest.raises(OperationError, match="interrupted"):
        deploy(ports, "1.1.0", **to_green(scaling=scaling(2, 9)))
    digest = "sha256:" + "b" * 64
    world.behaviours[digest] = replace(world.behaviours[digest], path_status={"/v1/analyses": 500})
    for task in world.tasks:
        task.behaviour = world.behaviour(task.definition_arn)
    with pytest.raises(RolledBackError):
        deploy(ports, "1.2.0" if other else "1.1.0", **to_green(scaling=scaling(2, 9)))
    assert settled(world) == before
    assert set(users.statuses) == {200}
    assert not deploy(ports, "1.0.0").changed


@pytest.mark.parametrize("breaker", [1, 3])
@pytest.mark.parametrize(
    "behaviour", [{"cannot_start": True}, {"exits_after": 2.0}, {"ready_after": None}, {"exits_after": 9.0}]
)
def test_undo_by_ecs_itself_restores_all_too(
    world: World, ports: Ports, breaker: int, behaviour: dict[str, Any]
) -> None:
    released(world, ports)
    before = settled(world)
    world.push("1.1.0", "b", **behaviour)
    world.breaker_threshold = breaker
    users = Users(world)
    with pytest.raises(RolledBackError):
        deploy(ports, "1.1.0", **to_green(scaling=scaling(2, 9)))
    assert settled(world) == before
    assert set(users.statuses) == {200} or behaviour == {"exits_after": 9.0}


def test_deployment_that_takes_too_long_is_undone_whole(world: World, ports: Ports) -> None:
    released(world, ports)
    before = settled(world)
    world.push("1.1.0", "b", ready_after=1000.0)
    users = Users(world)
    with pytest.raises(RolledBackError, match="still IN_PROGRESS after"):
        deploy(ports, "1.1.0", **to_green(scaling=scaling(2, 9), timeout_seconds=60.0))
    assert settled(world) == before
    assert set(users.statuses) == {200}


def test_paths_that_go_from_rule_to_rule_are_answered_after_every_write(world: World, ports: Ports) -> None:
    def rules(*paths: tuple[int, str]) -> tuple[ListenerRule, ...]:
        return tuple(ListenerRule(LISTENER_ARN, number, frozenset({path}), GROUP_ARN) for number, path in paths)

    gates = make_request("x").gates[:1]
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", gates=gates, rules=rules((10, "/a"), (20, "/b"), (30, "/c")))
    statuses: list[int] = []

    def probing(method: str) -> None:
        write = getattr(world, method)

        def write_and_ask(rule: Any) -> Any:
            written_rule = write(rule)
            for path in ("a", "b", "c"):
                answer = world.request("GET", f"http://alb/{path}", timeout_seconds=1, version_header="x")
                statuses.append(answer.status)
            return written_rule

        setattr(world, method, write_and_ask)

    probing("put_rule")
    probing("delete_rule")
    deploy(ports, "1.0.0", gates=gates, rules=rules((10, "/b"), (20, "/a"), (40, "/c")))
    assert len(statuses) >= 3 * 4
    assert set(statuses) == {200}
    assert sorted((place[1], *rule.summary().path_patterns) for place, rule in world.rules.items()) == [
        (10, "/b"),
        (20, "/a"),
        (40, "/c"),
    ]
