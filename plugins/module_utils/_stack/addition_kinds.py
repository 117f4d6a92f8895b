# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of things that can be added to a resource and weaken its protection, and what takes each away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Held:
    """Something that a resource holds: ``kind`` is a key of `KINDS` of its type, ``name`` tells it from others."""

    kind: str
    name: str = ""


@dataclass(frozen=True)
class Kind:
    """What is held, in words, and the command that takes it away; ``{id}`` is the resource's, ``{name}`` its own."""

    words: str
    command: str


_POLICY = Kind("a resource policy", "aws secretsmanager delete-resource-policy --secret-id {id}")
#: What is looked for, by type of resource and kind.
KINDS: Mapping[str, Mapping[str, Kind]] = {
    **{
        f"AWS::IAM::{principal.title()}": {
            "managed policy": Kind(
                "the policy {name}",
                f"aws iam detach-{principal}-policy --{principal}-name {{id}} --policy-arn {{name}}",
            ),
            "inline policy": Kind(
                "the inline policy {name}",
                f"aws iam delete-{principal}-policy --{principal}-name {{id}} --policy-name {{name}}",
            ),
        }
        for principal in ("group", "role")
    },
    "AWS::IAM::User": {
        "managed policy": Kind("the policy {name}", "aws iam detach-user-policy --user-name {id} --policy-arn {name}"),
        "inline policy": Kind(
            "the inline policy {name}", "aws iam delete-user-policy --user-name {id} --policy-name {name}"
        ),
        "group": Kind("the group {name}", "aws iam remove-user-from-group --user-name {id} --group-name {name}"),
    },
    "AWS::SecretsManager::Secret": {"policy": _POLICY},
    "AWS::RDS::DBInstance": {
        "policy": Kind(
            "a resource policy at the master user's secret",
            "aws secretsmanager delete-resource-policy --secret-id {name}",
        )
    },
    "AWS::ECR::Repository": {
        "policy": Kind("a repository policy", "aws ecr delete-repository-policy --repository-name {id}")
    },
    "AWS::DynamoDB::Table": {
        "policy": Kind("a resource policy", "aws dynamodb delete-resource-policy --resource-arn {name}")
    },
    "AWS::S3::Bucket": {
        "replication": Kind("a replication of its objects", "aws s3api delete-bucket-replication --bucket {id}")
    },
    "AWS::Logs::LogGroup": {
        "subscription filter": Kind(
            "the subscription filter {name}",
            "aws logs delete-subscription-filter --log-group-name {id} --filter-name {name}",
        )
    },
    "AWS::Events::Rule": {
        "target": Kind("the target {name}", "aws events remove-targets --rule {id} --ids {name}"),
    },
    "AWS::EC2::RouteTable": {
        f"route to {option}": Kind(
            "a route to {name}", f"aws ec2 delete-route --route-table-id {{id}} --destination-{option} {{name}}"
        )
        for option in ("cidr-block", "ipv6-cidr-block", "prefix-list-id")
    },
    "AWS::EC2::NetworkAcl": {
        f"{direction} rule": Kind(
            f"the {direction} rule {{name}}",
            f"aws ec2 delete-network-acl-entry --network-acl-id {{id}} --rule-number {{name}} --{direction}",
        )
        for direction in ("ingress", "egress")
    },
    "AWS::ElasticLoadBalancingV2::LoadBalancer": {
        "listener": Kind("the listener {name}", "aws elbv2 delete-listener --listener-arn {name}")
    },
}
