# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation's types of WAF."""

from typing import Any

from tests.sandbox.stacks import Stack, att, ref

NETWORK = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.78.0.0/16"}},
    "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": ref("Vpc"), "CidrBlock": "10.78.1.0/24"}},
}


def test_web_acl_association(stack: Stack, sandbox: Any) -> None:
    resources = {
        **NETWORK,
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {"Subnets": [ref("Subnet")], "Scheme": "internal"},
        },
        "Acl": {
            "Type": "AWS::WAFv2::WebACL",
            "Properties": {
                "Name": "acl",
                "Scope": "REGIONAL",
                "DefaultAction": {"Allow": {}},
                "VisibilityConfig": {
                    "CloudWatchMetricsEnabled": True,
                    "MetricName": "acl",
                    "SampledRequestsEnabled": True,
                },
            },
        },
        "Association": {
            "Type": "AWS::WAFv2::WebACLAssociation",
            "Properties": {"ResourceArn": ref("Balancer"), "WebACLArn": att("Acl", "Arn")},
        },
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    wafv2, balancer = sandbox.client("wafv2"), stack.physical_id("Balancer")
    assert wafv2.get_web_acl_for_resource(ResourceArn=balancer)["WebACL"]["Name"] == "acl"
    assert stack.drift()["Association"] == "IN_SYNC"
    wafv2.disassociate_web_acl(ResourceArn=balancer)
    assert stack.drift()["Association"] == "DELETED"
