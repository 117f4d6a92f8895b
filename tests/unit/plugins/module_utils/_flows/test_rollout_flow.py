"""A rollout from its request to its record, against a scheduler in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._core.gate import TargetHealthGate
from ansible_collections.fastbreak.aws.plugins.module_utils._core.release import ROLLBACK, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._core.rollout import (
    DeploymentSettings,
    DeploymentState,
    Scaling,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
    RequestError,
    RolledBackError,
    SupersededError,
    WaitTimeoutError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._flows.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._flows.rollout import roll_out
from ansible_collections.fastbreak.aws.plugins.module_utils._flows.rollout_session import Migration

from tests.unit.plugins.module_utils._flows.rollout_case import ROLE, SECRET, document, make_request
from tests.unit.plugins.module_utils._flows.rollout_fakes import LISTENER_ARN, World

salts = (f"{number:08x}" for number in range(1_000_000))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def ports(world: World) -> Ports:
    return Ports(world, world, world, world, world, world, world, world, world, world)


def deploy(ports: Ports, version: str, **other):
    check_mode = other.pop("check_mode", False)
    return roll_out(make_request(version, salt=next(salts), **other), ports, check_mode=check_mode)


def newest(world: World):
    return world.history("inference")[0]


# Good releases


def test_first_release_makes_rule_service_and_scaling_in_that_order(world: World, ports: Ports) -> None:
    tag = world.push("1.0.0", "a")
    result = deploy(ports, "1.0.0")
    assert result.changed
    assert result.action == "create"
    assert world.calls == [
        "register_task_definition",
        "start",
        "put_rule",
        "create_service",
        "put_scaling",
        "finish(SUCCEEDED)",
    ]
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert newest(world).version == tag
    assert newest(world).commit == "a" * 40
    assert newest(world).deployment_id == world.deployments[-1].arn
    assert world.lock is None
    assert {one.gate: one.verdict.value for one in newest(world).gates} == {
        "target_health": "HEALTHY",
        "ready": "HEALTHY",
        "route": "HEALTHY",
    }
    assert result.timings.to_succeed >= 10


def test_what_runs_healthy_is_left_alone(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0")
    world.calls.clear()
    result = deploy(ports, "1.0.0")
    assert not result.changed
    assert world.calls == []
    assert not deploy(ports, "1.0.0", check_mode=True).changed


def test_second_release_updates_and_never_sends_desired_count(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0")
    world.service = replace(world.service, desired_count=4)
    world.push("1.1.0", "b")
    world.calls.clear()
    result = deploy(ports, "1.1.0", desired_count=2)
    assert result.action == "deploy"
    assert world.calls == ["register_task_definition", "start", "update_service()", "finish(SUCCEEDED)"]
    assert world.service.desired_count == 4
    assert newest(world).previous_version == f"1.0.0-{'a' * 40}"


def test_environment_change_alone_is_a_release_and_is_shown(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0")
    wanted = document(FASTBREAK_LOG_LEVEL="debug")
    result = deploy(ports, "1.0.0", document=wanted, check_mode=True)
    assert result.changed
    assert result.plan.definition_changes == ("containerDefinitions.service.environment.FASTBREAK_LOG_LEVEL",)
    before = result.plan.before["task_definition"]["containerDefinitions"]["service"]["environment"]
    after = result.plan.after["task_definition"]["containerDefinitions"]["service"]["environment"]
    assert (before, after) == ({"FASTBREAK_LOG_LEVEL": "info"}, {"FASTBREAK_LOG_LEVEL": "debug"})
    assert deploy(ports, "1.0.0", document=wanted).changed
    assert not deploy(ports, "1.0.0", document=wanted).changed


def test_settings_that_replace_no_task_need_no_release(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0")
    world.calls.clear()
    settings = replace(make_request("1.0.0").settings, deployment=DeploymentSettings(maximum_percent=150))
    result = deploy(ports, "1.0.0", settings=settings, scaling=Scaling(2, 8))
    assert result.action == "settings"
    assert world.calls == ["update_service(deployment)", "put_scaling"]
    assert world.service.settings.deployment.maximum_percent == 150
    assert not deploy(ports, "1.0.0", settings=settings, scaling=Scaling(2, 8)).changed


def test_check_mode_writes_nothing_and_agrees_with_the_run(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    predicted = deploy(ports, "1.0.0", check_mode=True)
    assert world.calls == []
    assert world.lock is None
    done = deploy(ports, "1.0.0")
    assert predicted.plan == done.plan
    assert predicted.changed


# Releases that are refused by a gate


def released(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0")
    world.calls.clear()


def test_version_that_answers_errors_is_stopped_before_it_completes(world: World, ports: Ports) -> None:
    released(world, ports)
    tag = world.push("1.1.0", "b", path_status={"/v1/analyses": 500})
    # The old tasks keep the deployment from completing, as slow draining does.
    world._progress = lambda current: None
    with pytest.raises(RolledBackError) as caught:
        deploy(ports, "1.1.0")
    message = caught.value.message
    assert f"Release {tag} of inference was rolled back: gate route is UNHEALTHY" in message
    assert "500" in message
    assert "Expected: at least 10 answers" in message
    assert f"back on 1.0.0-{'a' * 40}" in message
    assert "Detected after" in message
    assert newest(world).outcome is Outcome.ROLLED_BACK
    assert "stop_service_deployment" in world.calls
    assert world.deployments[-1].state is DeploymentState.ROLLED_BACK
    assert caught.value.details["timings"]["to_detect_seconds"] < 10
    assert caught.value.details["changed"] is True


def test_version_that_answers_errors_after_completing_is_replaced_by_a_new_deployment(
    world: World, ports: Ports
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    digest = "sha256:" + "b" * 64

    def break_it() -> None:
        for task in world.tasks:
            if task.definition_arn == world.service.task_definition_arn:
                task.behaviour = replace(task.behaviour, status=500)

    world.at.append((world.seconds + 8, break_it))
    with pytest.raises(RolledBackError, match="A new deployment put the service back on 1.0.0"):
        deploy(ports, "1.1.0")
    assert [call for call in world.calls if call.startswith("update_service")] == ["update_service()"] * 2
    assert (
        digest not in world.definitions[world.service.task_definition_arn].document["containerDefinitions"][0]["image"]
    )
    assert newest(world).outcome is Outcome.ROLLED_BACK


def test_version_that_dies_after_it_was_healthy_is_seen(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", exits_after=20.0)
    gates = tuple(replace(gate, bake_seconds=40, deadline_seconds=90) for gate in make_request("x").gates)
    with pytest.raises(RolledBackError) as caught:
        deploy(ports, "1.1.0", gates=gates)
    assert "gate target_health is UNHEALTHY" in caught.value.message
    assert "exit code 1" in caught.value.message
    assert "it broke here" in caught.value.message
    assert 18 <= caught.value.details["timings"]["to_detect_seconds"] <= 26
    assert caught.value.details["evidence"][0]["log_lines"] == ["starting", "it broke here"]


def test_version_that_never_becomes_ready_is_rolled_back(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=None)
    with pytest.raises(RolledBackError, match="Task failed ELB health checks"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.ROLLED_BACK


def test_tasks_that_cannot_start_are_judged_before_or_with_the_circuit_breaker(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", cannot_start=True)
    with pytest.raises(RolledBackError) as caught:
        deploy(ports, "1.1.0")
    assert "ResourceInitializationError" in caught.value.message


def test_circuit_breaker_of_ecs_is_reported_as_what_it_is(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", cannot_start=True)
    gates = (TargetHealthGate(maximum_start_failures=50, maximum_task_failures=50),)
    with pytest.raises(RolledBackError, match="ECS ended the deployment by itself: the circuit breaker"):
        deploy(ports, "1.1.0", gates=gates)
    assert "stop_service_deployment" not in world.calls


def test_too_few_answers_never_pass(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    gates = tuple(replace(gate, interval_seconds=30.0) for gate in make_request("x").http_gates)
    with pytest.raises(RolledBackError, match="is INCONCLUSIVE"):
        deploy(ports, "1.1.0", gates=gates)
    assert newest(world).verdict == "INCONCLUSIVE"


def test_release_that_cannot_be_measured_is_an_error_and_not_unhealthy(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    real = world.request
    world.request = lambda *args, **named: replace(real(*args, **named), status=0, version="", unreachable=True)
    with pytest.raises(RolledBackError, match="gate ready is ERROR"):
        deploy(ports, "1.1.0")
    assert newest(world).verdict == "ERROR"


def test_deployment_that_does_not_complete_in_time_is_rolled_back(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=10_000.0)
    with pytest.raises(RolledBackError, match="a deployment that completes within 60 s"):
        deploy(ports, "1.1.0", timeout_seconds=60.0)


def test_first_release_that_fails_is_removed_and_can_be_tried_again(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a", status=500)
    with pytest.raises(OperationError) as caught:
        deploy(ports, "1.0.0")
    assert not isinstance(caught.value, RolledBackError)
    assert "was stopped" in caught.value.message
    assert "this was the first release" in caught.value.message
    assert newest(world).outcome is Outcome.STOPPED
    assert world.service is None
    assert world.rules == {}
    assert world.scaling is None
    world.push("1.0.1", "c")
    assert deploy(ports, "1.0.1").action == "create"


def test_superseded_is_not_called_rolled_back(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=20.0)
    other = world.register_task_definition(world.definitions[world.service.task_definition_arn].document, {})

    def supersede() -> None:
        world.service = replace(world.service, task_definition_arn=other.arn)
        world._deploy(other.arn)

    world.at.append((world.seconds + 5, supersede))
    with pytest.raises(SupersededError, match="was superseded and was neither judged nor rolled back"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.SUPERSEDED


def test_network_change_that_fails_is_put_back(world: World, ports: Ports) -> None:
    released(world, ports)
    before = world.service.settings.network
    settings = replace(make_request("x").settings, network=replace(before, subnets=frozenset({"subnet-9"})))
    world.behaviours["sha256:" + "a" * 64] = replace(world.behaviours["sha256:" + "a" * 64], status=500)
    for task in world.tasks:
        task.behaviour = replace(task.behaviour, status=200)
    with pytest.raises(OperationError):
        deploy(ports, "1.0.0", settings=settings, timeout_seconds=60.0)
    assert newest(world).outcome is not Outcome.SUCCEEDED


# Migration


def test_migration_runs_with_the_new_revision_before_the_service_is_touched(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    migration = Migration("service", ("fastbreak-service", "migrate"))
    deploy(ports, "1.1.0", migration=migration)
    assert world.calls[:4] == [
        "register_task_definition",
        "start",
        "run_task(fastbreak-service migrate)",
        "update_service()",
    ]


def test_failed_migration_refuses_the_release(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", migration_exit=3)
    migration = Migration("service", ("fastbreak-service", "migrate"))
    running = world.service.task_definition_arn
    with pytest.raises(OperationError, match="exit code 3.*it broke here") as caught:
        deploy(ports, "1.1.0", migration=migration)
    assert "The service was not touched" in caught.value.message
    assert world.service.task_definition_arn == running
    assert newest(world).outcome is Outcome.FAILED


def test_migration_that_hangs_is_a_timeout(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    with pytest.raises(WaitTimeoutError, match="The service was not touched"):
        deploy(ports, "1.1.0", migration=Migration("service", ("migrate",), timeout_seconds=0.0))


# Pre-flight


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("table", "Table releases does not exist"),
        ("fastbreak/inference", "ECR has no repository fastbreak/inference"),
        (ROLE, f"Role {ROLE} does not exist"),
        (SECRET, f"Secret {SECRET} does not exist"),
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


def test_unknown_version_names_the_nearest(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    near = world.push("1.1.0", "b")
    with pytest.raises(RefusedError, match="no image of repository") as caught:
        deploy(ports, "1.1.1")
    assert caught.value.details["nearest_versions"][0] == near


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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"family": None}, "family is missing|cannot be read"),
        ({"cpu": "lots"}, "cpu is 'lots'"),
        ({"containerDefinitions": "x"}, "cannot be read"),
        ({"containerDefinitions": [{"name": "other"}]}, "port 8080 of container 'service', which does not exist"),
    ],
)
def test_task_definition_that_cannot_be_right_is_a_request_error(
    world: World, ports: Ports, change: dict[str, object], said: str
) -> None:
    world.push("1.0.0", "a")
    with pytest.raises(RequestError, match=said):
        deploy(ports, "1.0.0", document={**document(), **change})
    assert world.calls == []


# Two at once, and runs that were killed


def test_second_run_is_refused_by_the_name_of_the_holder(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    caught: list[str] = []

    def second() -> None:
        with pytest.raises(RefusedError) as refused:
            deploy(ports, "1.1.0", owner="other@there:2:bbbb")
        caught.append(refused.value.message)

    world.at.append((world.seconds + 4, second))
    deploy(ports, "1.1.0")
    assert "tester@here:1:aaaa" in caught[0]
    assert [one.outcome for one in world.history("inference")] == [Outcome.SUCCEEDED, Outcome.SUCCEEDED]


def test_lock_is_renewed_and_a_lost_one_ends_the_run(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=200.0)

    def steal() -> None:
        assert world.lock.held_at(world.now())
        world.lock = replace(world.lock, owner="thief", expires_at=int(world.now().timestamp()) + 1000)

    world.at.append((world.seconds + 150, steal))
    with pytest.raises(SupersededError, match="taken over by thief"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.IN_PROGRESS
    assert world.lock.owner == "thief"


class Killed(BaseException):
    """SIGKILL: nothing of the run may run after it."""


def kill_after(world: World, ports: Ports, seconds: float, **other) -> None:
    held = []

    def kill() -> None:
        held.append(world.lock)
        world.missing.add("dead")
        raise Killed

    world.at.append((world.seconds + seconds, kill))
    drop, world.drop_lock = world.drop_lock, lambda *args: None
    with pytest.raises(Killed):
        deploy(ports, **other)
    world.drop_lock = drop
    world.lock = held[0]


def test_killed_run_is_adopted_by_the_same_command(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=10.0)
    kill_after(world, ports, 4, version="1.1.0")
    assert newest(world).outcome is Outcome.IN_PROGRESS
    with pytest.raises(RefusedError, match="is rolling it out now"):
        deploy(ports, "1.1.0", owner="next@here:9:cccc")
    world.sleep(120)
    records = len(world.records)
    result = deploy(ports, "1.1.0", owner="next@here:9:cccc")
    assert result.changed
    assert len(world.records) == records
    assert newest(world).outcome is Outcome.SUCCEEDED


def test_killed_first_release_that_is_unfit_is_still_judged(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a", path_status={"/v1/analyses": 500}, ready_after=20.0)
    kill_after(world, ports, 4, version="1.0.0")
    world.sleep(120)
    with pytest.raises(OperationError, match="was stopped"):
        deploy(ports, "1.0.0", owner="next@here:9:cccc")
    assert world.service is None
    assert newest(world).outcome is Outcome.STOPPED


def test_killed_run_of_another_version_is_closed_honestly(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=10.0)
    kill_after(world, ports, 4, version="1.1.0")
    world.sleep(120)
    world.push("1.2.0", "c", status=500)
    with pytest.raises(RolledBackError, match=r"back on 1\.0\.0"):
        deploy(ports, "1.2.0", owner="next@here:9:cccc")
    outcomes = [(one.version[:5], one.outcome.value) for one in world.history("inference")]
    assert outcomes == [("1.2.0", "ROLLED_BACK"), ("1.1.0", "FAILED"), ("1.0.0", "SUCCEEDED")]
    assert "never judged" in world.history("inference")[1].reason


def test_run_killed_before_it_touched_the_service_is_closed_and_done_again(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    kill_after(world, ports, 0.5, version="1.1.0", migration=Migration("service", ("migrate",)))
    world.sleep(120)
    assert deploy(ports, "1.1.0", owner="next@here:9:cccc").changed
    outcomes = [one.outcome.value for one in world.history("inference")]
    assert outcomes == ["SUCCEEDED", "FAILED", "SUCCEEDED"]
    assert "no deployment of it was found" in world.history("inference")[1].reason


def test_interrupt_says_what_it_leaves_and_gives_the_lock_up(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=10.0)

    def interrupt() -> None:
        raise KeyboardInterrupt

    world.at.append((world.seconds + 4, interrupt))
    with pytest.raises(OperationError, match="was interrupted: release 1.1.0"):
        deploy(ports, "1.1.0")
    assert "goes on in ECS, guarded by its circuit breaker" in world.lines[-1]
    assert world.lock is None
    assert deploy(ports, "1.1.0").changed
    assert newest(world).outcome is Outcome.SUCCEEDED


# Rollback


def test_rollback_goes_to_the_previous_release_and_reuses_its_revision(world: World, ports: Ports) -> None:
    released(world, ports)
    first = world.service.task_definition_arn
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0")
    world.calls.clear()
    result = deploy(ports, "", kind=ROLLBACK)
    assert result.changed
    assert "register_task_definition" not in world.calls
    assert world.service.task_definition_arn == first
    assert newest(world).kind == ROLLBACK
    assert newest(world).version.startswith("1.0.0")
    assert not deploy(ports, "", kind=ROLLBACK).changed
    assert world.service.task_definition_arn == first


def test_rollback_to_a_named_version_by_semver_tag_or_digest(world: World, ports: Ports) -> None:
    released(world, ports)
    for version, digit in (("1.1.0", "b"), ("1.2.0", "c")):
        world.push(version, digit)
        deploy(ports, version)
    for named, expected in (("1.0.0", "1.0.0"), (f"1.1.0-{'b' * 40}", "1.1.0"), (f"sha256:{'c' * 64}", "1.2.0")):
        assert deploy(ports, named, kind=ROLLBACK).version.startswith(expected)
        assert not deploy(ports, named, kind=ROLLBACK).changed


def test_rollback_without_a_release_before_is_refused(world: World, ports: Ports) -> None:
    released(world, ports)
    with pytest.raises(RefusedError, match="no release before"):
        deploy(ports, "", kind=ROLLBACK)
    with pytest.raises(RefusedError, match=r"no release of 9\.9\.9 has succeeded"):
        deploy(ports, "9.9.9", kind=ROLLBACK)


def test_rollback_whose_image_is_gone_is_refused_but_a_lost_tag_is_not(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0")
    kept = world.images[:]
    world.images = [replace(kept[0], tags=()), kept[1]]
    predicted = deploy(ports, "", kind=ROLLBACK, check_mode=True)
    assert predicted.changed
    world.images = kept[1:]
    with pytest.raises(RefusedError, match="is no longer in repository"):
        deploy(ports, "", kind=ROLLBACK)


def test_rollback_to_a_deregistered_revision_registers_its_document_anew(world: World, ports: Ports) -> None:
    released(world, ports)
    first = world.service.task_definition_arn
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0")
    world.deregister_task_definition(first)
    deploy(ports, "", kind=ROLLBACK)
    again = world.service.task_definition_arn
    assert again != first
    assert world.definitions[again].document == world.definitions[first].document
    assert not deploy(ports, "", kind=ROLLBACK).changed


def test_rollback_that_fails_its_gates_returns_to_what_ran(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0")
    running = world.service.task_definition_arn
    digest = "sha256:" + "a" * 64
    world.behaviours[digest] = replace(world.behaviours[digest], status=500)
    with pytest.raises(RolledBackError):
        deploy(ports, "", kind=ROLLBACK)
    assert world.service.task_definition_arn == running


# What is there but was never judged


def test_running_release_without_a_record_is_judged_and_recorded(world: World, ports: Ports) -> None:
    released(world, ports)
    world.records.clear()
    assert deploy(ports, "1.0.0", check_mode=True).action == "adopt"
    result = deploy(ports, "1.0.0")
    assert result.action == "adopt"
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert not deploy(ports, "1.0.0").changed


def test_unfit_service_that_was_never_released_by_us_is_left_alone(world: World, ports: Ports) -> None:
    released(world, ports)
    world.records.clear()
    for task in world.tasks:
        task.behaviour = replace(task.behaviour, status=500)
    with pytest.raises(OperationError, match="was left as it was found"):
        deploy(ports, "1.0.0")
    assert world.service is not None
    assert newest(world).outcome is Outcome.FAILED


def test_running_release_that_is_not_healthy_is_said_and_left_alone(world: World, ports: Ports) -> None:
    released(world, ports)
    for task in world.tasks:
        task.behaviour = replace(task.behaviour, ready_after=10_000.0)
    with pytest.raises(OperationError, match="runs already, so there was nothing to change, but it is not healthy"):
        deploy(ports, "1.0.0")
    assert world.calls == []
