"""One stack through every state it can be found in."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    DependencyError,
    OperationError,
    RefusedError,
    RequestError,
    RolledBackError,
    WaitTimeoutError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.apply import apply_stack, remove_stack
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.ports import DependencyState, NoRun
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import OutputReference, StackRequest

from tests.unit.plugins.module_utils._stack.fakes import FakeClock, FakeRun, FakeStacks, ports_of

RUNNING, SETTLED, FAILED = DependencyState.RUNNING, DependencyState.SETTLED, DependencyState.FAILED
NAME = "fastbreak-dev-rds"
TEMPLATE = {
    "Parameters": {"Size": {"Type": "String", "Default": "small"}},
    "Resources": {"R": {"Type": "T", "Properties": {"Size": {"Ref": "Size"}}}},
    "Outputs": {"Id": {"Value": {"Ref": "R"}}},
}


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def stacks(clock):
    return FakeStacks(clock)


def request(**fields):
    return StackRequest(**{"name": NAME, "template": TEMPLATE, "template_text": "{}", **fields})


def standing(stacks, status="CREATE_COMPLETE", **fields):
    stacks.put(NAME, status, TEMPLATE, parameters={"Size": "small"}, outputs={"Id": "id-1"}, **fields)


def apply(stacks, clock, run=None, check_mode=False, **fields):
    ports, said = ports_of(stacks, clock, run)
    result = apply_stack(request(**fields), ports, check_mode)
    return result, said


def test_an_absent_stack_is_created_and_a_second_run_changes_nothing(stacks, clock):
    first, said = apply(stacks, clock, tags={"a": "b"}, termination_protection=True, stack_policy={"Statement": []})
    assert (first.changed, first.snapshot.status, first.outputs) == (True, "CREATE_COMPLETE", {"Id": "id-1"})
    assert said == [
        f"{NAME}: create: 1 to add, termination protection, stack policy",
        f"{NAME}: CREATE_COMPLETE after 0 s",
    ]
    second, said = apply(stacks, clock, tags={"a": "b"}, termination_protection=True, stack_policy={"Statement": []})
    assert (second.changed, said, stacks.calls) == (False, [], [("create", NAME)])


@pytest.mark.parametrize("status", [None, "CREATE_COMPLETE", "ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"])
def test_check_mode_writes_nothing_and_says_what_a_run_does(stacks, clock, status):
    if status:
        standing(stacks, status)
    checked, _said = apply(stacks, clock, check_mode=True, parameters={"Size": "large"})
    assert (checked.changed, stacks.calls) == (True, [])
    ran, _said = apply(stacks, clock, parameters={"Size": "large"})
    assert ran.changed
    assert [change.logical_id for change in checked.plan.resources] == [
        change.logical_id for change in ran.plan.resources
    ]


def test_a_changed_parameter_updates(stacks, clock):
    standing(stacks)
    result, _said = apply(stacks, clock, parameters={"Size": "large"})
    assert (result.snapshot.status, stacks.calls) == ("UPDATE_COMPLETE", [("update", NAME)])


def test_policy_and_protection_alone_need_no_update(stacks, clock):
    standing(stacks)
    result, _said = apply(stacks, clock, stack_policy={"Statement": []}, termination_protection=True)
    assert result.changed
    assert stacks.calls == [("policy", NAME), ("protect", NAME)]
    assert result.snapshot.termination_protection


def test_a_guard_is_set_before_the_update_that_it_guards(stacks, clock):
    standing(stacks)
    apply(stacks, clock, parameters={"Size": "large"}, stack_policy={"Statement": []})
    assert stacks.calls == [("policy", NAME), ("update", NAME)]


def test_nothing_to_update_is_unchanged_with_a_warning(stacks, clock):
    standing(stacks)
    stacks.nothing_to_update = True
    result, _said = apply(stacks, clock, parameters={"Size": "large"})
    assert not result.changed
    assert "found no update" in result.warnings[0]


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"])
def test_a_stillborn_stack_is_deleted_and_created(stacks, clock, status):
    standing(stacks, status, termination_protection=True)
    stacks.left("Key", "DELETE_SKIPPED")
    stacks.left("Gone", "DELETE_COMPLETE")
    result, said = apply(stacks, clock)
    assert stacks.calls == [("unprotect", NAME), ("delete", NAME), ("create", NAME)]
    assert result.snapshot.status == "CREATE_COMPLETE"
    assert "Still there: Key (physical-Key, DELETE_SKIPPED)." in said[0]


def test_a_failed_rollback_is_continued_first(stacks, clock):
    standing(stacks, "UPDATE_ROLLBACK_FAILED")
    result, _said = apply(stacks, clock)
    assert stacks.calls == [("continue", NAME)]
    assert not result.changed


def test_a_rollback_that_fails_again_is_an_error(clock):
    stacks = FakeStacks(clock, {"continue": ["UPDATE_ROLLBACK_FAILED"]})
    standing(stacks, "UPDATE_ROLLBACK_FAILED")
    stacks.fail("R", "still denied")
    with pytest.raises(OperationError, match=r"continue the rollback .* R .* still denied"):
        apply(stacks, clock)


@pytest.mark.parametrize(
    ("status", "advice"), [("DELETE_FAILED", "Finish deleting"), ("CREATE_FAILED", "left as it failed")]
)
def test_what_cannot_be_repaired_is_refused_with_advice(stacks, clock, status, advice):
    standing(stacks, status)
    with pytest.raises(RefusedError, match=advice):
        apply(stacks, clock)
    assert stacks.calls == []


@pytest.mark.parametrize("check_mode", [False, True])
def test_an_operation_under_way_is_waited_for(stacks, clock, check_mode):
    standing(stacks, "CREATE_IN_PROGRESS", pending=["CREATE_IN_PROGRESS"] * 3 + ["CREATE_COMPLETE"])
    result, said = apply(stacks, clock, check_mode=check_mode)
    assert (result.changed, stacks.calls) == (False, [])
    assert "by an earlier operation" in said[0]


def test_a_run_that_gets_in_between_is_waited_for(stacks, clock):
    stacks.busy_calls = 1
    result, said = apply(stacks, clock)
    assert result.changed
    assert any("got in between" in line for line in said)


def test_a_stack_that_is_always_taken_is_an_error(stacks, clock):
    stacks.busy_calls = 99
    with pytest.raises(OperationError, match="5 times in a row"):
        apply(stacks, clock)


def test_a_failed_creation_names_what_failed_first(clock):
    stacks = FakeStacks(clock, {"create": ["ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]})
    stacks.fail("Other", "of another operation", by="not-mine")
    stacks.fail("R", "quota exceeded")
    with pytest.raises(RolledBackError) as raised:
        apply(stacks, clock)
    assert "ended ROLLBACK_COMPLETE. First to fail: R (T) CREATE_FAILED: quota exceeded." in raised.value.message
    assert raised.value.details["stack_status"] == "ROLLBACK_COMPLETE"


def test_a_timeout_is_its_own_error_with_the_last_snapshot(clock):
    stacks = FakeStacks(clock, {"create": ["CREATE_IN_PROGRESS"]})
    with pytest.raises(WaitTimeoutError) as raised:
        apply(stacks, clock, timeout_seconds=120)
    assert raised.value.details["last"]["status"] == "CREATE_IN_PROGRESS"
    assert clock.time == pytest.approx(1120)


def test_progress_is_shown_and_bounded(clock):
    stacks = FakeStacks(clock, {"create": ["CREATE_IN_PROGRESS"]})
    ports, said = ports_of(stacks, clock)
    with pytest.raises(WaitTimeoutError):
        apply_stack(request(timeout_seconds=3600), ports, False)
    progress = [line for line in said if "CREATE_IN_PROGRESS" in line]
    assert 100 < len(progress) <= 3600 / 15 + 1


def test_a_stack_that_vanishes_meanwhile_is_an_error(clock):
    stacks = FakeStacks(clock, {"create": ["DELETE_COMPLETE"]})
    with pytest.raises(OperationError, match="somebody else deleted it"):
        apply(stacks, clock)


# Dependencies

READS = {"parameters": {"Size": OutputReference("network", "Size")}, "depends_on": {"network": "fastbreak-dev-network"}}


def test_an_output_is_read_once_the_dependency_has_settled_in_this_run(stacks, clock):
    stacks.put("fastbreak-dev-network", outputs={"Size": "large"})
    run = FakeRun({"network": [RUNNING] * 40 + [SETTLED]})
    result, said = apply(stacks, clock, run, **READS)
    assert stacks.snapshots[NAME].parameters == {"Size": "large"}
    assert result.changed
    assert said[0].endswith("waits for network")


def test_a_short_wait_is_not_worth_a_word(stacks, clock):
    stacks.put("fastbreak-dev-network", outputs={"Size": "large"})
    _result, said = apply(stacks, clock, FakeRun({"network": [RUNNING, RUNNING, SETTLED]}), **READS)
    assert not any("waits" in line for line in said)


def test_a_dependency_that_fails_stops_at_once(stacks, clock):
    run = FakeRun({"network": [RUNNING, FAILED]})
    with pytest.raises(DependencyError, match="network provides, which failed in this run"):
        apply(stacks, clock, run, **READS)
    assert stacks.calls == []
    assert clock.time < 1002


def test_a_dependency_that_never_settles_is_a_timeout(stacks, clock):
    with pytest.raises(WaitTimeoutError, match="waited 60 s for network"):
        apply(stacks, clock, FakeRun({"network": [RUNNING]}), timeout_seconds=60, **READS)


@pytest.mark.parametrize("status", [None, "CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_FAILED"])
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_dependency_outside_the_run_has_to_have_settled(stacks, clock, status, check_mode):
    if status:
        stacks.put("fastbreak-dev-network", status, outputs={"Size": "large"})
    with pytest.raises(DependencyError, match="Run without --limit"):
        apply(stacks, clock, NoRun(), check_mode, **READS)


def test_an_output_that_is_not_there_is_named(stacks, clock):
    stacks.put("fastbreak-dev-network", outputs={"Other": "x"})
    with pytest.raises(DependencyError, match=r"output Size of network.*outputs are: Other"):
        apply(stacks, clock, **READS)


def test_a_reference_to_what_is_no_dependency_is_refused(stacks, clock):
    with pytest.raises(RequestError, match="Add network to depends_on"):
        apply(stacks, clock, parameters={"Size": OutputReference("network", "Size")})


def test_a_check_reads_what_the_dependency_plans(stacks, clock):
    run = FakeRun({"network": [SETTLED]}, {"network": {"Size": None}})
    result, _said = apply(stacks, clock, run, check_mode=True, **READS)
    assert result.plan.parameters == {"Size": "(known after network is applied)"}
    run = FakeRun({"network": [SETTLED]}, {"network": {"Size": "large"}})
    result, _said = apply(stacks, clock, run, check_mode=True, **READS)
    assert result.plan.parameters == {"Size": "large"}


def test_a_request_without_template_is_refused(stacks, clock):
    with pytest.raises(RequestError, match="no template"):
        apply(stacks, clock, template=None)


# Removal


def remove(stacks, clock, check_mode=False, **fields):
    ports, _said = ports_of(stacks, clock)
    return remove_stack(request(**fields), ports, check_mode)


def test_a_stack_is_removed_once(stacks, clock):
    standing(stacks)
    assert remove(stacks, clock).changed
    assert not remove(stacks, clock).changed
    assert stacks.calls == [("delete", NAME)]


def test_checking_a_removal_removes_nothing(stacks, clock):
    standing(stacks)
    result = remove(stacks, clock, check_mode=True)
    assert (result.changed, stacks.calls) == (True, [])
    assert [change.action for change in result.plan.resources] == ["remove"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_protected_stack_stays(stacks, clock, check_mode):
    standing(stacks, termination_protection=True)
    with pytest.raises(RefusedError, match="termination protection is on"):
        remove(stacks, clock, check_mode)
    assert stacks.calls == []


def test_protection_is_turned_off_when_asked(stacks, clock):
    standing(stacks, termination_protection=True)
    remove(stacks, clock, termination_protection=False)
    assert stacks.calls == [("unprotect", NAME), ("delete", NAME)]


def test_a_failed_removal_says_what_stands_in_the_way(clock):
    stacks = FakeStacks(clock, {"delete": ["DELETE_FAILED"]})
    standing(stacks)
    stacks.fail("R", "has dependents")
    with pytest.raises(OperationError, match=r"delete stack .* R .* has dependents"):
        remove(stacks, clock)
