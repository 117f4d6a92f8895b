# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What refuses a release before anything is changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Migration
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import DeploymentSettings

from tests.unit.plugins.module_utils._rollout.case import (
    ROLE,
    SECRET,
    deploy,
    make_request,
    newest,
    promote,
    released,
)
from tests.unit.plugins.module_utils._rollout.fakes import LISTENER_ARN

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("table", "Table releases does not exist"),
        ("fastbreak/inference", "ECR has no repository fastbreak/inference"),
        (ROLE, f"Role {ROLE} does not exist"),
        (SECRET, f"Secret {SECRET} (variable FASTBREAK_DATABASE_PASSWORD of container service) does not exist"),
        ("/fastbreak/dev/service", "Log group /fastbreak/dev/service does not exist"),
        (LISTENER_ARN, "does not exist"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_what_is_missing_refuses_the_release_and_changes_nothing(
    world: World, ports: Ports, missing: str, said: str, check_mode: bool
) -> None:
    world.push("1.0.0", "a")
    world.missing.add(missing)
    with pytest.raises(RefusedError) as caught:
        deploy(ports, "1.0.0", check_mode=check_mode)
    assert said in caught.value.message
    assert world.calls == []
    assert world.lock is None


def test_all_problems_are_said_at_once(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    world.missing |= {ROLE, "/fastbreak/dev/service"}
    world.target_problem = "Target group blue does not exist."
    with pytest.raises(RefusedError) as caught:
        deploy(ports, "1.0.0")
    assert len(caught.value.details["problems"]) == 3


@pytest.mark.parametrize(("states", "said"), [({"errors": "ALARM"}, "in ALARM already"), ({}, "does not exist")])
def test_alarm_that_cannot_guard_refuses(world: World, ports: Ports, states: dict[str, str], said: str) -> None:
    world.push("1.0.0", "a")
    world.alarms = states
    settings = replace(make_request("x").settings, deployment=DeploymentSettings(alarms=frozenset({"errors"})))
    with pytest.raises(RefusedError, match=said):
        deploy(ports, "1.0.0", settings=settings)


@pytest.mark.parametrize("there", [{"errors": "ALARM"}, {}])
def test_a_rollback_goes_on_whatever_became_of_the_alarm_that_guards(
    world: World, ports: Ports, there: dict[str, str]
) -> None:
    world.alarms = {"errors": "OK"}
    settings = replace(make_request("x").settings, deployment=DeploymentSettings(alarms=frozenset({"errors"})))
    for version, digest in (("1.0.0", "a"), ("1.1.0", "b")):
        world.push(version, digest)
        deploy(ports, version, settings=settings)
    world.alarms = there
    assert deploy(ports, "1.0.0", kind=ROLLBACK, settings=settings).changed


def test_foreign_deployment_refuses_unless_it_may_be_superseded(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    world.push("6.6.6", "f", ready_after=10_000.0)
    foreign = world.register_task_definition(
        {**world.definitions[world.service.task_definition_arn].document, "family": "other"}, {}
    )
    world.behaviours["sha256:" + "f" * 64] = replace(world.behaviours["sha256:" + "f" * 64], ready_after=None)
    world._deploy(foreign.arn)
    with pytest.raises(RefusedError, match="set supersede=true"):
        deploy(ports, "1.1.0")
    assert deploy(ports, "1.1.0", supersede=True).changed
    assert newest(world).outcome is Outcome.SUCCEEDED


def test_service_scaled_to_zero_is_refused(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    world.service = replace(world.service, desired_count=0)
    with pytest.raises(RefusedError, match="desired count of 0"):
        deploy(ports, "1.1.0")


@pytest.mark.parametrize("check_mode", [False, True])
def test_digest_that_was_not_promoted_is_refused_before_anything_is_changed(
    world: World, ports: Ports, check_mode: bool
) -> None:
    tag = world.push("1.0.0", "a")
    promote(world, "1.0.0", "b")
    with pytest.raises(RefusedError) as caught:
        deploy(ports, "1.0.0", require_promoted=True, check_mode=check_mode)
    assert f"no promotion of sha256:{'a' * 64}" in caught.value.message
    assert f"playbooks/promote.yml -e version={tag}" in caught.value.message
    assert world.calls == []


def test_promoted_digest_is_let_in_by_whatever_name(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    promote(world, "1.0.0", "a")
    assert deploy(ports, f"sha256:{'a' * 64}", require_promoted=True).changed
    assert not deploy(ports, "1.0.0", require_promoted=True).changed


def test_any_digest_is_let_in_where_promotion_is_not_required(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    assert deploy(ports, "1.0.0").changed


def test_rollback_goes_to_promoted_digests_alone(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    promote(world, "1.1.0", "b")
    deploy(ports, "1.1.0", require_promoted=True)
    world.calls.clear()
    with pytest.raises(RefusedError, match="no promotion of sha256:aaaa"):
        deploy(ports, "", kind=ROLLBACK, require_promoted=True)
    assert world.calls == []
    promote(world, "1.0.0", "a")
    assert deploy(ports, "", kind=ROLLBACK, require_promoted=True).version == f"1.0.0-{'a' * 40}"


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ({"cpu": 512, "memory_mib": 512}, "Fargate does not offer task_definition.memory 512"),
        ({"cpu": 8192}, "Fargate does not offer task_definition.memory 2048 with task_definition.cpu 8192"),
        ({"memory_mib": 1024}, "with task_definition.cpu 1024"),
        ({"cpu": 300}, "task_definition.cpu is 300, which Fargate does not offer"),
    ],
)
def test_a_size_that_no_task_of_the_migration_could_have_is_refused(
    world: World, ports: Ports, sizes: dict[str, int], said: str
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    migration = Migration("service", ("migrate",), **sizes)
    for check_mode in (True, False):
        with pytest.raises(RequestError) as caught:
            deploy(ports, "1.1.0", migration=migration, check_mode=check_mode)
        assert "migration.cpu and migration.memory_mib do not fit" in caught.value.message
        assert said in caught.value.message
    assert world.calls == []
    assert deploy(ports, "1.1.0", migration=Migration("service", ("migrate",), cpu=2048, memory_mib=4096)).changed
