# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers that a task gets where this machine reaches nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.act.task_probe import TaskProbe, gate_ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Probing
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.stages import Phase, Stage

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Answer

    from tests.unit.plugins.module_utils._rollout.fakes import World

FROM_TASK = Probing("task", ("fastbreak-service", "probe"), "service")
TESTED = Phase(Stage.BEFORE_TRAFFIC, 0.0, "http://alb:9000")
PHASES = (None, TESTED, Phase(Stage.BEFORE_TRAFFIC, 0.0), Phase(Stage.EACH_STEP, 10.0), Phase(Stage.AFTER_TRAFFIC))
GOOD = {"status": 200, "version": "1.0.0", "seconds": 0.01, "body": "aGVsbG8="}


def lines(*answers: Any) -> tuple[str, ...]:
    return tuple(answer if isinstance(answer, str) else json.dumps(answer) for answer in answers)


@pytest.fixture
def probe(world: World, ports: Ports) -> TaskProbe:
    released(world, ports)
    assert world.service
    return TaskProbe(Session(make_request("1.0.0", probing=FROM_TASK), ports), world.service.task_definition_arn)


def ask(probe: TaskProbe, method: str = "GET", url: str = "http://alb:9000/readyz", **other: Any) -> Answer:
    asked = {"timeout_seconds": 5.0, "version_header": "x-version", "headers": (("Host", "a"),), "keep_bytes": 9}
    return probe.request(method, url, **{**asked, **other})


def test_a_task_sends_a_batch_and_answers_are_given_out_one_by_one(world: World, probe: TaskProbe) -> None:
    world.logged = lines(
        "starting", GOOD, {**GOOD, "status": 503}, "[]", '{"status": true}', {"status": 0, "problem": "x"}
    )
    assert [ask(probe).status for _answer in range(3)] == [200, 503, 0]
    (task,) = world.once
    assert task.command == (
        *("fastbreak-service", "probe", "--method", "GET", "--count", "120", "--interval", "0.1", "--timeout", "5"),
        *("--keep", "9", "--version-header", "x-version", "--header", "Host=a", "http://alb:9000/readyz"),
    )
    assert task.settings == make_request("1.0.0").settings
    ask(probe)
    assert len(world.once) == 2


def test_task_reads_a_secret_by_a_role_of_its_own(world: World, ports: Ports) -> None:
    released(world, ports)
    assert world.service
    role = "arn:aws:iam::111111111111:role/probe"
    probing = replace(FROM_TASK, task_role_arn=role)
    probe = TaskProbe(Session(make_request("1.0.0", probing=probing), ports), world.service.task_definition_arn)
    world.logged = lines(GOOD)
    ask(probe, headers=(("Host", "a"), ("Authorization", "secretsmanager:fastbreak-prod-probe")))
    (task,) = world.once
    assert task.task_role_arn == role
    assert task.command[-5:-1] == ("--header", "Host=a", "--header-secret", "Authorization=fastbreak-prod-probe")
    assert task.environment == ()


def test_answer_is_read_whole(world: World, probe: TaskProbe) -> None:
    world.logged = lines({**GOOD, "location": "http://b/"})
    answer = ask(probe)
    assert (answer.version, answer.body, answer.location, answer.seconds) == ("1.0.0", b"hello", "http://b/", 0.01)
    assert not answer.unreachable


def test_answers_that_have_become_old_are_not_given_out(world: World, probe: TaskProbe) -> None:
    world.logged = lines(*[GOOD] * 5)
    ask(probe)
    world.seconds += 61
    ask(probe)
    assert len(world.once) == 2


@pytest.mark.parametrize("seconds", [1, 75, 600])
def test_however_long_a_task_takes_no_gate_s_answers_are_thrown_away_for_another_s(
    world: World, probe: TaskProbe, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    world.logged = lines(*[GOOD] * 120)
    started, run = [], world.run_task

    def slow(task: Any) -> Any:
        started.append(task)
        world.seconds += seconds
        return run(task)

    monkeypatch.setattr(world, "run_task", slow)
    for _turn in range(100):
        for path in ("readyz", "v1/analyses"):
            assert ask(probe, url=f"http://alb:9000/{path}").status == 200
        world.seconds += 0.5
    assert len(started) == 2


@pytest.mark.parametrize(
    "logged", [(), ("Traceback",), ('{"status": "200"}',), ("null",), ('{"status": 200, "body": 1}',)]
)
def test_log_without_answers_is_a_request_that_was_not_sent(
    world: World, probe: TaskProbe, logged: tuple[str, ...]
) -> None:
    world.logged = logged
    answer = ask(probe)
    assert (answer.status, answer.unreachable) == (0, True)


@pytest.mark.parametrize("error", [OperationError("no capacity"), UnavailableError("the network is down")])
def test_task_that_cannot_run_is_a_request_that_was_not_sent(
    world: World, probe: TaskProbe, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_task: object) -> None:
        raise error

    monkeypatch.setattr(world, "run_task", refused)
    answer = ask(probe)
    assert (answer.unreachable, answer.problem) == (True, str(error))


def test_what_is_posted_goes_out_from_here(world: World, probe: TaskProbe) -> None:
    ask(probe, "POST", "http://alb/v1/analyses", body=b"x")
    assert world.once == []


def test_only_gates_ask_from_a_task(world: World, ports: Ports) -> None:
    session = Session(make_request("1.0.0"), ports)
    for phase in PHASES:
        assert gate_ports(session, "arn")(phase) is session.ports
        asked = gate_ports(Session(make_request("1.0.0", probing=FROM_TASK), ports), "arn")(phase)
        assert isinstance(asked.probe, TaskProbe)


@pytest.mark.parametrize("phase", PHASES)
def test_where_only_the_test_listener_is_out_of_reach_a_task_asks_that_alone(ports: Ports, phase: Phase | None) -> None:
    before = replace(FROM_TASK, place="task_before_traffic")
    asked = gate_ports(Session(make_request("1.0.0", probing=before), ports), "arn")(phase)
    assert isinstance(asked.probe, TaskProbe) == (phase == TESTED)


def test_release_is_judged_by_what_its_own_tasks_saw(world: World, ports: Ports) -> None:
    tag = world.push("1.0.0", "a")
    world.logged = lines(*[{**GOOD, "version": tag}] * 60)
    deploy(ports, "1.0.0", probing=FROM_TASK)
    assert newest(world).succeeded
    assert world.once
    world.push("1.1.0", "b")
    world.logged = lines(*[{"status": 0, "problem": "cannot connect", "unreachable": True}] * 60)
    with pytest.raises(OperationError, match="could not be sent"):
        deploy(ports, "1.1.0", probing=FROM_TASK)
    assert newest(world).outcome.value == "ROLLED_BACK"


def test_how_much_of_a_body_is_not_told_is_told(world: World, probe: TaskProbe) -> None:
    long = {**GOOD, "body_bytes": 9000}
    world.logged = lines(long, GOOD, {**GOOD, "body_bytes": 5})
    assert [ask(probe, keep_bytes=1 << 20).untold_bytes for _answer in range(3)] == [8995, 0, 0]
    world.logged = lines(long)
    assert ask(probe, keep_bytes=5).untold_bytes == 0
    # What is not looked at need not be told.
    world.logged = lines({**long, "body": ""})
    assert ask(probe, keep_bytes=0).untold_bytes == 0
