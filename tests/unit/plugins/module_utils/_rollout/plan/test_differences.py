# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rollout would do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.disclosure.fingerprint import Disclosure
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.differences import Action, Found, Wanted, plan
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.model import labelled
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.ownership import Owner
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.rules import (
    StandingRule,
    with_waiting,
    written,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    CapacityProvider,
    DeploymentSettings,
    ListenerRule,
    Network,
    Service,
    ServiceSettings,
    TargetBinding,
    TaskDefinition,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._rollout.case import scaling

HIDDEN = Disclosure(b"a key of this run")
SETTINGS = ServiceSettings(
    network=Network(frozenset({"subnet-1", "subnet-2"}), frozenset({"sg-1"})),
    target_bindings=frozenset({TargetBinding("group", "app", 8080)}),
)
DOCUMENT = {"family": "web", "networkMode": "awsvpc", "containerDefinitions": [{"name": "app", "image": "a"}]}


def service(**other: object) -> Service:
    made = Service("arn", "web", "ACTIVE", "web:1", 2, 2, SETTINGS)
    return replace(made, **other)  # type: ignore[arg-type]


def revision(number: int, document: dict[str, object], *, active: bool = True) -> TaskDefinition:
    return TaskDefinition(f"web:{number}", "web", number, active, document)


RULE = ListenerRule("listener", 100, frozenset({"/*"}), "group")
OWNER = Owner("web", "c")
WANTED = Wanted("web", DOCUMENT, SETTINGS, rules=(RULE,), scaling=scaling(2, 4), owner=OWNER)
OTHERS = frozenset(Owner("api", "c").marks.items())


def moved(group: str) -> StandingRule:
    """The rule that stands, sending users to another group."""
    return written(replace(RULE, target_group_arn=group), tags=OWNER.marks, arn="r")


OTHER = {**DOCUMENT, "cpu": "512"}
STANDING = written(RULE, tags=OWNER.marks, arn="r")
THERE = Found(service(), revision(1, DOCUMENT), revision(1, DOCUMENT), (STANDING,), scaling(2, 4), judged=True)


@pytest.mark.parametrize(
    ("found", "action", "reuse"),
    [
        (THERE, Action.UNCHANGED, "web:1"),
        (Found(rules=()), Action.CREATE, ""),
        (Found(latest=revision(7, DOCUMENT), rules=()), Action.CREATE, "web:7"),
        (replace(THERE, running=revision(1, OTHER), latest=revision(1, OTHER)), Action.DEPLOY, ""),
        (replace(THERE, running=revision(1, OTHER), latest=revision(2, DOCUMENT)), Action.DEPLOY, "web:2"),
        (replace(THERE, running=revision(1, DOCUMENT, active=False)), Action.UNCHANGED, "web:1"),
        (replace(THERE, judged=False), Action.ADOPT, "web:1"),
        (replace(THERE, rules=()), Action.SETTINGS, "web:1"),
        (replace(THERE, rules=(moved("other"),)), Action.SETTINGS, "web:1"),
        (replace(THERE, rules=(STANDING, replace(moved("group"), priority=7))), Action.SETTINGS, "web:1"),
        (replace(THERE, rules=(with_waiting(STANDING, ["old"]),)), Action.SETTINGS, "web:1"),
        (replace(THERE, rules=(replace(STANDING, tags=frozenset()),)), Action.SETTINGS, "web:1"),
        (replace(THERE, rules=(STANDING, replace(STANDING, priority=7, tags=OTHERS))), Action.UNCHANGED, "web:1"),
        (replace(THERE, scaling=None), Action.SETTINGS, "web:1"),
        (
            replace(THERE, service=service(settings=replace(SETTINGS, enable_execute_command=True))),
            Action.SETTINGS,
            "web:1",
        ),
        (
            replace(THERE, service=service(settings=replace(SETTINGS, platform_version="1.3.0"))),
            Action.DEPLOY,
            "web:1",
        ),
    ],
)
def test_plan(found: Found, action: Action, reuse: str) -> None:
    made = plan(WANTED, found, HIDDEN)
    assert (made.action, made.reuse_arn, made.refusal) == (action, reuse, "")
    assert made.changed == (action is not Action.UNCHANGED)
    assert (made.before == made.after) == (action is Action.UNCHANGED)


def numbered(*values: str) -> dict[str, Any]:
    """A definition whose container has a variable as often as there are values."""
    variables = [{"name": "A", "value": value} for value in values]
    return {**DOCUMENT, "containerDefinitions": [{"name": "app", "image": "a", "environment": variables}]}


some_documents = st.sampled_from([DOCUMENT, OTHER, numbered("1"), numbered("1", "2"), numbered("2", "1")])
some_settings = st.builds(
    replace,
    st.just(SETTINGS),
    launch_type=st.sampled_from(["", "FARGATE"]),
    capacity_providers=st.sampled_from([frozenset(), frozenset({CapacityProvider("FARGATE_SPOT")})]),
    platform_version=st.sampled_from(["", "LATEST", "1.4.0"]),
    tags=st.sampled_from([frozenset(), frozenset({("aws:x", "y")}), frozenset({("a", "b")})]),
    deployment=st.builds(
        DeploymentSettings,
        circuit_breaker=st.booleans(),
        circuit_breaker_rollback=st.booleans(),
        alarms=st.sampled_from([frozenset(), frozenset({"a"})]),
        alarm_rollback=st.booleans(),
    ),
)
NIGHT = {"name": "night", "schedule": "cron(0 22 * * ? *)", "maximum": 4}
NIGHT = {"name": "night", "schedule": "cron(0 22 * * ? *)", "maximum": 4}
some_scaling = st.none() | st.builds(
    scaling,
    st.just(2),
    st.sampled_from([4, 9]),
    cpu_percent=st.sampled_from([0.0, 60.0]),
    requests_per_target=st.sampled_from([0.0, 100.0]),
    scheduled_actions=st.sampled_from([[], [NIGHT], [{**NIGHT, "maximum": 9}]]),
).map(lambda made: labelled(made, "app/alb/1/targetgroup/blue/1"))
some_rules = st.sampled_from([(), (STANDING,), (moved("other"),), (replace(STANDING, tags=frozenset()),)])


@given(
    st.tuples(some_documents, some_settings, some_scaling),
    st.tuples(some_documents, some_settings, some_scaling, some_rules),
    st.booleans(),
    st.sampled_from(["", "web:1", "web:9"]),
)
def test_what_is_changed_is_shown_and_what_is_shown_is_changed(
    given_wanted: tuple[Any, ...], there: tuple[Any, ...], judged: bool, recorded: str
) -> None:
    document, settings, scaling = given_wanted
    wanted = replace(WANTED, document=document, settings=settings, scaling=scaling, task_definition_arn=recorded)
    running = revision(1, there[0])
    found = Found(service(settings=there[1]), running, running, there[3], there[2], judged=judged)
    made = plan(wanted, found, HIDDEN)
    if recorded == "web:1" and document != there[0]:
        return  # A recorded revision is the definition that is wanted.
    assert made.changed == (made.before != made.after)


def test_service_goes_back_from_capacity_providers_to_its_launch_type() -> None:
    spot = replace(SETTINGS, launch_type="", capacity_providers=frozenset({CapacityProvider("FARGATE_SPOT")}))
    made = plan(WANTED, replace(THERE, service=service(settings=spot)), HIDDEN)
    assert (made.action, made.refusal) == (Action.DEPLOY, "")
    assert made.setting_changes == ("launch_type", "capacity_providers")


def test_requests_cannot_be_counted_without_a_load_balancer() -> None:
    wanted = replace(WANTED, scaling=scaling(2, 4, requests_per_target=100))
    assert "scaling.requests_per_target counts" in plan(wanted, THERE, HIDDEN).refusal
    named = replace(WANTED, scaling=labelled(wanted.scaling, "app/a/1/targetgroup/b/2"))  # type: ignore[arg-type]
    made = plan(named, THERE, HIDDEN)
    assert (made.refusal, made.action) == ("", Action.SETTINGS)
    assert list(made.after["scaling"]["policies"]) == ["cpu_percent", "requests_per_target"]
    assert list(made.before["scaling"]["policies"]) == ["cpu_percent"]


def test_bounds_that_a_schedule_set_are_no_difference() -> None:
    day = {"name": "day", "schedule": "cron(0 7 * * ? *)", "minimum": 3, "maximum": 9}
    wanted = replace(WANTED, scaling=scaling(2, 4, scheduled_actions=[day]))
    at_day = replace(THERE, scaling=replace(wanted.scaling, minimum=3, maximum=9))  # type: ignore[type-var]
    assert not plan(wanted, at_day, HIDDEN).changed


def test_pauses_of_a_policy_that_is_not_wanted_are_no_difference() -> None:
    off = scaling(2, 4, cpu_percent=0, scale_in_cooldown_seconds=7)
    found = replace(THERE, scaling=scaling(2, 4, cpu_percent=0, scale_out_cooldown_seconds=300))
    assert not plan(replace(WANTED, scaling=off), found, HIDDEN).changed


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({"controller": "CODE_DEPLOY"}, "deployment controller is CODE_DEPLOY"),
        ({"scheduling": "DAEMON"}, "scheduling strategy is DAEMON"),
        ({"settings": replace(SETTINGS, launch_type="EC2")}, "launch type is EC2"),
        ({"desired_count": 0}, "desired count of 0"),
    ],
)
def test_what_no_update_can_reach_is_refused(there: dict[str, object], said: str) -> None:
    assert said in plan(WANTED, replace(THERE, service=service(**there)), HIDDEN).refusal


