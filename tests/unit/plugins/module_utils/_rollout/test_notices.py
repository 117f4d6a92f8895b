# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is told of a release, what of it, and that no release waits or fails for that."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    FastbreakError,
    OperationError,
    RefusedError,
    SupersededError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Lock
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.settings import AtDeadline
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.notices import (
    Moment,
    Notice,
    detail,
    message,
    subject,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.order import Order
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.results import Result, told_results
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import ServiceChange
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.together import roll_out_together

from tests.unit.plugins.module_utils._rollout.approving import ASKING
from tests.unit.plugins.module_utils._rollout.approving import told as answered
from tests.unit.plugins.module_utils._rollout.case import deploy, document, make_request, released
from tests.unit.plugins.module_utils._rollout.neighbours import LEAD, Street
from tests.unit.plugins.module_utils._rollout.neighbours import ports as neighbour_ports
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.plugins.module_utils._rollout.fakes import World

OWNER = "anna.schmidt@laptop:77:ffff"
CALLER = "arn:aws:sts::111111111111:assumed-role/deployer/anna.schmidt"
NOTICE = Notice(Moment.REFUSED, "inference", "fastbreak-prod", "1.4.2-a", "sha256:a", "CANARY", "deploy", "R#1")


class Told:
    """Keeps what is told."""

    def __init__(self, problem: str = "", missing: str = "") -> None:
        self.notices: list[Notice] = []
        self.problem, self.missing = problem, missing

    def topic_problem(self) -> str:
        if self.missing == "unreachable":
            raise UnavailableError("the network is down")
        return self.missing

    def tell(self, notice: Notice) -> None:
        self.notices.append(notice)

    def untold(self) -> tuple[str, ...]:
        return (self.problem,) if self.problem else ()

    @property
    def states(self) -> list[str]:
        return [notice.state.value for notice in self.notices]


def telling(ports: Ports, told: Told) -> Ports:
    return replace(ports, announcements=told)


@pytest.mark.parametrize(
    ("behaviour", "states"),
    [
        ({}, ["begun", "accepted"]),
        ({"path_status": {"/v1/analyses": 500}}, ["begun", "refused", "rolled_back"]),
        ({"cannot_start": True}, ["begun", "refused", "rolled_back"]),
    ],
)
def test_others_are_told_how_it_began_and_ended(
    world: World, ports: Ports, behaviour: dict[str, Any], states: list[str]
) -> None:
    released(world, ports)
    world.push("1.1.0", "b", **behaviour)
    told = Told()
    try:
        deploy(telling(ports, told), "1.1.0")
    except FastbreakError:
        assert "rolled_back" in states
    assert told.states == states
    assert {notice.version[:5] for notice in told.notices} == {"1.1.0"}
    assert told.notices[0].gate == ""
    if "refused" in states:
        assert (told.notices[1].verdict, bool(told.notices[1].seen)) == ("UNHEALTHY", True)
    told.notices.clear()
    deploy(telling(ports, told), "1.0.0", check_mode=True)
    assert told.notices == []


def test_what_is_refused_beforehand_is_told_with_the_reason(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    told = Told()
    for version, check_mode in (("1.1.0", True), ("1.1.0", False), ("9.9.9", False)):
        with pytest.raises(RefusedError):
            deploy(telling(ports, told), version, require_promoted=True, check_mode=check_mode)
    assert told.states == ["not_begun", "not_begun"]
    first, second = told.notices
    assert (first.version, first.kind, first.release_id, first.gate) == ("1.1.0", "deploy", "", "")
    assert "require_promoted accepts nothing else" in first.seen
    assert "no image of repository" in second.seen
    assert first.seen in message(first)


def test_of_several_services_it_is_told_once() -> None:
    told, street = Told(), Street(LEAD, "worker")
    street.worlds["worker"].platforms = frozenset({"linux/arm64"})
    street.push("1.1.0", "b")
    orders = [
        Order(street.request(name, "1.1.0"), telling(neighbour_ports(world), told), leads=name == LEAD)
        for name, world in street.worlds.items()
    ]
    for check_mode in (True, False):
        with pytest.raises(RefusedError):
            roll_out_together(orders, check_mode=check_mode)
    assert told.states == ["not_begun"]
    assert told.notices[0].service == LEAD
    assert "to worker was refused" in told.notices[0].seen


def test_a_run_that_only_judges_tells_of_no_release_that_was_not_begun(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    told = Told()
    with pytest.raises(RefusedError, match="no release of it is under way"):
        deploy(telling(ports, told), "1.0.0", judge_only=True)
    assert told.states == []


def test_a_first_release_is_stopped(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a", cannot_start=True)
    told = Told()
    with pytest.raises(FastbreakError):
        deploy(telling(ports, told), "1.0.0")
    assert told.states == ["begun", "refused", "stopped"]


def test_one_that_does_not_come_back_is_told_as_such(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", path_status={"/v1/analyses": 500})
    told = Told()
    before = f"sha256:{'a' * 64}"
    world.behaviours[before] = replace(world.behaviours[before], ready_after=None)
    with pytest.raises(FastbreakError):
        deploy(telling(ports, told), "1.1.0")
    assert told.states == ["begun", "refused", "rollback_failed"]


def test_a_release_that_is_taken_back_is_told() -> None:
    world = ShiftingWorld()
    told = Told()
    ports = telling(Ports(*[world] * 13), told)  # type: ignore[arg-type]
    canary = by("CANARY", bake_minutes=0, canary_bake_minutes=0)
    for version, digit, until in (("1.0.0", "a", "done"), ("1.1.0", "b", "paused")):
        world.push(version, digit)
        deploy(ports, version, wait_until=until, **canary)
    deploy(ports, "", kind=ROLLBACK, **canary)
    assert told.states == ["begun", "accepted", "begun", "handed_over", "rolled_back"]


CANARY = by("CANARY", bake_minutes=1, canary_percent=20.0, canary_bake_minutes=1)
HOLDING = tuple(
    replace(gate, on_inconclusive=AtDeadline.PAUSE, interval_seconds=30.0) if gate.kind == "http" else gate
    for gate in make_request("x").gates
)


def _raise(error: BaseException) -> Any:
    def call(*_args: Any, **_kwargs: Any) -> Any:
        raise error

    return call


def _later(world: ShiftingWorld, name: str, error: BaseException) -> None:
    """After the release began to be watched, a call of this name fails."""
    world.at.append((world.seconds + 8, lambda: setattr(world, name, _raise(error))))


def _replaced(world: ShiftingWorld) -> None:
    assert world.service
    world.update_service("fastbreak-dev", "inference", ServiceChange(world.service.settings, (), "", force=True))


def _unfit(world: ShiftingWorld) -> None:
    world.push("1.1.0", "b", path_status={"/v1/analyses": 500})


def _never_back(world: ShiftingWorld) -> None:
    _unfit(world)
    world.at.append((world.seconds + 5, lambda: _make_unready(world)))


def _make_unready(world: ShiftingWorld) -> None:
    for task in world.tasks:
        if task.behaviour.tag.startswith("1.0.0"):
            task.behaviour = replace(task.behaviour, status=503)


def _under_way(world: ShiftingWorld) -> None:
    deploy(Ports(*[world] * 13), "1.1.0", wait_until="paused", **CANARY)  # type: ignore[arg-type]


#: For each way a run can end with a release: what leads there, the options of the run, and what is told in its end.
ENDS: dict[Result, tuple[Callable[[ShiftingWorld], object], dict[str, Any], str]] = {
    Result.ACCEPTED: (lambda world: None, {}, "accepted"),
    Result.HANDED_OVER: (lambda world: None, {"wait_until": "paused"}, "handed_over"),
    Result.WITHDRAWN: (_under_way, {"version": "", "kind": ROLLBACK}, "rolled_back"),
    Result.REFUSED: (lambda world: None, {"require_promoted": True}, "not_begun"),
    Result.FAILED: (lambda world: setattr(world, "update_service", _raise(OperationError("no"))), {}, "failed"),
    Result.ROLLED_BACK: (_unfit, {}, "rolled_back"),
    Result.STOPPED: (lambda world: world.push("1.1.0", "b", cannot_start=True), {}, "stopped"),
    Result.SUPERSEDED: (lambda world: world.at.append((world.seconds + 8, lambda: _replaced(world))), {}, "superseded"),
    Result.HELD: (lambda world: None, {"gates": HOLDING}, "held"),
    Result.TIMED_OUT: (lambda world: _later(world, "describe_service", UnavailableError("down")), {}, "timed_out"),
    Result.INTERRUPTED: (lambda world: _later(world, "describe_service", KeyboardInterrupt()), {}, "interrupted"),
    Result.LEFT_OPEN: (lambda world: _later(world, "finish", OperationError("no table")), {}, "left_open"),
    Result.ROLLBACK_FAILED: (_never_back, {}, "rollback_failed"),
}
#: These have no release to tell of.
SILENT = {Result.UNCHANGED, Result.PLANNED, Result.REMOVED}


def test_each_way_to_end_is_told_or_has_no_release_to_tell_of() -> None:
    assert {*ENDS} | SILENT == {*Result}
    assert {state for _prepare, _options, state in ENDS.values()} | {"begun", "refused"} == {
        moment.value for moment in Moment
    }


@pytest.mark.parametrize("ending", ENDS, ids=lambda ending: ending.value)
def test_whoever_is_told_that_a_release_began_is_told_how_it_ended_or_was_left(
    ending: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, told = ShiftingWorld(), Told()
    monkeypatch.setattr(world, "caller_arn", lambda: CALLER)
    ports = Ports(*[world] * 13)  # type: ignore[arg-type]
    if ending is not Result.STOPPED:
        released(world, ports, **CANARY)
    world.push("1.1.0", "b")
    prepare, options, state = ENDS[ending]
    prepare(world)
    try:
        with told_results():
            result = deploy(
                telling(ports, told), **{"version": "1.1.0", "owner": OWNER, **CANARY, **options}
            ).result.value
    except FastbreakError as error:
        result = error.details["result"]
    assert result == ending.value
    assert told.states[-1] == state
    assert told.notices[-1].release_id or state == "not_begun"
    assert told.notices[-1].seen or state in {"accepted", "failed", "rolled_back"}
    assert_nobody_is_named(told)
    if state == "held":
        assert (told.notices[-1].gate, told.notices[-1].verdict) == ("ready", "INCONCLUSIVE")


def assert_nobody_is_named(told: Told) -> None:
    text = " ".join(message(notice) for notice in told.notices)
    assert "anna" not in text
    assert "laptop" not in text
    assert "tester" not in text


def test_a_lost_lock_leaves_the_release_open_and_its_new_holder_is_not_named(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    told = Told()
    world.at.append((world.seconds + 8, lambda: setattr(world, "lock", Lock(OWNER, "2026-01-01T00:00:00Z"))))
    with pytest.raises(SupersededError, match=OWNER):
        deploy(telling(ports, told), "1.1.0")
    assert told.states == ["begun", "left_open"]
    assert "the lock was taken over by another run (since" in told.notices[-1].seen
    assert_nobody_is_named(told)


def test_a_held_lock_is_told_without_its_holder(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    told = Told()
    world.lock = Lock(OWNER, "2026-01-01T00:00:00Z")
    world.at.append((world.seconds + 2, lambda: setattr(world, "lock", Lock(OWNER, "2026-01-01T00:00:00Z", 2))))
    with pytest.raises(RefusedError, match=OWNER):
        deploy(telling(ports, told), "1.1.0")
    assert told.states == ["not_begun"]
    assert "another run (since 2026-01-01T00:00:00Z) is rolling it out now" in told.notices[-1].seen
    assert_nobody_is_named(told)


def test_who_said_no_is_on_record_and_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    world, told = ShiftingWorld(), Told()
    monkeypatch.setattr(world, "caller_arn", lambda: CALLER)
    ports = Ports(*[world] * 13)  # type: ignore[arg-type]
    released(world, ports, **CANARY)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", wait_until="paused", **ASKING)
    answered(ports, approved=False)
    with pytest.raises(OperationError, match=CALLER):
        deploy(telling(ports, told), "1.1.0", **ASKING)
    assert told.states == ["refused", "rolled_back"]
    assert "was answered no by somebody at" in told.notices[-1].seen
    assert_nobody_is_named(told)


def test_what_is_told_holds_no_value_and_no_name_of_a_person(world: World, ports: Ports) -> None:
    secret = "a-value-of-the-users-environment"
    released(world, ports)
    world.push("1.1.0", "b", exits_after=2.0)
    world.events = []
    told = Told()
    fail = world._fail
    world._fail = lambda task, deployment, code, _reason, exit_code: fail(  # type: ignore[method-assign]
        task, deployment, code, f"it said {secret}", exit_code
    )
    with pytest.raises(FastbreakError):
        deploy(telling(ports, told), "1.1.0", document=document(TOKEN=secret))
    text = " ".join(message(notice) for notice in told.notices)
    assert "it said" in text
    assert secret not in text
    assert "tester" not in text


@pytest.mark.parametrize("missing", ["topic x does not exist", "unreachable"])
def test_what_cannot_be_told_is_a_warning_and_no_more(world: World, ports: Ports, missing: str) -> None:
    world.push("1.0.0", "a")
    result = deploy(telling(ports, Told("EventBridge was busy", missing)), "1.0.0")
    assert result.release is not None
    assert result.release.succeeded
    said = " ".join(result.warnings)
    assert "not everybody was told of the release: EventBridge was busy" in said
    assert "nobody is told of this release by notifications.topic_arn" in said


@pytest.mark.parametrize("state", Moment)
def test_a_message_reads_for_people_and_for_programs(state: Moment) -> None:
    notice = replace(NOTICE, state=state, gate="ready", verdict="UNHEALTHY", seen="9 of 9 failed" * 500)
    text = message(notice)
    assert json.loads(text[text.index("{") :]) == detail(notice)
    assert detail(notice)["state"] == state.value
    assert len(detail(notice)["seen"]) == 1000
    assert "Gate ready is UNHEALTHY: 9 of 9 failed" in text
    assert "1.4.2-a" in subject(notice)


@pytest.mark.parametrize("version", ["x" * 300, "ü\n\x1b[2J", ""])
def test_a_subject_is_as_sns_takes_it(version: str) -> None:
    line = subject(replace(NOTICE, version=version))
    assert 0 < len(line) <= 100
    assert line.isascii()
    assert line.isprintable()
