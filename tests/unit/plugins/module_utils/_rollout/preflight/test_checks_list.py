# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that pre-flight promises to find, each by itself and all at once, before anything is changed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.workers import Threads
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError, RefusedError, RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import HealthCheck

from tests.unit.plugins.module_utils._rollout.case import SECRET, deploy, document, make_request, promote, released
from tests.unit.plugins.module_utils._rollout.fakes import LISTENER_ARN
from tests.unit.plugins.module_utils._rollout.shifting import INFRASTRUCTURE, ShiftingWorld, by

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    Spoil = Callable[[ShiftingWorld], object]

SHIFT = by("CANARY", canary_percent=10, canary_bake_minutes=1, bake_minutes=1)
EXECUTION = "arn:aws:iam::111111111111:role/execution"
TASK = "arn:aws:iam::111111111111:role/task"


def given(**values: Any) -> Spoil:
    def spoil(world: ShiftingWorld) -> None:
        for name, value in values.items():
            setattr(world, name, value)

    return spoil


def lacking(what: str) -> Spoil:
    return lambda world: world.missing.add(what)


def denying(action: str) -> Spoil:
    return lambda world: world.denied.add(action)


def with_container(**other: Any) -> dict[str, Any]:
    (container,) = document()["containerDefinitions"]
    return {**document(NEW="1"), "containerDefinitions": [{**container, **other}]}


NOTHING: Spoil = lambda _world: None  # noqa: E731 - a row of the table
TO_MANY = {"settings": replace(make_request("").settings, network=None)}

# What is wrong, what is asked for, and what is said, in the words of the options.
LIST: dict[str, tuple[Spoil, dict[str, Any], str]] = {
    "image of another architecture": (
        given(platforms=frozenset({"linux/arm64"})),
        {},
        "is built for linux/arm64, where task_definition.runtimePlatform wants linux/amd64",
    ),
    "not promoted": (NOTHING, {"require_promoted": True}, "require_promoted accepts nothing else"),
    "task role missing": (lacking(TASK), {}, f"Role {TASK} does not exist"),
    "execution role missing": (lacking(EXECUTION), {}, f"Role {EXECUTION} does not exist"),
    "infrastructure role missing": (lacking(INFRASTRUCTURE), SHIFT, "infrastructure_role_arn does not exist"),
    "infrastructure role may not write rules": (
        denying("elasticloadbalancing:ModifyRule"),
        SHIFT,
        "infrastructure_role_arn may not elasticloadbalancing:ModifyRule on rule/100/",
    ),
    "infrastructure role may not register targets": (
        denying("elasticloadbalancing:RegisterTargets"),
        SHIFT,
        "infrastructure_role_arn may not elasticloadbalancing:RegisterTargets on ",
    ),
    "infrastructure role may not look": (
        denying("elasticloadbalancing:DescribeRules"),
        SHIFT,
        "may not elasticloadbalancing:DescribeRules on *, which CANARY needs",
    ),
    "secret missing": (lacking(SECRET), {}, "does not exist, or lies in another account or region"),
    "secret not readable": (denying("secretsmanager:GetSecretValue"), {}, "tasks could not start. Provision"),
    "secret without the key": (given(keys=frozenset()), {}, "has no JSON key 'password'"),
    "log group missing": (lacking("/fastbreak/dev/service"), {}, "Log group /fastbreak/dev/service does not exist"),
    "too few addresses": (given(addresses=0), {}, "network.subnets have 0 free addresses (subnet-1: 0, subnet-2: 0)"),
    "subnet missing": (lacking("subnet-1"), {}, "Subnet subnet-1 of network.subnets does not exist"),
    "target group unfit": (given(target_problem="Target group x does not exist."), {}, "Target group x does not exist"),
    "listener missing": (lacking(LISTENER_ARN), {}, f"Listener {LISTENER_ARN} does not exist"),
    "container port": (
        NOTHING,
        {"document": with_container(portMappings=[{"containerPort": 81}])},
        "is to reach port 8080 of container 'service', which maps [81]",
    ),
    "too many tasks": (
        lambda world: setattr(world, "service", replace(world.service, desired_count=3000)),
        {},
        "where ECS lets a service have 5000",
    ),
    "alarm missing": (NOTHING, {"alarms": {"late"}}, "Alarm late, which is to guard the deployment, does not exist"),
    "alarm in ALARM": (given(alarms={"late": "ALARM"}), {"alarms": {"late"}}, "Alarm late is in ALARM already"),
    "no task wanted": (
        lambda world: setattr(world, "service", replace(world.service, desired_count=0)),
        {},
        "has a desired count of 0",
    ),
    "group believed too late": (
        given(checked=HealthCheck(60, 5, 2)),
        {},
        "believes a target after 5 checks every 60 s, which is 300 s, where timeout_seconds is 300",
    ),
    "grace below the start": (
        NOTHING,
        {"document": with_container(healthCheck={"command": ["CMD", "true"], "startPeriod": 31})},
        "healthCheck gives a task 31 s to start (startPeriod), where health_check_grace_period_seconds is 30",
    ),
    "container found sick too late": (
        NOTHING,
        {"document": with_container(healthCheck={"command": ["CMD", "true"], "startPeriod": 250})},
        "healthCheck finds a container sick after startPeriod 250 and 90 s of failed checks",
    ),
}


