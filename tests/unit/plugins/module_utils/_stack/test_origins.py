# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which variables are named for a change."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.compare import replacing
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.origins import named
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.plan import Existing, plan
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackRequest, StackSnapshot

PARAMETERS = ("Cidr", "Zone", "Tag", "Name", "Days", "First", "Second", "Elsewhere")
TEMPLATE = {
    "Parameters": {name: {"Type": "String"} for name in PARAMETERS},
    "Conditions": {
        "Both": {"Fn::And": [{"Fn::Equals": [{"Ref": name}, "a"]} for name in ("First", "Second")]},
        "Either": {"Fn::Or": [{"Fn::Equals": [{"Ref": name}, "a"]} for name in ("First", "Second")]},
    },
    "Resources": {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": {"Ref": "Cidr"}}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "AvailabilityZone": {"Ref": "Zone"},
                "Tags": [{"Key": "k", "Value": {"Ref": "Tag"}}],
            },
        },
        "Database": {
            "Type": "AWS::RDS::DBInstance",
            "Properties": {"DBName": {"Ref": "Name"}, "BackupRetentionPeriod": {"Ref": "Days"}},
        },
        "OfBoth": {"Type": "AWS::S3::Bucket", "Condition": "Both"},
        "OfEither": {"Type": "AWS::S3::Bucket", "Condition": "Either"},
    },
}
STANDS = dict.fromkeys(PARAMETERS, "a")
SOURCES = {name: f"x_{name.lower()}" for name in PARAMETERS}


def planned(*changed):
    """The plan that gives these parameters other values."""
    wanted = {**STANDS, **dict.fromkeys(changed, "b")}
    snapshot = StackSnapshot(name="s", stack_id="arn:s", status="CREATE_COMPLETE", parameters=STANDS)
    request = StackRequest(name="s", sources=SOURCES)
    return plan(request, TEMPLATE, wanted, Existing(snapshot, TEMPLATE), {})


@pytest.mark.parametrize(
    ("changed", "logical_id", "of"),
    [
        (["Name", "Elsewhere"], "Database", "x_name"),
        (["Name", "Days"], "Database", "x_name, x_days"),
        (["Cidr", "Tag", "Name"], "Vpc", "x_cidr"),
        # It is replaced with its network.
        (["Cidr", "Tag", "Name"], "Subnet", "x_cidr, x_tag"),
        (["First", "Name"], "OfBoth", "x_first"),
        # Neither alone brings it back: all are named.
        (["First", "Second", "Name"], "OfBoth", "x_name, x_first, x_second"),
        (["First", "Second", "Name"], "OfEither", "x_first, x_second"),
    ],
)
def test_the_variables_that_touch_a_resource_are_named(changed, logical_id, of):
    found = planned(*changed)
    changes = [change for change in found.resources if change.logical_id == logical_id]
    assert named(found.asked_by, changes) == f" It comes of {of}."


def test_only_what_replaces_it_counts_for_a_replacement():
    found = planned("Name", "Days")
    assert [item.path for item in replacing(found.resources[0])] == ["Properties.DBName"]
    assert named(found.asked_by, found.resources, replacing=True) == " It comes of x_name."


def test_no_variable_is_named_when_none_differs():
    assert named(planned().asked_by, ()) == ""
