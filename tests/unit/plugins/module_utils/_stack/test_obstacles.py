# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever would stop a deletion is found before anything is deleted, and every status has a way out."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.ports import DependencyState
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import LivingState
from botocore.session import get_session

from tests.unit.plugins.module_utils._stack.case import NAME, apply, remove
from tests.unit.plugins.module_utils._stack.fakes import FakeLiving, FakeRun

STATUSES = sorted(get_session().get_service_model("cloudformation").shape_for("StackStatus").enum)
# What a status under way comes to, so that a wait for it ends.
ENDS = {"CREATE": "CREATE_COMPLETE", "ROLLBACK": "ROLLBACK_COMPLETE", "DELETE": "DELETE_COMPLETE"}


def template(kind="AWS::RDS::DBInstance", policy=None, exports=None, **properties):
    body = {"Type": kind, "Properties": properties, **({"DeletionPolicy": policy} if policy else {})}
    outputs = {"Id": {"Value": "1", "Export": {"Name": exports}}} if exports else {}
    return {"Resources": {"R": body}, "Outputs": outputs}


def stand(stacks, status="CREATE_COMPLETE", kind="AWS::RDS::DBInstance", **fields):
    shape = {key: fields.pop(key) for key in ("policy", "exports", "properties") if key in fields}
    properties = shape.pop("properties", {})
    stacks.put(NAME, status, template(kind, **shape, **properties), **fields)
    stacks.left("R", "CREATE_COMPLETE", kind)


PROTECTED = LivingState(protected=True)
FULL = LivingState(holds="images")


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    "case",
    [
        ({"termination_protection": True}, LivingState(), "termination protection is on"),
        ({}, PROTECTED, r"R \(AWS::RDS::DBInstance physical-R\) refuses to be deleted .*rds_deletion_protection"),
        ({"kind": "AWS::ECR::Repository"}, FULL, "R .* holds images"),
        ({"kind": "New::Kind::Of", "properties": {"DeletionProtection": "true"}}, None, "refuses to be deleted"),
        ({"kind": "New::Kind::Of", "properties": {"DeletionProtection": "ACTIVE"}}, None, "refuses to be deleted"),
        ({"exports": "shared"}, LivingState(), "export shared is imported by other"),
    ],
)
def test_an_obstacle_is_found_before_anything_is_touched(stacks, clock, check_mode, case):
    stood, state, words = case
    stand(stacks, **stood)
    stacks.imports = {"shared": ["other"]}
    with pytest.raises(RefusedError, match=words) as raised:
        remove(stacks, clock, check_mode, living=FakeLiving({"R": state}))
    assert "nor anything in it" in raised.value.message
    assert stacks.calls == []


def test_all_obstacles_are_told_at_once(stacks, clock):
    stand(stacks, termination_protection=True, exports="shared")
    stacks.imports = {"shared": ["other"]}
    with pytest.raises(RefusedError) as raised:
        remove(stacks, clock, living=FakeLiving({"R": LivingState(protected=True, holds="things")}))
    assert len(raised.value.details["obstacles"]) == 4


@pytest.mark.parametrize(
    ("stood", "state"),
    [
        ({"policy": "Retain"}, LivingState(protected=True, holds="objects")),
        ({"policy": "RetainExceptOnCreate"}, PROTECTED),
        ({"properties": {"EmptyOnDelete": "true"}}, FULL),
        ({"properties": {"DeletionProtection": "true"}}, LivingState()),
        ({"exports": "unused"}, LivingState()),
    ],
)
def test_what_stops_no_deletion_is_no_obstacle(stacks, clock, stood, state):
    stand(stacks, **stood)
    assert remove(stacks, clock, living=FakeLiving({"R": state})).changed
    assert stacks.calls == [("delete", NAME)]


@pytest.mark.parametrize(
    ("state", "status", "stops"),
    [
        (DependencyState.OUTSIDE, "CREATE_COMPLETE", True),
        (DependencyState.OUTSIDE, "DELETE_FAILED", True),
        (DependencyState.OUTSIDE, "DELETE_COMPLETE", False),
        (DependencyState.RUNNING, "CREATE_COMPLETE", False),
    ],
)
def test_who_reads_the_stack_has_to_go_with_it(stacks, clock, state, status, stops):
    stand(stacks)
    stacks.put("fastbreak-dev-service", status)
    chosen = {"run": FakeRun({"service": [state]}), "needed_by": {"service": "fastbreak-dev-service"}}
    if not stops:
        assert remove(stacks, clock, check_mode=True, **chosen).changed
        return
    with pytest.raises(RefusedError, match=r"service reads it and is not part of this run.*--limit rds,service"):
        remove(stacks, clock, check_mode=True, **chosen)