def test_recorded_revision_is_used_as_it_is() -> None:
    made = plan(replace(WANTED, document=OTHER, task_definition_arn="web:5"), THERE, HIDDEN)
    assert (made.action, made.reuse_arn) == (Action.DEPLOY, "web:5")


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (STANDING, ""),
        (replace(STANDING, tags=frozenset()), ""),
        (replace(STANDING, tags=frozenset({("fastbreak:service", "web")})), ""),
        (replace(STANDING, tags=OTHERS), "belongs to service api of cluster c by its tags"),
        (replace(STANDING, tags=frozenset(Owner("web", "d").marks.items())), "belongs to service web of cluster d"),
        (replace(moved("other"), tags=frozenset()), "holds a rule that no service is named on"),
        (replace(moved("other"), tags=frozenset({("fastbreak:service", "web")})), "no service is named on"),
        (moved("other"), ""),
    ],
)
@pytest.mark.parametrize("found", [THERE, Found()])
def test_rule_that_is_not_ours_is_not_taken_over(found: Found, standing: StandingRule, said: str) -> None:
    refusal = plan(WANTED, replace(found, rules=(standing,)), HIDDEN).refusal
    assert said in refusal
    assert bool(said) == bool(refusal)


def test_rules_of_ours_that_are_no_longer_wanted_are_dropped_and_others_are_not() -> None:
    old, foreign = replace(STANDING, priority=7), replace(STANDING, priority=8, tags=OTHERS)
    made = plan(WANTED, replace(THERE, rules=(STANDING, old, foreign)), HIDDEN)
    assert (made.rules, made.unmarked, made.dropped) == ((), (), (old,))
    assert set(made.before["listener_rules"]) == {"listener priority 100", "listener priority 7"}
    assert set(made.after["listener_rules"]) == {"listener priority 100"}
