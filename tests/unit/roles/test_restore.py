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
