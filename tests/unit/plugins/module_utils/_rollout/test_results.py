# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every way in which a run can end has its word: each status that ECS has, and each disturbance, at each moment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    CredentialsError,
    DependencyError,
    FastbreakError,
    OperationError,
    RefusedError,
    RequestError,
    RolledBackError,
    SupersededError,
    UnavailableError,
    WaitTimeoutError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Lock, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.target_health import TargetHealthGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.results import UNDONE, Result, of_error
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import (
    DeploymentState,
    parse_state,
)

from tests.unit.plugins.module_utils._rollout.case import deploy, newest
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

_MODEL = botocore.session.get_session().get_service_model("ecs")
#: Every status of the API, and one that it may get.
STATUSES = [*_MODEL.shape_for("ServiceDeploymentStatus").enum, "SOMETHING_NEW"]
#: When: by which strategy, after which call of which number, how many seconds after it, and with what release.
GOOD, BAD = {}, {"exits_after": 9.0}
MOMENTS = {
    "tasks start": ("ROLLING", "update_service", 1, 0.5, GOOD),
    "it bakes": ("ROLLING", "update_service", 1, 8.0, GOOD),
    "it goes back": ("ROLLING", "stop_service_deployment", 1, 0.5, {"exits_after": 2.0}),
    "both revisions start": ("CANARY", "update_service", 1, 0.5, GOOD),
    "it moves some users": ("CANARY", "continue_deployment", 1, 0.5, GOOD),
    "it moves all users": ("CANARY", "continue_deployment", 2, 0.5, GOOD),
    "ECS bakes": ("CANARY", "continue_deployment", 3, 0.5, GOOD),
    "users go back": ("CANARY", "refuse_deployment", 1, 0.5, BAD),
}
NOT_MOVED = ("both revisions start", "it moves some users", "it moves all users")
OPEN = {Result.TIMED_OUT, Result.LEFT_OPEN, Result.INTERRUPTED}


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


def options(strategy: str) -> dict[str, Any]:
    gate = TargetHealthGate(consecutive_successes=2, bake_seconds=14, deadline_seconds=60)
    bakes = {"bake_minutes": 1, "canary_bake_minutes": 0} if strategy == "CANARY" else {}
    return {**by(strategy, **bakes), "gates": (gate,), "timeout_seconds": 120.0}


def disturb(world: ShiftingWorld, moment: str, work: Callable[[], None]) -> dict[str, Any]:
    """Have *work* done at the moment, in a release of 1.1.0 after 1.0.0; the options of that release."""
    strategy, call, number, later, behaviour = MOMENTS[moment]
    found, seen = getattr(world, call), []

    def made(*args: Any, **kwargs: Any) -> Any:
        answer = found(*args, **kwargs)
        seen.append(call)
        if len(seen) == number:
            world.at.append((world.seconds + later, work))
        return answer

    setattr(world, call, made)
    world.push("1.1.0", "b", **behaviour)
    return options(strategy)


def ending(world: ShiftingWorld, ports: Ports, given: dict[str, Any]) -> Result:
    """How the run of 1.1.0 ends, which its record has to agree with."""
    before = world.service.task_definition_arn if world.service else ""
    try:
        result = deploy(ports, "1.1.0", **given).result
    except FastbreakError as error:
        result = of_error(error)
    record = newest(world)
    if result in OPEN:
        assert record.in_progress
    elif result is Result.ACCEPTED:
        assert record.succeeded
    elif not record.in_progress:
        assert UNDONE[record.outcome] is result or (record.outcome, result) == (Outcome.FAILED, Result.FAILED)
    else:
        # Another run holds the service, and the record.
        assert result is Result.SUPERSEDED
    if result is Result.ROLLED_BACK:
        assert world.service.task_definition_arn == before
    return result


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("status", STATUSES)
def test_every_status_at_every_moment_ends_in_a_word(
    world: ShiftingWorld, ports: Ports, status: str, moment: str
) -> None:
    strategy = MOMENTS[moment][0]
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **options(strategy))
    state = parse_state(status)

    def told() -> None:
        world.deployments[-1].state = state
        world.deployments[-1].rollback_at = world.seconds

    result = ending(world, ports, disturb(world, moment, told))
    goes_back = moment in ("it goes back", "users go back")
    if state in (DeploymentState.ROLLED_BACK, DeploymentState.ROLLING_BACK, DeploymentState.ROLLBACK_FAILED):
        assert result is Result.ROLLED_BACK
    elif state is DeploymentState.SUCCESSFUL and moment in NOT_MOVED:
        # ECS says so, and has moved nobody, or not all of them yet.
        assert result is Result.ROLLED_BACK
    elif state in (DeploymentState.SUCCESSFUL, DeploymentState.IN_PROGRESS) and not goes_back:
        assert result is Result.ACCEPTED
    else:
        assert result in (Result.ROLLED_BACK, Result.ROLLBACK_FAILED, Result.SUPERSEDED, Result.ACCEPTED)


