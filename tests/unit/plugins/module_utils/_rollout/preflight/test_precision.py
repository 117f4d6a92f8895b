# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that counts in bfloat16 is not held against what was counted in single precision."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.image import ReleaseImage
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.inference import InferenceGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.served_inference import ServedInferenceGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.target import Target
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.preflight.precision import precision_problems

from tests.unit.plugins.module_utils._rollout.case import deploy, document, make_request, released
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import Gate
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import RolloutRequest

SERVED = ServedInferenceGate(golden_file="golden.jsonl", inference_clips=("a.mp4",), url="http://alb/v1/analyses")
FAST = document(FASTBREAK_PRECISION="fast")


def asked(*gates: Gate) -> RolloutRequest:
    return replace(make_request(""), gates=gates)


def found(request: RolloutRequest, **environment: str) -> str:
    target = Target(ReleaseImage(f"sha256:{'a' * 64}", "1.0.0"), "", document(**environment))
    return " ".join(precision_problems(request, target))


@pytest.mark.parametrize("value", ["fast", " Fast "])
def test_the_gate_and_the_variable_are_named(value: str) -> None:
    told = found(asked(SERVED), FASTBREAK_PRECISION=value)
    for word in ("Gate served_inference", "golden.jsonl", "FASTBREAK_PRECISION=fast", "ecs_rollout_environment"):
        assert word in told


PARAMETER = "arn:aws:ssm:eu-central-1:111111111111:parameter/precision"
FILE = "arn:aws:s3:::settings/service.env"


def found_of(**container: object) -> str:
    held = document()
    held["containerDefinitions"][0] |= container
    return " ".join(precision_problems(asked(SERVED), Target(ReleaseImage(f"sha256:{'a' * 64}", "1.0.0"), "", held)))


def test_what_is_not_read_is_not_taken_for_single_precision() -> None:
    secret = found_of(secrets=[{"name": "FASTBREAK_PRECISION", "valueFrom": PARAMETER}])
    assert f"FASTBREAK_PRECISION out of {PARAMETER}" in secret
    file = found_of(environmentFiles=[{"type": "s3", "value": FILE}])
    assert f"environment file {FILE}" in file
    assert "nothing tells in what it counts" in secret
    assert "nothing tells in what it counts" in file
    assert "FASTBREAK_PRECISION=bf16" in found(asked(SERVED), FASTBREAK_PRECISION="bf16")


def test_what_the_environment_says_goes_before_a_file() -> None:
    said = [{"name": "FASTBREAK_PRECISION", "value": "f32"}]
    files = [{"type": "s3", "value": FILE}]
    assert not found_of(environment=said, environmentFiles=files)
    assert "FASTBREAK_PRECISION=fast" in found_of(environment=[{**said[0], "value": "fast"}], environmentFiles=files)
    assert not found_of(secrets=[{"name": "FASTBREAK_DATABASE_PASSWORD", "valueFrom": PARAMETER}])


def test_what_counts_alike_or_decides_nothing_is_let_in() -> None:
    assert not found(asked(SERVED))
    assert not found(asked(SERVED), FASTBREAK_PRECISION="f32")
    assert not found(asked(InferenceGate(golden_file="golden.jsonl")), FASTBREAK_PRECISION="fast")
    assert not found(asked(replace(SERVED, dry_run=True)), FASTBREAK_PRECISION="fast")
    assert not found(replace(asked(SERVED), kind=ROLLBACK), FASTBREAK_PRECISION="fast")


def test_it_is_refused_before_anything_is_changed(ports: Ports, world: ShiftingWorld) -> None:
    canary = by("CANARY", bake_minutes=1, canary_percent=20.0, canary_bake_minutes=1)
    released(world, ports, **canary)
    world.push("1.1.0", "b")
    world.calls.clear()
    with pytest.raises(RefusedError, match="which was counted in single precision"):
        deploy(ports, "1.1.0", **canary, document=FAST, gates=(*make_request("").gates, SERVED))
    assert not [call for call in world.calls if "register" in str(call) or "update" in str(call)]


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()
