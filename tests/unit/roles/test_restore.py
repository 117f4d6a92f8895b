# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is restored is protected as what it was restored from when it is kept, and goes in any state else."""

from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import read_template
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import LivingState

from tests.unit.plugins.module_utils._common.fakes import FakeClock
from tests.unit.plugins.module_utils._stack.case import NAME, remove
from tests.unit.plugins.module_utils._stack.fakes import FakeLiving, FakeStacks
from tests.unit.plugins.module_utils._stack.test_obstacles import STATUSES, coming_to, template

ROOT = Path(__file__).parents[3]


def resources(role):
    return read_template(str(ROOT / "roles" / role / "files" / "stack.yaml"))[1]["Resources"]


@pytest.mark.parametrize("name", ["SubnetGroup", "ParameterGroup"])
def test_groups_are_the_same(name):
    assert resources("restore")[name] == resources("rds")[name]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "DBInstanceClass",
            "DBSubnetGroupName",
            "DBParameterGroupName",
            "DeletionProtection",
            "ManageMasterUserPassword",
        ),
        *("EnableIAMDatabaseAuthentication", "PubliclyAccessible", "VPCSecurityGroups"),
    ],
)
def test_the_instance_is_protected_the_same(name):
    first, second = (resources(role)["Database"]["Properties"][name] for role in ("rds", "restore"))
    assert first == second


def test_nothing_of_it_stays():
    database = resources("restore")["Database"]
    assert database["DeletionPolicy"] == database["UpdateReplacePolicy"] == "Delete"
    assert database["Properties"]["BackupRetentionPeriod"] == 0


def said(name, status, protected):
    """A variable of the role, with such a stack."""
    stack = {"status": status, "parameters": {"DeletionProtection": protected}}
    variables = yaml.safe_load((ROOT / "roles" / "restore" / "vars" / "main.yml").read_text())
    known = {key: trust_as_template(text) if isinstance(text, str) else text for key, text in variables.items()}
    return Templar(DataLoader(), variables={**known, "__restore_standing": stack}).template(known[name])


def backup(identifier, day, earlier=False, problem=""):
    moment = f"2026-03-{day:02}T04:00:00+00:00"
    return {"identifier": identifier, "kind": "manual", "moment": moment, "earlier": earlier, "problem": problem}


def asked(name, backups, snapshot="", **more):
    """A variable of the role, where no copy stands and there are such backups."""
    variables = yaml.safe_load((ROOT / "roles" / "restore" / "vars" / "main.yml").read_text())
    known = {key: trust_as_template(text) if isinstance(text, str) else text for key, text in variables.items()}
    here = {
        "__restore_found": {"backups": backups},
        "__restore_source": "fastbreak-prod",
        "__restore_standing": {},
        "restore_snapshot": snapshot,
        "restore_time": "",
        **more,
    }
    return Templar(DataLoader(), variables={**known, **here}).template(known[name])


def test_the_newest_rows_of_this_instance_are_taken():
    backups = [backup("old", 1), backup("ours", 2), backup("broken", 3, problem="x"), backup("before", 4, earlier=True)]
    found = asked("__restore_backup", backups)
    assert found == {"Snapshot": "ours", "RestoreTime": "", "Moment": "2026-03-02T04:00:00+00:00"}
    assert asked("__restore_told", backups) == "snapshot ours, of 2026-03-02T04:00:00+00:00"
    assert asked("__restore_backup", backups, "before")["Snapshot"] == "before"


OUTPUTS = {name: {"ServiceKeyArn": "k"} for name in ("network", "rds", "ecs", "service")}
MOMENT = "2026-03-01T04:00:00Z"


def problem(snapshot="", **more):
    """Why rows are not taken over in prod; empty when they are."""
    here = {"__restore_outputs": OUTPUTS, "__restore_command": "COMMAND", "fastbreak_environment": "prod"}
    asking = {"restore_then": "take_over", "restore_confirm": "", "ansible_check_mode": False}
    return asked("__restore_problem", [], snapshot, **here, **{**asking, **more})


@pytest.mark.parametrize(
    ("confirm", "plan", "refused"), [("", False, True), ("dev", False, True), ("prod", False, False), ("", True, True)]
)
def test_rows_are_taken_over_by_whoever_names_the_environment(confirm, plan, refused):
    found = problem("ours", restore_confirm=confirm, ansible_check_mode=plan)
    assert bool(found) is refused