def attempt(world: ShiftingWorld, ports: Ports, asked: dict[str, Any], **other: Any) -> FastbreakError:
    options = dict(asked)
    if "alarms" in options:
        deployment = replace(make_request("").settings.deployment, alarms=frozenset(options.pop("alarms")))
        options["settings"] = replace(make_request("").settings, deployment=deployment)
    with pytest.raises((RefusedError, RequestError)) as raised:
        deploy(ports, "1.1.0", **{"document": document(NEW="1"), **options}, **other)
    return raised.value


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("name", LIST)
def test_each_is_found_before_anything_is_changed(
    world: ShiftingWorld, ports: Ports, name: str, check_mode: bool
) -> None:
    spoil, asked, said = LIST[name]
    released(world, ports, **(SHIFT if asked is SHIFT else {}))
    world.push("1.1.0", "b")
    before = (world.service, dict(world.rules), world.scaling)
    spoil(world)
    spoiled = (world.service, *before[1:])
    error = attempt(world, ports, asked, check_mode=check_mode)
    assert said in error.message
    assert any(said in problem for problem in error.details["problems"])
    assert world.calls == []
    assert (world.service, dict(world.rules), world.scaling) == spoiled


def test_all_that_can_be_wrong_together_is_said_at_once(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    together = [name for name in LIST if LIST[name][1] == {} and name not in {"no task wanted", "too many tasks"}]
    for name in together:
        LIST[name][0](world)
    # Whoever names two listeners that are not there is told of the secret, too.
    error = attempt(world, ports, {})
    unsaid = [name for name in together if LIST[name][2] not in error.message]
    assert unsaid in ([], ["secret without the key"])
    assert len(re.findall(r"\(\d+\) ", error.message)) == len(error.details["problems"])
    assert world.calls == []


def test_what_is_asked_at_once_is_said_in_the_same_order(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    for name in ("task role missing", "secret missing", "subnet missing"):
        LIST[name][0](world)
    one_by_one = attempt(world, ports, {})
    at_once = attempt(world, replace(ports, workers=Threads(8)), {})
    assert at_once.message == one_by_one.message
    assert at_once.details == one_by_one.details
    assert len(at_once.details["problems"]) >= 2
    assert world.calls == []


def test_promoted_release_passes(world: ShiftingWorld, ports: Ports) -> None:
    world.push("1.0.0", "a")
    promote(world, "1.0.0", "a")
    assert deploy(ports, "1.0.0", require_promoted=True, check_mode=True).changed
