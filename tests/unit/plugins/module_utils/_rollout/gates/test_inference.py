# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Known clips through a release, in a task of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.inference import MODELS_LABEL, InferenceGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.problems import gate_problems

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest
from tests.unit.plugins.module_utils._rollout.gates.measuring import read
from tests.unit.plugins.module_utils._rollout.gates.test_golden import LINE, changed
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

GATE = InferenceGate(golden_file="golden.jsonl", bake_seconds=0, deadline_seconds=200, inference_timeout_seconds=60)
CANARY = by("CANARY", bake_minutes=1, canary_percent=20.0, canary_bake_minutes=1)
GATED = {**CANARY, "gates": (*make_request("x").gates, GATE)}


class ClipsWorld(ShiftingWorld):
    """``found`` is what tasks of a version log; ``late_seconds`` is how long their logs take."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self.golden = json.dumps(LINE)
        self.late_seconds = 0.0

    def read_file(self, path: str) -> bytes:
        return self.golden.encode()

    def tail(self, group: str, stream: str, *, lines: int) -> tuple[str, ...]:
        task = next(task for task in self.tasks if task.arn.endswith(f"/{stream.rpartition('/')[2]}"))
        if task.stop_code and self.seconds < task.started_at + 2 + self.late_seconds:
            return ()
        version = self.behaviour(task.definition_arn).tag.partition("-")[0]
        return tuple(self.found.get(version, ()))


@pytest.fixture
def world() -> ClipsWorld:
    return ClipsWorld()


def release(world: ClipsWorld, ports: Ports, found: dict[str, Any] | str, **other: Any) -> None:
    """Release 1.0.0, which finds what is known at 40 frames per second, then 1.1.0, which finds *found*."""
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **CANARY)
    line = found if isinstance(found, str) else json.dumps(found)
    world.found = {"1.0.0": ["loading", json.dumps(LINE)], "1.1.0": ["loading", line]}
    world.push("1.1.0", "b", **other)
    deploy(ports, "1.1.0", **GATED)


def test_a_release_that_finds_what_is_known_gets_in(world: ClipsWorld, ports: Ports) -> None:
    world.late_seconds = 20
    release(world, ports, changed("frames_per_second", 30.0))
    assert newest(world).outcome is Outcome.SUCCEEDED
    measured = next(gate for gate in newest(world).gates if gate.gate == "inference")
    assert (measured.stage, measured.samples, measured.failures) == ("before_traffic", 1, 0)
    assert measured.seen == "0 differences in 1 clip, at 75% of the running version's speed"
    ran = [task.task_definition_arn.rpartition(":")[2] for task in world.once]
    assert ran == ["2", "1"]
    assert world.once[0].command == ("fastbreak-service", "golden")


@pytest.mark.parametrize(
    ("found", "seen"),
    [
        (changed("persons.0.angles.left_knee.mean", 60.0), "person 1 has left_knee mean 60.0"),
        (changed("persons.1", ...), "1 person, where 2"),
        (changed("models", {"pose.tflite": "x"}), "models.detect.tflite of demo.mp4"),
        (changed("sha256", "d" * 64), "demo.mp4 was not analysed"),
        (changed("frames_per_second", 10.0), "at 25% of the running version's speed"),
        (changed("persons", None), "wrote a result that is not whole: persons is no list"),
        ("Traceback", "ended with exit code 0: loading"),
    ],
)
def test_a_release_that_finds_something_else_reaches_no_user(
    world: ClipsWorld, ports: Ports, found: Any, seen: str
) -> None:
    with pytest.raises(RolledBackError, match="gate inference is UNHEALTHY") as caught:
        release(world, ports, found)
    assert seen in caught.value.message
    assert not [request for request in world.requests if request[0] == "user" and request[2].startswith("1.1.0")]


@pytest.mark.parametrize(
    ("behaviour", "seen"),
    [({"migration_exit": 1}, "ended with exit code 1"), ({"migration_seconds": 500.0}, "had not ended after 60 s")],
)
def test_a_release_that_cannot_analyse_is_unfit(
    world: ClipsWorld, ports: Ports, behaviour: dict[str, Any], seen: str
) -> None:
    with pytest.raises(RolledBackError, match="gate inference is UNHEALTHY") as caught:
        release(world, ports, LINE, **behaviour)
    assert seen in caught.value.message
    assert "the release could not analyse them" in caught.value.message


def test_a_running_version_that_cannot_be_measured_is_no_pass(world: ClipsWorld, ports: Ports) -> None:
    def forget() -> None:
        world.found["1.0.0"] = []

    world.at.append((world.seconds + 1, forget))
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **CANARY)
    world.found = {"1.1.0": [json.dumps(LINE)]}
    world.push("1.1.0", "b")
    with pytest.raises(RolledBackError, match="gate inference is ERROR") as caught:
        deploy(ports, "1.1.0", **GATED)
    assert "the running version could not be measured" in caught.value.message
    gates = (*make_request("x").gates, replace(GATE, minimum_speed_ratio=0.0))
    deploy(ports, "1.1.0", **{**GATED, "gates": gates})


def test_the_first_release_is_compared_with_no_speed(world: ClipsWorld, ports: Ports) -> None:
    world.found = {"1.1.0": [json.dumps(LINE)]}
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", **GATED)
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert len(world.once) == 1


@pytest.mark.parametrize(
    ("golden", "labels", "problem"),
    [
        (json.dumps(LINE), {MODELS_LABEL: "pose.tflite=x,detect.tflite=y"}, r"models\.detect\.tflite of demo"),
        ("hello", {}, "golden_file golden.jsonl cannot be read: line 1 is none"),
        ("", {}, "it holds no result"),
    ],
)
def test_golden_files_that_compare_nothing_are_refused_before_anything_changes(
    world: ClipsWorld, ports: Ports, golden: str, labels: dict[str, str], problem: str
) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **CANARY)
    world.calls.clear()
    world.golden, world.labels = golden, labels
    world.push("1.1.0", "b")
    with pytest.raises(RefusedError, match=problem):
        deploy(ports, "1.1.0", **GATED)
    assert [call for call in world.calls if "lock" not in call] == []


def test_what_networks_an_image_has_that_names_none_is_said_not_to_be_known(world: ClipsWorld, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **CANARY)
    world.push("1.1.0", "b")
    for labels, unknown in (({}, True), ({MODELS_LABEL: f"pose.tflite={'a' * 64},detect.tflite={'b' * 64}"}, False)):
        world.labels = labels
        warned = deploy(ports, "1.1.0", **GATED, check_mode=True).warnings
        said = [text for text in warned if "was not held against the networks of this image" in text]
        assert bool(said) is unknown
        assert all("after the migration. Build the image with service/build.py" in text for text in said)


def test_an_image_that_names_the_same_networks_is_not_refused(world: ClipsWorld, ports: Ports) -> None:
    world.labels = {MODELS_LABEL: f"pose.tflite={'a' * 64},detect.tflite={'b' * 64}"}
    release(world, ports, LINE)
    assert newest(world).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"golden_file": None}, "golden_file is empty"),
        ({"inference_command": []}, "inference_command is empty"),
        ({"inference_clips": [" "]}, "inference_clips has an empty entry"),
        ({"inference_clips": ["x"] * 21}, "more than 20"),
        ({"inference_timeout_seconds": 0}, "inference_timeout_seconds"),
        ({"deadline_seconds": 100}, "deadline_seconds is below"),
        ({"maximum_angle_difference": float("nan")}, "maximum_angle_difference"),
        ({"minimum_speed_ratio": 1.1}, "minimum_speed_ratio"),
    ],
)
def test_options_by_which_nothing_is_compared_are_problems(options: dict[str, Any], problem: str) -> None:
    (told,) = gate_problems(read("inference", **{"golden_file": "g", **options}), 5.0)
    assert problem in told


def test_signatures_of_addresses_are_secret_and_no_rollback_asks() -> None:
    gate = replace(GATE, inference_clips=("https://clips.example.com/a.mp4?X-Amz-Signature=abc", "b.mp4"))
    assert [*gate.secrets()] == ["X-Amz-Signature=abc"]
    assert gate.in_rollback() is None
