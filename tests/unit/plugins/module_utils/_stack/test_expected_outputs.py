# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan knows of a stack's outputs, and what the plans of its readers make of it."""

from pathlib import Path

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import read_template
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.expected_outputs import (
    known_outputs,
    unknown_outputs,
    with_ids,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.plan import Existing, plan
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.template import evaluate
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackRequest, StackSnapshot
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.unresolved import (
    NewId,
    Unresolved,
    divided,
    new_id,
)

ROOT = Path(__file__).resolve().parents[5]
PSEUDO = {"AWS::Region": "us-east-1", "AWS::StackName": "s"}
ONE_NAT = {"NatGatewayPerZone": "false", "AvailabilityZones": "a,b,c", "AvailabilityZoneCount": "3"}
TWO_ZONES = {**ONE_NAT, "AvailabilityZones": "a,b", "AvailabilityZoneCount": "2"}
A_NAT_EACH = {**ONE_NAT, "NatGatewayPerZone": "true"}


def template_of(component):
    return read_template(str(ROOT / "roles" / component / "files" / "stack.yaml"))[1]


def values(template, given):
    """What is given, and for all other parameters what is the same before and after."""
    return {key: given.get(key, Unresolved(f"${{{key}}}")) for key in template["Parameters"]}


def planned(component, before, after, outputs):
    """The plan of a component that stands as *before*, and its model as it will be."""
    template, name = template_of(component), f"fastbreak-dev-{component}"
    existing = Existing(StackSnapshot(name, "arn", "CREATE_COMPLETE", parameters=before, outputs=outputs), template)
    given = values(template, after)
    return plan(StackRequest(name), template, given, existing, PSEUDO), evaluate(template, given, PSEUDO)


def network(before, after, outputs):
    """What a network is expected to tell once it is changed, its resources called ``id-LogicalId``."""
    found, desired = planned("network", before, after, outputs)
    ids = {name: f"id-{name}" for name in template_of("network")["Resources"]}
    return with_ids(found, desired, ids).expected_outputs


def changes(component, before, after):
    found, _desired = planned(component, before, after, {})
    return {(change.action, change.logical_id, change.certain) for change in found.resources}


ALONE = {"NatGatewayIds": "id-NatGatewayA,id-NatGatewayA,id-NatGatewayA"}
EACH = {"NatGatewayIds": "id-NatGatewayA,id-NatGatewayB,id-NatGatewayC"}


def test_a_nat_gateway_more_is_an_alarm_more_and_nothing_else():
    told = network(ONE_NAT, A_NAT_EACH, ALONE)
    assert known_outputs(told)["NatGatewayIds"] is None
    assert changes("cloudwatch", ALONE, told) == {
        ("add", "NatGatewayAlarmB", True),
        ("add", "NatGatewayAlarmC", True),
    }


def test_a_nat_gateway_less_is_an_alarm_less_and_nothing_else():
    told = network(A_NAT_EACH, ONE_NAT, EACH)
    assert told["NatGatewayIds"] == ALONE["NatGatewayIds"]
    assert changes("cloudwatch", EACH, told) == {
        ("remove", "NatGatewayAlarmB", True),
        ("remove", "NatGatewayAlarmC", True),
    }


@pytest.mark.parametrize(("before", "after", "count"), [(ONE_NAT, TWO_ZONES, 2), (TWO_ZONES, ONE_NAT, 3)])
def test_the_subnets_that_stay_are_told_by_their_ids(before, after, count):
    stood = "id-DataSubnetA,id-DataSubnetB,id-DataSubnetC" if count == 2 else "id-DataSubnetA,id-DataSubnetB"
    told = network(before, after, {"DataSubnetIds": stood})["DataSubnetIds"]
    items = divided(",", told) if isinstance(told, NewId) else told.split(",")
    assert items == ["id-DataSubnetA", "id-DataSubnetB", new_id("DataSubnetC", "network")][:count]
    assert isinstance(told, NewId) == (count == 3)
    found, _desired = planned("rds", {"SubnetIds": stood}, {"SubnetIds": told}, {})
    assert [(change.logical_id, change.replacement) for change in found.resources] == [("SubnetGroup", "no")]


def test_an_attribute_and_what_may_be_replaced_stay_unknown():
    template = {
        "Parameters": {"Size": {"Type": "String"}},
        "Resources": {
            "Old": {"Type": "AWS::EC2::Subnet", "Properties": {"Ipv6CidrBlock": {"Ref": "Size"}}},
            "Named": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Size"}}},
            "Kept": {"Type": "AWS::S3::Bucket"},
        },
        "Outputs": {
            "Maybe": {"Value": {"Ref": "Old"}},
            "New": {"Value": {"Ref": "Named"}},
            "Attribute": {"Value": {"Fn::Sub": "${Kept.Arn}/${Size}"}},
            "Kept": {"Value": {"Fn::Sub": "${Kept}-${Size}"}},
            "Size": {"Value": {"Ref": "Size"}},
        },
    }
    stood = StackSnapshot("fastbreak-dev-x", "arn", "CREATE_COMPLETE", parameters={"Size": "a"}, outputs={})
    found = plan(StackRequest(stood.name), template, {"Size": "b"}, Existing(stood, template), PSEUDO)
    assert unknown_outputs(found)
    told = with_ids(found, evaluate(template, {"Size": "b"}, PSEUDO), {"Old": "o", "Named": "a", "Kept": "k"})
    assert told.expected_outputs == {"Maybe": None, "New": None, "Attribute": None, "Kept": "k-b", "Size": "b"}
