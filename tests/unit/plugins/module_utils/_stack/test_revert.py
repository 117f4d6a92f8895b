# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The drift of a stack taken back, against a CloudFormation in memory."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    FastbreakError,
    OperationError,
    RefusedError,
    RolledBackError,
    WaitTimeoutError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.revert import revert_drift
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import (
    ChangeSet,
    DriftDetection,
    ResourceDrift,
    Reversal,
    StackBusyError,
)

from tests.unit.plugins.module_utils._stack.case import NAME, put, request
from tests.unit.plugins.module_utils._stack.fakes import ports_of

LOGS = ResourceDrift("Logs", "AWS::Logs::LogGroup", "MODIFIED", (("/RetentionInDays", "30", "1"),))
LOST = ResourceDrift("Rule", "AWS::EC2::SecurityGroupEgress", "DELETED")
TABLE = ResourceDrift("Table", "AWS::DynamoDB::Table", "DELETED")
GROWN = ResourceDrift("Database", "AWS::RDS::DBInstance", "MODIFIED", (("/AllocatedStorage", "20", "30"),))
CHANGED = Reversal("Logs", "AWS::Logs::LogGroup", "modify", "no")
ADDED = Reversal("Rule", "AWS::EC2::SecurityGroupEgress", "add", "no")


class FakeReversal:
    """``change_sets`` are the answers while it compares, ``left`` is what an executed one does not bring back."""

    def __init__(self, stacks, drifts=(), change_sets=(), **fields):
        self.stacks, self.drifts, self.change_sets = stacks, drifts, list(change_sets)
        self.left = fields.get("left", ())
        self.ends = fields.get("ends", "UPDATE_COMPLETE")
        self.busy = fields.get("busy")
        self.calls = []

    def detect_stack_drift(self, name):
        return name

    def describe_stack_drift_detection(self, _detection_id):
        return DriftDetection("DETECTION_COMPLETE", "DRIFTED" if self.drifts else "IN_SYNC")

    def describe_stack_resource_drifts(self, _name):
        return list(self.drifts)

    def create_drift_change_set(self, snapshot, change_set):
        self._write("create", snapshot.name, change_set)

    def describe_change_set(self, _name, _change_set):
        return self.change_sets.pop(0) if len(self.change_sets) > 1 else self.change_sets[0]

    def execute_change_set(self, name, change_set, token):
        assert token == change_set
        self._write("execute", name, change_set)
        self.drifts = self.left
        self.stacks.put(NAME, "UPDATE_IN_PROGRESS", pending=[self.ends])

    def delete_change_set(self, name, change_set):
        self._write("delete", name, change_set)

    def _write(self, operation, name, change_set):
        assert (name, change_set) == (NAME, "token-1")
        if operation == self.busy:
            raise StackBusyError("busy")
        self.calls.append(operation)


def made(*reversals):
    return ChangeSet("CREATE_COMPLETE", "", reversals)


def revert(stacks, clock, api, check_mode=False, **fields):
    ports, _said = ports_of(stacks, clock)
    return revert_drift(request(**fields), ports, api, check_mode)


def test_a_stack_without_drift_is_left_alone(stacks, clock):
    put(stacks)
    api = FakeReversal(stacks)
    assert revert(stacks, clock, api).reversals == ()
    assert api.calls == []


def test_each_resource_is_brought_back_and_looked_at_again(stacks, clock):
    put(stacks)
    comparing = ChangeSet("CREATE_IN_PROGRESS")
    api = FakeReversal(stacks, [LOGS, LOST], change_sets=[comparing, comparing, made(CHANGED, ADDED)])
    result = revert(stacks, clock, api)
    assert (result.drifts, result.reversals) == ([LOGS, LOST], (CHANGED, ADDED))
    assert api.calls == ["create", "execute"]


