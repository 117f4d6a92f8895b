# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option ``companions`` as requests of their own, in the order of the release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.companions import build_requests
from ansible_collections.fastbreak.aws.plugins.modules.ecs_rollout import (
    build_argument_spec,
    find_secrets,
    given_problems,
)

from tests.unit.plugins.module_utils._rollout.case import document

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import RolloutRequest

LEAD: dict[str, Any] = {
    "cluster": "fastbreak-dev",
    "service": "inference",
    "release_table": "releases",
    "repository": "fastbreak/inference",
    "version": "1.0.0",
    "task_definition": document(),
    "network": {"subnets": ["subnet-1"], "security_groups": ["sg-1"]},
    "load_balancer": {"target_group_arn": "arn:blue", "container_name": "service", "container_port": 8080},
    "listener_rules": [{"listener_arn": "arn:listener", "priority": 1}],
    "migration": {"container": "service", "command": ["migrate"]},
    "url": "https://alb",
    "gates": [{"kind": "target_health"}],
    "desired_count": 2,
    "require_promoted": True,
}
STABLE = [{"kind": "task_stability"}]


def companion(service: str, **other: Any) -> dict[str, Any]:
    return {"service": service, "task_definition": {**document(), "family": service}, "gates": STABLE, **other}


def requests(*companions: dict[str, Any], **other: Any) -> tuple[RolloutRequest, ...]:
    given = {**LEAD, "companions": list(companions), **other}
    validated = ArgumentSpecValidator(build_argument_spec()).validate(given)
    assert not validated.error_messages, validated.error_messages
    return build_requests(validated.validated_parameters, owner="me", key=b"k" * 32)


def test_order_is_that_of_the_list_around_the_service_itself() -> None:
    made = requests(companion("a"), companion("z", released="after"), companion("b"), companion("y", released="after"))
    assert [request.service for request in made] == ["a", "b", "inference", "z", "y"]


def test_companion_is_as_the_service_but_for_what_it_says_and_for_requests() -> None:
    worker, lead = requests(
        companion("worker", desired_count=5), deployment={"strategy": "ROLLING", "alarms": ["late"]}
    )
    assert (worker.version, worker.repository) == ("1.0.0", "fastbreak/inference")
    assert (worker.require_promoted, lead.require_promoted) == (False, True)
    assert worker.settings.network == lead.settings.network
    assert (worker.desired_count, lead.desired_count) == (5, 2)
    assert worker.rules == ()
    assert worker.settings.target_bindings == frozenset()
    assert worker.settings.deployment.alarms == frozenset()


@pytest.mark.parametrize(
    ("companions", "migrates"),
    [
        ([companion("a"), companion("b")], "a"),
        ([companion("z", released="after")], "inference"),
        ([companion("a", task_definition={"family": "a", "containerDefinitions": [{"name": "other"}]})], "inference"),
    ],
)
def test_migration_runs_once_with_the_first_service_that_has_its_container(
    companions: list[dict[str, Any]], migrates: str
) -> None:
    assert [request.service for request in requests(*companions) if request.migration] == [migrates]


@pytest.mark.parametrize(
    ("companions", "said"),
    [
        ([companion("inference")], "companions names inference twice, or the service itself"),
        ([companion("a"), companion("a")], "companions names a twice"),
        ([companion("a", task_definition=document())], "family fastbreak-dev-inference is given to more than one"),
        ([companion("a", task_definition=None)], "task_definition of a is missing"),
        ([companion("a", gates=[])], "Rolling out a: gates is empty"),
        ([companion("a", gates=[{"kind": "http"}])], "Rolling out a: "),
        ([companion("a", deployment={"strategy": "CANARY"})], "strategy is CANARY"),
        ([companion("a", desired_count=0), companion("b", gates=[])], "Rolling out b: "),
    ],
)
def test_problems_of_every_service_are_said_by_its_name(companions: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(RequestError) as raised:
        requests(*companions)
    assert said in raised.value.message


def test_removal_needs_no_more_than_names() -> None:
    made = requests(companion("a", task_definition=None), state="absent")
    assert [request.service for request in made] == ["a", "inference"]


def test_gates_of_companions_are_looked_into_as_the_services_own() -> None:
    hook = {"kind": "webhook", "webhook_url": "https://a", "webhook_token": "hunter2"}
    assert find_secrets({"gates": [], "companions": [companion("a", gates=[hook])]}) == ["hunter2"]
    stray = {"kind": "task_stability", "path": "/readyz"}
    assert given_problems({"companions": [companion("a", gates=[stray])]})
    assert not given_problems({"companions": [companion("a")]})
    assert given_problems({"companions": "a"}) == given_problems({"companions": [1]}) == []