@pytest.mark.parametrize(("snapshot", "time"), [("ours", ""), ("", MOMENT)])
def test_the_advised_command_takes_the_same_backup_over(snapshot, time):
    named = f"snapshot={snapshot}" if snapshot else f"time={time}"
    found = problem(snapshot, restore_time=time)
    assert found.endswith(f"run COMMAND -e {named} -e then=take_over -e confirm=prod")


@pytest.mark.parametrize("time", ["", "latest"])
@pytest.mark.parametrize("plan", [True, False])
def test_rows_are_taken_over_of_a_backup_that_is_named(time, plan):
    found = problem(restore_time=time, restore_confirm="prod", ansible_check_mode=plan)
    assert "Name that backup: set snapshot=ID, or time" in found


@pytest.mark.parametrize(
    ("standing", "other"),
    [
        ({"Snapshot": "ours", "RestoreTime": ""}, False),
        ({"Snapshot": "old", "RestoreTime": ""}, True),
        ({"Snapshot": "", "RestoreTime": "latest"}, True),
    ],
)
def test_a_copy_of_another_backup_is_not_taken_over(standing, other):
    copy = {"status": "CREATE_COMPLETE", "parameters": {**standing, "Moment": MOMENT}}
    asking = {"__restore_standing": copy, "restore_then": "take_over", "__restore_command": "COMMAND"}
    assert asked("__restore_other", [], "ours", **asking) is other
    assert "Have it deleted first (COMMAND), or name that backup." in asked(
        "__restore_first_that", [], "ours", **asking
    )


@pytest.mark.parametrize(
    ("then", "tried", "stays"),
    [
        ("keep", {}, True),
        ("discard", {"failed": True}, False),
        ("take_over", {"failed": True}, True),
        ("take_over", {"failed": False}, False),
        ("take_over", {"skipped": True}, False),
    ],
)
def test_the_copy_of_a_failed_take_over_stays_for_its_repetition(then, tried, stays):
    assert asked("__restore_stays", [], restore_then=then, __restore_tried=tried) is stays


def test_why_there_is_none_is_told():
    backups = [backup("broken", 3, problem="it is not encrypted"), backup("before", 4, earlier=True)]
    assert asked("__restore_chosen", backups) == []
    told = asked("__restore_none", backups)
    assert "It has before, of which are of an earlier instance of that name: before." in told
    assert "The backup broken of fastbreak-prod cannot be restored: it is not encrypted." in asked(
        "__restore_none", backups, "broken"
    )
    assert "has no backup other. It has none." in asked("__restore_none", [], "other")


@pytest.mark.parametrize("protected", ["true", "false"])
@pytest.mark.parametrize("status", STATUSES)
def test_a_copy_in_every_status_is_deleted(status, protected):
    clock = FakeClock()
    stacks = FakeStacks(clock)
    stacks.put(NAME, status, template(DeletionProtection=protected), pending=coming_to(status))
    stacks.left("Database", "CREATE_COMPLETE", "AWS::RDS::DBInstance")
    living = FakeLiving({"Database": LivingState(protected=protected == "true")})
    if status in {"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_IN_PROGRESS"}:
        # A creation protects nothing, so that nothing is left of it.
        stacks.resources.clear()
    elif said("__restore_unprotects", status, protected):
        living.states["Database"] = LivingState()
    remove(stacks, clock, living=living, unprotect=tuple(said("__restore_unprotected_alone", status, protected)))
    assert stacks.describe_stack(NAME) is None


@pytest.mark.parametrize("name", ["UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED"])
def test_what_a_failed_update_left_protected_is_unprotected_by_its_stack(name):
    assert said("__restore_unprotects", name, "false")


def test_a_copy_is_protected_once_it_is_kept():
    """A protected one could not be rolled back when the creation of its stack fails later."""
    [main] = yaml.safe_load((ROOT / "roles" / "restore" / "tasks" / "main.yml").read_text())
    variables = yaml.safe_load((ROOT / "roles" / "restore" / "vars" / "main.yml").read_text())
    known = {key: trust_as_template(text) if isinstance(text, str) else text for key, text in variables.items()}
    asked = trust_as_template(main["vars"]["stack_parameters"]["DeletionProtection"])
    for more, expected in (({}, False), ({"__restore_protected": True}, True)):
        templar = Templar(DataLoader(), variables={**known, "__restore_standing": {}, **more})
        assert templar.template(asked) is expected