def test_a_half_deleted_stack_is_finished_by_name(stacks, clock):
    stand(stacks, "DELETE_FAILED")
    living = FakeLiving({"R": PROTECTED})
    with pytest.raises(RefusedError, match=r"-e unprotect=rds\.R, or to keep it -e retain=rds\.R"):
        remove(stacks, clock, living=living)
    remove(stacks, clock, check_mode=True, living=living, unprotect=("R",))
    assert (living.unprotected, stacks.calls) == ([], [])
    remove(stacks, clock, living=living, unprotect=("R",))
    assert (living.unprotected, stacks.calls) == (["R"], [("delete", NAME)])


def test_what_went_already_may_be_unprotected(stacks, clock):
    stacks.put(NAME, "DELETE_FAILED", template())
    stacks.left("R", "DELETE_COMPLETE", "AWS::RDS::DBInstance")
    remove(stacks, clock, living=FakeLiving(), unprotect=("R",))
    assert stacks.calls == [("delete", NAME)]


def test_what_somebody_protected_by_hand_is_unprotected_by_hand(stacks, clock):
    stand(stacks, properties={"DeletionProtection": "false"})
    with pytest.raises(RefusedError, match="turn it off by hand too"):
        remove(stacks, clock, living=FakeLiving({"R": PROTECTED}))


def test_what_is_kept_of_a_half_deleted_stack_is_left_alone(stacks, clock):
    stand(stacks, "DELETE_FAILED")
    living = FakeLiving({"R": PROTECTED})
    remove(stacks, clock, living=living, retain=("R",))
    assert (stacks.retained, living.unprotected) == (("R",), [])


@pytest.mark.parametrize("option", ["unprotect", "retain"])
@pytest.mark.parametrize(("status", "name"), [("CREATE_COMPLETE", "R"), ("DELETE_FAILED", "Misspelt")])
def test_ways_out_are_for_what_nothing_else_leads_out_of(stacks, clock, option, status, name):
    stand(stacks, status)
    with pytest.raises(RequestError, match="Nothing was deleted"):
        remove(stacks, clock, living=FakeLiving(), **{option: (name,)})
    assert stacks.calls == []


def coming_to(status):
    return [ENDS.get(status.split("_")[0], "UPDATE_COMPLETE")] if status.endswith("_IN_PROGRESS") else []


REFUSED = {"DELETE_FAILED", "CREATE_FAILED", "IMPORT_ROLLBACK_FAILED"}


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_led_to_a_standing_stack(stacks, clock, status):
    """By site.yml alone, or by the teardown that it names and site.yml after it."""
    stacks.put(NAME, status, pending=[] if status == "REVIEW_IN_PROGRESS" else coming_to(status))
    if status in REFUSED:
        with pytest.raises(RefusedError, match=r"playbooks/teardown.yml -e confirm=<environment> --limit rds"):
            apply(stacks, clock)
        assert stacks.calls == []
        remove(stacks, clock)
    apply(stacks, clock)
    assert stacks.describe_stack(NAME).status in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_led_to_no_stack(stacks, clock, status):
    stacks.put(NAME, status, pending=[] if status == "REVIEW_IN_PROGRESS" else coming_to(status))
    remove(stacks, clock)
    assert stacks.describe_stack(NAME) is None


def test_what_is_left_behind_keeps_its_key(stacks, clock):
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"Key": {"Fn::GetAtt": ["K", "Arn"]}, "By": {"Ref": "Role"}}}
    resources = {"R": table, "K": {"Type": "AWS::KMS::Key"}, "Role": {"Type": "AWS::IAM::Role"}}
    stacks.put(NAME, "DELETE_FAILED", {"Resources": resources})
    for name, body in resources.items():
        stacks.left(name, "DELETE_FAILED", body["Type"])
    remove(stacks, clock, retain=("R",))
    assert stacks.retained == ("R", "K")
