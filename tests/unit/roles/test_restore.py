# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is restored is protected as what it was restored from."""

from pathlib import Path

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import read_template

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
