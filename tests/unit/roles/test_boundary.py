# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The boundary of the roles that stacks make: wide enough for each of their policies, and no wider."""

import pytest

from tests.unit.roles.policies import ROOT, matches, template

COMPONENTS = sorted({path.parents[1].name for path in ROOT.glob("roles/*/files/stack.yaml")} - {"bootstrap"})
# What AWS's own policies, which our roles have, let them do with services of theirs.
MANAGED = {
    "AWSBackupServiceRolePolicyForBackup": {"backup", "kms", "rds"},
    "AmazonRDSEnhancedMonitoringRole": {"logs"},
}


def roles():
    """The policies of each role by its component and logical id, and the names of AWS's that it has."""
    for component in COMPONENTS:
        for name, body in template(component)["Resources"].items():
            if body["Type"] == "AWS::IAM::Role":
                managed = [arn["Fn::Sub"].rpartition("/")[2] for arn in body["Properties"].get("ManagedPolicyArns", [])]
                yield f"{component}.{name}", list(actions(body["Properties"].get("Policies", []))), managed


def actions(value):
    """Every action that statements anywhere in a value allow."""
    if isinstance(value, dict):
        if value.get("Effect") == "Allow":
            found = value["Action"]
            yield from found if isinstance(found, list) else [found]
        for item in value.values():
            yield from actions(item)
    elif isinstance(value, list):
        for item in value:
            yield from actions(item)


BOUNDARY = set(actions(template("bootstrap")["Resources"]["Boundary"]["Properties"]["PolicyDocument"]))
ROLES = list(roles())


@pytest.mark.parametrize(("role", "allowed", "managed"), ROLES, ids=[role for role, _allowed, _managed in ROLES])
def test_no_role_is_granted_what_its_boundary_takes_away(role, allowed, managed):
    wanted = {*allowed, *(f"{service}:Describe" for name in managed for service in MANAGED[name])}
    beyond = {action for action in wanted if not any(matches(action, pattern) for pattern in BOUNDARY)}
    assert beyond == set(), role


def test_it_holds_nothing_that_no_role_is_granted():
    granted = {action for _role, allowed, _managed in ROLES for action in allowed}
    granted |= {
        f"{service}:Describe" for _role, _allowed, managed in ROLES for name in managed for service in MANAGED[name]
    }
    unneeded = {pattern for pattern in BOUNDARY if not any(matches(action, pattern) for action in granted)}
    assert unneeded == set()
