# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drift in words, and what is none."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.drift import describe, detect_drift
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import DriftDetection, ResourceDrift

from tests.unit.plugins.module_utils._common.fakes import FakeClock


class Api:
    def __init__(self, *resources):
        self.resources = resources

    def detect_stack_drift(self, name):
        return name

    def describe_stack_drift_detection(self, _detection_id):
        return DriftDetection("DETECTION_COMPLETE", "DRIFTED" if self.resources else "IN_SYNC")

    def describe_stack_resource_drifts(self, _name):
        return list(self.resources)


def database(*differences):
    return ResourceDrift("Database", "AWS::RDS::DBInstance", "MODIFIED", differences)


def found(*resources):
    return detect_drift(["s"], Api(*resources), FakeClock(), 60)["s"]


def test_words_hold_the_values():
    assert describe(database(("/MultiAZ", "true", "false"), ("/Tags/0/Value", "a", ""))) == (
        "Database (AWS::RDS::DBInstance) was changed: MultiAZ is false, and should be true; "
        "Tags.0.Value is not there, and should be a"
    )
    assert describe(ResourceDrift("Q", "T", "DELETED")) == "Q (T) was deleted"


@pytest.mark.parametrize(
    ("difference", "drift"),
    [
        (("/AllocatedStorage", "20", "30"), "IN_SYNC"),
        (("/AllocatedStorage", "20", "10"), "DRIFTED"),
        (("/AllocatedStorage", "20", ""), "DRIFTED"),
        (("/MultiAZ", "true", "false"), "DRIFTED"),
    ],
)
def test_storage_that_grew_by_itself_is_no_drift(difference, drift):
    seen = found(database(difference))
    assert (seen.status, bool(seen.resources)) == (drift, drift == "DRIFTED")
    assert bool(seen.grown) is not bool(seen.resources)


def test_other_drift_beside_grown_storage_is_kept():
    seen = found(database(("/AllocatedStorage", "20", "30"), ("/MultiAZ", "true", "false")))
    assert seen.resources == [database(("/MultiAZ", "true", "false"))]
    assert seen.grown == [database(("/AllocatedStorage", "20", "30"))]
    assert found(ResourceDrift("Q", "T", "DELETED")).resources == [ResourceDrift("Q", "T", "DELETED")]
