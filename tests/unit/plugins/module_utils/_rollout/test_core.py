"""What differs, what is to be done, and what to do next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge import (
    GateReading,
    Reading,
    Step,
    decide,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan import Action, Found, Wanted, plan
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service import (
    changed_settings,
    starts_deployment,
    view_settings,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.tasks import (
    failure_of,
    is_failure,
    log_stream,
    observe,
    references,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    CapacityProvider,
    ContainerState,
    DeploymentSettings,
    DeploymentState,
    ListenerRule,
    Network,
    Scaling,
    Service,
    ServiceSettings,
    Target,
    TargetBinding,
    Task,
    TaskDefinition,
    parse_state,
)
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = ServiceSettings(
    network=Network(frozenset({"subnet-1", "subnet-2"}), frozenset({"sg-1"})),
    target_bindings=frozenset({TargetBinding("group", "app", 8080)}),
)
DOCUMENT = {"family": "web", "networkMode": "awsvpc", "containerDefinitions": [{"name": "app", "image": "a"}]}


@pytest.mark.parametrize(
    ("change", "deploys"),
    [
        ({"network": Network(frozenset({"subnet-1"}), frozenset({"sg-1"}))}, True),
        ({"network": replace(SETTINGS.network, assign_public_ip=True)}, True),
        ({"target_bindings": frozenset({TargetBinding("group", "app", 8081)})}, True),
        ({"platform_version": "1.4.0"}, True),
        ({"health_check_grace_period_seconds": 5}, False),
        ({"deployment": DeploymentSettings(minimum_healthy_percent=50)}, False),
        ({"deployment": DeploymentSettings(circuit_breaker=False)}, False),
        ({"deployment": DeploymentSettings(alarms=frozenset({"errors"}))}, False),
        ({"enable_execute_command": True}, False),
        ({"propagate_tags": "SERVICE"}, False),
        ({"enable_ecs_managed_tags": True}, False),
        ({"tags": frozenset({("a", "b")})}, False),
    ],
)
def test_every_setting_is_compared(change: dict[str, object], deploys: bool) -> None:
    changed = changed_settings(SETTINGS, replace(SETTINGS, **change))  # type: ignore[arg-type]
    assert changed == tuple(change)
    assert starts_deployment(changed) is deploys
    assert view_settings(SETTINGS) != view_settings(replace(SETTINGS, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"platform_version": ""}, {"platform_version": "LATEST"}),
        ({"deployment": DeploymentSettings(alarm_rollback=False)}, {"deployment": DeploymentSettings()}),
        ({"tags": frozenset({("aws:cloudformation:stack-name", "x")})}, {}),
        (
            {"launch_type": "FARGATE", "capacity_providers": frozenset({CapacityProvider("FARGATE")})},
            {"launch_type": "", "capacity_providers": frozenset({CapacityProvider("FARGATE")})},
        ),
    ],
)
def test_what_ecs_fills_in_is_no_change(left: dict[str, object], right: dict[str, object]) -> None:
    assert changed_settings(replace(SETTINGS, **left), replace(SETTINGS, **right)) == ()  # type: ignore[arg-type]


def service(**other: object) -> Service:
    made = Service("arn", "web", "ACTIVE", "web:1", 2, 2, SETTINGS)
    return replace(made, **other)  # type: ignore[arg-type]


def revision(number: int, document: dict[str, object], *, active: bool = True) -> TaskDefinition:
    return TaskDefinition(f"web:{number}", "web", number, active, document)


RULE = ListenerRule("listener", 100, frozenset({"/*"}), "group")
WANTED = Wanted("web", DOCUMENT, SETTINGS, rules=(RULE,), scaling=Scaling(2, 4))
OTHER = {**DOCUMENT, "cpu": "512"}
THERE = Found(
    service(), revision(1, DOCUMENT), revision(1, DOCUMENT), (replace(RULE, arn="r"),), Scaling(2, 4), judged=True
)


@pytest.mark.parametrize(
    ("found", "action", "reuse"),
    [
        (THERE, Action.UNCHANGED, "web:1"),
        (Found(rules=(None,)), Action.CREATE, ""),
        (Found(latest=revision(7, DOCUMENT), rules=(None,)), Action.CREATE, "web:7"),
        (replace(THERE, running=revision(1, OTHER), latest=revision(1, OTHER)), Action.DEPLOY, ""),
        (replace(THERE, running=revision(1, OTHER), latest=revision(2, DOCUMENT)), Action.DEPLOY, "web:2"),
        (replace(THERE, running=revision(1, DOCUMENT, active=False)), Action.UNCHANGED, "web:1"),
        (replace(THERE, judged=False), Action.ADOPT, "web:1"),
        (replace(THERE, rules=(None,)), Action.SETTINGS, "web:1"),
        (replace(THERE, rules=(replace(RULE, target_group_arn="other", arn="r"),)), Action.SETTINGS, "web:1"),
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
    made = plan(WANTED, found)
    assert (made.action, made.reuse_arn, made.refusal) == (action, reuse, "")
    assert made.changed == (action is not Action.UNCHANGED)
    assert (made.before == made.after) == (action in (Action.UNCHANGED, Action.ADOPT))


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
    assert said in plan(WANTED, replace(THERE, service=service(**there))).refusal


def test_recorded_revision_is_used_as_it_is() -> None:
    made = plan(replace(WANTED, document=OTHER, task_definition_arn="web:5"), THERE)
    assert (made.action, made.reuse_arn) == (Action.DEPLOY, "web:5")


# Judging


def gate(verdict: Verdict, name: str = "http", deadline: float = 60.0) -> GateReading:
    return GateReading(name, verdict, f"{name} saw", f"{name} expected", deadline)


def reading(state: DeploymentState, *gates: GateReading, **other: object) -> Reading:
    made = Reading(state, "because", superseded=False, elapsed_seconds=10.0, settled_seconds=None, gates=gates)
    return replace(made, **other)  # type: ignore[arg-type]


H, U, N, E = Verdict.HEALTHY, Verdict.UNHEALTHY, Verdict.INCONCLUSIVE, Verdict.ERROR
GOING, DONE = DeploymentState.IN_PROGRESS, DeploymentState.SUCCESSFUL


@pytest.mark.parametrize(
    ("seen", "step"),
    [
        (reading(GOING, gate(N)), Step.WAIT),
        (reading(GOING, gate(H)), Step.WAIT),
        (reading(GOING, gate(U)), Step.ROLL_BACK),
        (reading(GOING, gate(E)), Step.WAIT),
        (reading(GOING, gate(N), elapsed_seconds=300.0), Step.ROLL_BACK),
        (reading(DeploymentState.UNKNOWN, gate(N)), Step.WAIT),
        (reading(DONE, gate(H), gate(H), settled_seconds=5.0), Step.SUCCEED),
        (reading(DONE, gate(H), gate(N), settled_seconds=5.0), Step.WAIT),
        (reading(DONE, gate(H), gate(N), settled_seconds=60.0), Step.ROLL_BACK),
        (reading(DONE, gate(E), settled_seconds=60.0), Step.ROLL_BACK),
        (reading(DONE, gate(U), settled_seconds=1.0), Step.ROLL_BACK),
        (reading(DONE, settled_seconds=1.0), Step.WAIT),
        (reading(DeploymentState.ROLLING_BACK, gate(H)), Step.AWAIT_ROLLBACK),
        (reading(DeploymentState.ROLLED_BACK, gate(H)), Step.AWAIT_ROLLBACK),
        (reading(DeploymentState.ROLLBACK_FAILED, gate(H)), Step.AWAIT_ROLLBACK),
        (reading(DeploymentState.STOPPED, gate(H)), Step.ROLL_BACK),
        (reading(GOING, gate(U), superseded=True), Step.SUPERSEDED),
        (reading(DeploymentState.STOPPED, superseded=True), Step.SUPERSEDED),
    ],
)
def test_next_step(seen: Reading, step: Step) -> None:
    assert decide(seen, timeout_seconds=300.0).step is step


def test_decision_names_the_gate_what_it_saw_and_what_it_expected() -> None:
    decision = decide(reading(GOING, gate(H, "a"), gate(U, "b")), timeout_seconds=300.0)
    assert (decision.gate, decision.verdict, decision.seen, decision.expected) == ("b", U, "b saw", "b expected")
    late = decide(reading(GOING, gate(E, "a"), elapsed_seconds=301.0), timeout_seconds=300.0)
    assert late.verdict is E
    assert "still IN_PROGRESS after 301 s" in late.seen


gates = st.lists(st.builds(gate, st.sampled_from(list(Verdict)), st.text("abc", min_size=1)), max_size=4)


@given(st.sampled_from(list(DeploymentState)), gates, st.floats(0, 100))
def test_nothing_succeeds_without_completion_and_healthy_gates(
    state: DeploymentState, measured: list[GateReading], settled: float
) -> None:
    for since in (None, settled):
        decision = decide(reading(state, *measured, settled_seconds=since), timeout_seconds=300.0)
        if decision.step is Step.SUCCEED:
            assert since is not None
            assert measured
            assert all(one.verdict is H for one in measured)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("IN_PROGRESS", DeploymentState.IN_PROGRESS),
        ("STOP_REQUESTED", DeploymentState.ROLLING_BACK),
        ("ROLLBACK_SUCCESSFUL", DeploymentState.ROLLED_BACK),
        ("SOMETHING_NEW", DeploymentState.UNKNOWN),
    ],
)
def test_states_are_read_leniently(status: str, state: DeploymentState) -> None:
    assert parse_state(status) is state


# Tasks


def task(**other: object) -> Task:
    made = Task("arn:task/c/t1", "service:web", "web:2", "RUNNING", NOW, started=True, address="10.0.0.1")
    return replace(made, **other)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "reason", "failed"),
    [
        ("", "", False),
        ("EssentialContainerExited", "Essential container in task exited", True),
        ("TaskFailedToStart", "CannotPullContainerError", True),
        ("ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group x)", True),
        ("ServiceSchedulerInitiated", "Task failed container health checks", True),
        ("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/1)", False),
        ("UserInitiated", "Task stopped by user", False),
        ("SpotInterruption", "Your Spot Task was interrupted.", False),
    ],
)
def test_only_what_stopped_by_itself_or_was_unhealthy_is_a_failure(code: str, reason: str, failed: bool) -> None:
    assert is_failure(task(stop_code=code, stopped_reason=reason)) is failed


def test_failure_says_reason_and_exit_code() -> None:
    one = task(
        stop_code="EssentialContainerExited",
        stopped_reason="it ended",
        containers=(ContainerState("app", 137, "OutOfMemoryError"), ContainerState("side", None)),
    )
    assert str(failure_of(one)) == (
        "task t1: EssentialContainerExited: it ended; OutOfMemoryError (container app exit code 137)"
    )


def test_only_targets_of_the_revision_count() -> None:
    tasks = (task(), task(address="10.0.0.2"), task(address="10.0.0.3", last_status="STOPPED"))
    targets = (
        Target("10.0.0.1", "healthy"),
        Target("10.0.0.2", "unhealthy", "Target.ResponseCodeMismatch"),
        Target("10.0.0.3", "draining"),
        Target("10.0.0.9", "healthy"),
    )
    seen = observe(2, tasks, targets)
    assert (seen.desired, seen.healthy, seen.running) == (2, 1, 2)
    assert seen.targets == (("healthy", 1), ("unhealthy (Target.ResponseCodeMismatch)", 1))


def test_references_are_all_found() -> None:
    log = {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "g", "awslogs-stream-prefix": "p"},
        "secretOptions": [{"name": "n", "valueFrom": "arn:s2"}],
    }
    made = {"logDriver": "awslogs", "options": {"awslogs-group": "h", "awslogs-create-group": "true"}}
    document = {
        "taskRoleArn": "r1",
        "executionRoleArn": "r2",
        "containerDefinitions": [
            {"name": "app", "secrets": [{"name": "n", "valueFrom": "arn:s1"}], "logConfiguration": log},
            {"name": "side", "repositoryCredentials": {"credentialsParameter": "arn:s3"}, "logConfiguration": made},
            {"name": "plain"},
        ],
    }
    found = references(document)
    assert found.roles == ("r1", "r2")
    assert found.secrets == ("arn:s1", "arn:s2", "arn:s3")
    assert found.log_groups == ("g",)
    assert log_stream(document, "app", "t1") == ("g", "p/app/t1")
    assert log_stream(document, "plain", "t1") is None