def interrupted() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interruption_is_one_wherever_it_comes(world: ShiftingWorld, ports: Ports, moment: str) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **options(MOMENTS[moment][0]))
    assert ending(world, ports, disturb(world, moment, interrupted)) is Result.INTERRUPTED


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_lost_lock_is_another_run_that_took_over(world: ShiftingWorld, ports: Ports, moment: str) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **options(MOMENTS[moment][0]))

    def take() -> None:
        world.lock = Lock("other@there:2:bbbb", "2026-01-01T00:00:00Z", 7)

    assert ending(world, ports, disturb(world, moment, take)) is Result.SUPERSEDED


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_service_that_is_deleted_is_nobodys_success(world: ShiftingWorld, ports: Ports, moment: str) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **options(MOMENTS[moment][0]))

    def delete() -> None:
        world.service = None

    goes_back = moment in ("it goes back", "users go back")
    expected = Result.ROLLBACK_FAILED if goes_back else Result.SUPERSEDED
    assert ending(world, ports, disturb(world, moment, delete)) is expected


@pytest.mark.parametrize("moment", MOMENTS)
def test_what_cannot_be_looked_at_for_ever_is_left_for_another_run(
    world: ShiftingWorld, ports: Ports, moment: str
) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **options(MOMENTS[moment][0]))

    def vanish() -> None:
        world.unreachable = True

    goes_back = moment in ("it goes back", "users go back")
    expected = Result.ROLLBACK_FAILED if goes_back else Result.TIMED_OUT
    assert ending(world, ports, disturb(world, moment, vanish)) is expected


def test_what_never_touched_the_service_is_told_from_what_was_undone(world: ShiftingWorld, ports: Ports) -> None:
    given = options("ROLLING")
    world.push("1.0.0", "a", exits_after=2.0)
    with pytest.raises(OperationError) as first:
        deploy(ports, "1.0.0", **given)
    assert of_error(first.value) is Result.STOPPED
    world.push("1.1.0", "b")
    assert deploy(ports, "1.1.0", check_mode=True, **given).result is Result.PLANNED
    assert deploy(ports, "1.1.0", **given).result is Result.ACCEPTED
    assert deploy(ports, "1.1.0", **given).result is Result.UNCHANGED
    assert deploy(ports, "1.1.0", check_mode=True, **given).result is Result.UNCHANGED
    with pytest.raises(RefusedError) as refused:
        deploy(ports, "9.9.9", **given)
    assert of_error(refused.value) is Result.REFUSED

    def refuse(*_: object, **__: object) -> None:
        raise OperationError("UpdateService is denied")

    world.push("1.2.0", "c")
    world.update_service = refuse  # type: ignore[method-assign]
    with pytest.raises(OperationError) as denied:
        deploy(ports, "1.2.0", **given)
    assert of_error(denied.value) is Result.FAILED
    for task in world.tasks:
        task.behaviour = replace(task.behaviour, ready_after=None)
    with pytest.raises(OperationError) as unhealthy:
        deploy(ports, "1.1.0", **given)
    assert of_error(unhealthy.value) is Result.FAILED


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (RequestError("x"), Result.REFUSED),
        (RefusedError("x"), Result.REFUSED),
        (DependencyError("x"), Result.REFUSED),
        (UnavailableError("x"), Result.FAILED),
        (CredentialsError("x"), Result.FAILED),
        (OperationError("x"), Result.FAILED),
        (RolledBackError("x"), Result.ROLLED_BACK),
        (SupersededError("x"), Result.SUPERSEDED),
        (WaitTimeoutError("x"), Result.TIMED_OUT),
        (OperationError("x", result="held"), Result.HELD),
    ],
)
def test_an_error_says_it_itself_or_by_its_class(error: FastbreakError, result: Result) -> None:
    assert of_error(error) is result
