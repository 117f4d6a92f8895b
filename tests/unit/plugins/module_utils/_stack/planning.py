# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A template, a stack that stands as it says, and plans for it."""

import copy

from ansible_collections.fastbreak.aws.plugins.module_utils._stack.parameters import complete_parameters
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.plan import Existing, plan
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackRequest, StackSnapshot

PSEUDO = {"AWS::Region": "us-east-1", "AWS::StackName": "s"}
TEMPLATE = {
    "Parameters": {"Cidr": {"Type": "String"}, "Size": {"Type": "String", "Default": "small"}},
    "Resources": {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": {"Ref": "Cidr"}}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "Tags": [{"Key": "Size", "Value": {"Ref": "Size"}}]},
        },
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"Description": {"Fn::Sub": "for ${Subnet}"}}},
        "Other": {"Type": "Custom::Thing", "Properties": {"A": "1"}},
    },
    "Outputs": {
        "VpcId": {"Value": {"Ref": "Vpc"}},
        "Size": {"Value": {"Ref": "Size"}},
        "Thing": {"Value": {"Fn::GetAtt": "Other.Id"}},
    },
}
OUTPUTS = {"VpcId": "vpc-1", "Size": "small", "Thing": "t-1"}
GIVEN = {"Cidr": "10.0.0.0/16"}


def existing(template=TEMPLATE, policy=None, **fields):
    """The stack that stands."""
    snapshot = StackSnapshot(
        name="s",
        stack_id="arn:s",
        status="CREATE_COMPLETE",
        parameters={**GIVEN, "Size": "small"},
        outputs=OUTPUTS,
        **fields,
    )
    return Existing(snapshot, template, policy)


def planned(template=TEMPLATE, given=None, found=None, **request):
    """The plan of a request; *found* is the stack that stands."""
    parameters = complete_parameters("s", template, given or GIVEN)
    return plan(StackRequest(name="s", **request), template, parameters, found, PSEUDO)


def edited(**resources):
    """The template with other properties."""
    template = copy.deepcopy(TEMPLATE)
    for name, properties in resources.items():
        template["Resources"][name]["Properties"].update(properties)
    return template