def test_a_check_predicts_the_same_and_writes_nothing(stacks, clock):
    put(stacks)
    api = FakeReversal(stacks, [LOGS, LOST])
    result = revert(stacks, clock, api, check_mode=True)
    assert list(result.reversals) == [CHANGED, ADDED]
    assert api.calls == []


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("drifts", "words"),
    [([TABLE], "would be recreated without them"), ([LOGS, GROWN], "Storage never shrinks")],
)
def test_a_check_refuses_what_a_run_refuses(stacks, clock, drifts, words, check_mode):
    put(stacks)
    api = FakeReversal(stacks, drifts)
    with pytest.raises(RefusedError, match=words):
        revert(stacks, clock, api, check_mode)
    assert api.calls == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (Reversal("Other", "T", "modify", "no"), "would also change Other"),
        (Reversal("Logs", "AWS::Logs::LogGroup", "modify", "yes"), "would be replaced, and with it its logs"),
        (Reversal("Other", "T", "remove", "no"), "would also change Other"),
    ],
)
def test_a_change_set_that_does_more_than_was_predicted_is_given_up(stacks, clock, more, words):
    put(stacks)
    api = FakeReversal(stacks, [LOGS], change_sets=[made(CHANGED, more)])
    with pytest.raises(RefusedError, match=words):
        revert(stacks, clock, api)
    assert api.calls == ["create", "delete"]


def test_what_reads_a_resource_that_is_made_anew_follows_it(stacks, clock):
    put(stacks)
    follower = Reversal("Reader", "T", "modify", "no")
    api = FakeReversal(stacks, [LOST], change_sets=[made(ADDED, follower)])
    assert revert(stacks, clock, api).reversals == (ADDED, follower)


def test_what_still_differs_afterwards_is_an_error_that_names_it(stacks, clock):
    put(stacks)
    api = FakeReversal(stacks, [LOGS, LOST], left=[LOST], change_sets=[made(CHANGED)])
    with pytest.raises(OperationError, match=r"Rule \(AWS::EC2::SecurityGroupEgress\) was deleted") as error:
        revert(stacks, clock, api)
    assert (error.value.details["changed"], error.value.details["unrepaired"]) == (True, ["Rule"])


def test_a_change_set_that_fails_is_an_error_with_its_reason(stacks, clock):
    put(stacks)
    api = FakeReversal(stacks, [LOGS], change_sets=[ChangeSet("FAILED", "No changes, it said")])
    with pytest.raises(OperationError, match=r"No changes, it said\. Nothing was touched"):
        revert(stacks, clock, api)
    assert api.calls == ["create", "delete"]


def test_a_change_set_that_never_comes_about_is_a_timeout(stacks, clock):
    put(stacks)
    api = FakeReversal(stacks, [LOGS], change_sets=[ChangeSet("CREATE_PENDING")])
    with pytest.raises(WaitTimeoutError, match="still comparing stack"):
        revert(stacks, clock, api, timeout_seconds=60)


def test_a_repair_that_fails_is_rolled_back_and_says_so(stacks, clock):
    put(stacks)
    api = FakeReversal(stacks, [LOGS], change_sets=[made(CHANGED)], ends="UPDATE_ROLLBACK_COMPLETE")
    with pytest.raises(RolledBackError, match="Tried to repair the drift of stack"):
        revert(stacks, clock, api)


@pytest.mark.parametrize("busy", ["create", "execute"])
def test_another_operation_in_between_is_told(stacks, clock, busy):
    put(stacks)
    api = FakeReversal(stacks, [LOGS], change_sets=[made(CHANGED)], busy=busy)
    with pytest.raises(OperationError, match=r"another operation on it got in between\. Run again"):
        revert(stacks, clock, api)


@pytest.mark.parametrize("status", [None, "DELETE_FAILED", "ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", "NONESUCH"])
def test_a_stack_that_does_not_stand_is_refused_with_the_way_out(stacks, clock, status):
    if status:
        put(stacks, status)
    api = FakeReversal(stacks, [LOGS])
    with pytest.raises(FastbreakError, match=r"ansible-playbook -i <inventory> site\.yml"):
        revert(stacks, clock, api)
    assert api.calls == []
