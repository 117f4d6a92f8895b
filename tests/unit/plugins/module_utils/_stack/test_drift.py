# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Detecting drift of several stacks at once."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, WaitTimeoutError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.drift import Drift, describe, detect_drift
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import DriftDetection, ResourceDrift

from tests.unit.plugins.module_utils._common.fakes import FakeClock

RUNNING, DONE = DriftDetection("DETECTION_IN_PROGRESS"), DriftDetection("DETECTION_COMPLETE", "DRIFTED")
MOVED = ResourceDrift("R", "T", "MODIFIED", (("/A", "1", "2"),))
FOUND = Drift("DRIFTED", [MOVED], [])


class FakeDrift:
    def __init__(self, **detections):
        self.detections = {name: list(seen) for name, seen in detections.items()}
        self.started = []

    def detect_stack_drift(self, name):
        self.started.append(name)
        return name

    def describe_stack_drift_detection(self, detection_id):
        seen = self.detections[detection_id]
        return seen.pop(0) if len(seen) > 1 else seen[0]

    def describe_stack_resource_drifts(self, name):
        return [MOVED]


def test_all_are_started_before_any_is_waited_for():
    api, clock = FakeDrift(a=[RUNNING, RUNNING, DONE], b=[DONE]), FakeClock()
    assert detect_drift(["a", "b"], api, clock, 60) == {"a": FOUND, "b": FOUND}
    assert (api.started, clock.time) == (["a", "b"], 1002)


def test_no_stacks_no_calls():
    assert detect_drift([], FakeDrift(), FakeClock(), 60) == {}


def test_a_detection_that_fails_is_an_error_with_its_reason():
    failed = DriftDetection("DETECTION_FAILED", reason="throttled by EC2")
    with pytest.raises(OperationError, match="throttled by EC2"):
        detect_drift(["a"], FakeDrift(a=[failed]), FakeClock(), 60)


def test_a_detection_that_never_ends_is_a_timeout():
    with pytest.raises(WaitTimeoutError, match="drift of a was not detected within 60 s") as raised:
        detect_drift(["a", "b"], FakeDrift(a=[RUNNING], b=[DONE]), FakeClock(), 60)
    assert raised.value.details == {"last": {"a": "a"}}


@pytest.mark.parametrize(
    ("kind", "physical_id", "told"),
    [
        ("AWS::KMS::Alias", "alias/a", "R (AWS::KMS::Alias) was deleted"),
        ("AWS::KMS::Key", "", "R (AWS::KMS::Key) was deleted"),
        ("AWS::KMS::Key", "12ab", "aws kms cancel-key-deletion --key-id 12ab && aws kms enable-key --key-id 12ab"),
    ],
)
def test_a_key_may_only_be_pending_deletion_and_can_be_kept(kind, physical_id, told):
    assert describe(ResourceDrift("R", kind, "DELETED", physical_id=physical_id)).endswith(told)
