# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Known clips through a release by its listener, sent by a task of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.served_inference import ServedInferenceGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Probing
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.stages import Phase, Stage

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest
from tests.unit.plugins.module_utils._rollout.gates.measuring import read
from tests.unit.plugins.module_utils._rollout.gates.test_golden import LINE, changed
from tests.unit.plugins.module_utils._rollout.gates.test_inference import CANARY, ClipsWorld
from tests.unit.plugins.module_utils._rollout.shifting import TEST_URL

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

ROLE = "arn:aws:iam::111111111111:role/probe"
GATE = ServedInferenceGate(
    golden_file="golden.jsonl",
    inference_clips=("demo.mp4", "https://clips.example.com/b.mp4?sig=hunter2"),
    url="http://alb/v1/analyses",
    headers=(("Authorization", "secretsmanager:probe"), ("X-Team", "physio")),
    stages=(Stage.BEFORE_TRAFFIC,),
    bake_seconds=0,
    deadline_seconds=200,
    inference_timeout_seconds=60,
)
GATED = {**CANARY, "gates": (*make_request("x").gates, GATE), "probing": Probing(task_role_arn=ROLE)}
# What the service tells of the networks: one of them.
SERVED = changed("models", {"pose.tflite": "a" * 64})


@pytest.fixture
def world() -> ClipsWorld:
    return ClipsWorld()


def release(world: ClipsWorld, ports: Ports, found: Any, **other: Any) -> None:
    """Release 1.0.0, then 1.1.0, by whose listener *found* is found."""
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **CANARY)
    world.found = {"1.1.0": ["sending", json.dumps(found)]}
    world.push("1.1.0", "b", **other)
    deploy(ports, "1.1.0", **GATED)


def test_a_task_of_the_release_sends_the_clips_to_its_test_listener(world: ClipsWorld, ports: Ports) -> None:
    release(world, ports, SERVED)
    assert newest(world).outcome is Outcome.SUCCEEDED
    (task,) = world.once
    assert task.task_role_arn == ROLE
    command = " ".join(task.command)
    assert command.startswith(f"fastbreak-service golden --through {TEST_URL}/v1/analyses --wait 27 ")
    assert "--version-header x-fastbreak-version --expect-version 1.1.0" in command
    assert "--header-secret Authorization=probe --header X-Team=physio" in command
    assert command.endswith(" demo.mp4 https://clips.example.com/b.mp4?sig=hunter2")
    measured = next(gate for gate in newest(world).gates if gate.gate == "served_inference")
    assert (measured.stage, measured.seen) == ("before_traffic", "0 differences in 1 clip")


def test_other_findings_by_the_listener_reach_no_user(world: ClipsWorld, ports: Ports) -> None:
    with pytest.raises(RolledBackError, match="gate served_inference is UNHEALTHY") as caught:
        release(world, ports, {**SERVED, "persons": SERVED["persons"][:1]})
    assert "1 person, where 2 are expected" in caught.value.message
    assert "hunter2" not in caught.value.message
    assert not [request for request in world.requests if request[0] == "user" and request[2].startswith("1.1.0")]


def test_other_networks_by_the_listener_are_told(world: ClipsWorld, ports: Ports) -> None:
    with pytest.raises(RolledBackError, match=r"models\.pose\.tflite of demo"):
        release(world, ports, changed("models", {"pose.tflite": "x"}))


@pytest.mark.parametrize(("code", "verdict"), [(1, "UNHEALTHY"), (75, "ERROR")])
def test_who_could_ask_nobody_says_nothing_of_the_release(
    world: ClipsWorld, ports: Ports, code: int, verdict: str
) -> None:
    with pytest.raises(RolledBackError, match=f"gate served_inference is {verdict}") as caught:
        release(world, ports, LINE, migration_exit=code)
    assert f"ended with exit code {code}" in caught.value.message


def test_it_is_asked_where_one_version_alone_answers() -> None:
    everywhere = replace(GATE, stages=tuple(Stage))
    before = everywhere.at(Phase(Stage.BEFORE_TRAFFIC, 0.0, "https://test.example.com:9443"))
    assert before
    assert before.sent.url == "https://test.example.com:9443/v1/analyses"
    assert everywhere.at(Phase(Stage.BEFORE_TRAFFIC)) is None
    assert everywhere.at(Phase(Stage.EACH_STEP, 10.0)) is None
    assert everywhere.at(Phase(Stage.AFTER_TRAFFIC)) is everywhere


def test_options_are_read() -> None:
    options = {"golden_file": "g", "inference_clips": ["a.mp4"], "path": "/api/analyses"}
    gate = read("served_inference", **options, headers={"A": "secretsmanager:s"}, inference_timeout_seconds=100)
    assert isinstance(gate, ServedInferenceGate)
    assert gate.url.endswith("/api/analyses")
    assert gate.secret_names() == {"s"}
    assert gate.deadline_seconds == 160
    assert gate.needs_load_balancer
    assert not gate.minimum_speed_ratio
    assert not list(gate.problems())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"inference_clips": ()}, "inference_clips is empty"),
        ({"golden_file": ""}, "golden_file is empty"),
        ({"url": "ftp://a"}, "is no http or https address"),
        ({"headers": (("A b", "c"),)}, "cannot be sent"),
    ],
)
def test_what_could_not_be_sent_is_said(change: dict[str, Any], problem: str) -> None:
    assert problem in " ".join(replace(GATE, **change).problems())
