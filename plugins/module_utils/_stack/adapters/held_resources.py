# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What resources hold that can weaken their protection, as their own services say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._aws.api import AwsClient
from ..addition_kinds import Held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..types import StackResource

    _Services = Callable[[str], "_Service"]

_MISSING = frozenset(
    {
        "DBInstanceNotFound",
        "DBInstanceNotFoundFault",
        "InvalidNetworkAclID.NotFound",
        "InvalidRouteTableID.NotFound",
        "LoadBalancerNotFound",
        "NoSuchBucket",
        "NoSuchEntity",
        "PolicyNotFoundException",
        "ReplicationConfigurationNotFoundError",
        "RepositoryNotFoundException",
        "RepositoryPolicyNotFoundException",
        "ResourceNotFoundException",
    }
)
_MOST = 1000
# The rule at the end of every network ACL, which nobody can change.
_LAST_RULE = 32767


class HeldResources:
    """Of ten services, IAM first. ``connect`` makes the client of a service."""

    def __init__(self, connect: Callable[[str], Callable[[], Any]]) -> None:
        self._connect = connect
        self._services: dict[str, _Service] = {}

    def held(self, resource: StackResource) -> Sequence[Held]:
        """What the resource holds; nothing when it is gone, or of a type that is not looked at."""
        reader = _READERS.get(resource.resource_type)
        return list(reader(self._service, resource.physical_id)) if reader else []

    def _service(self, name: str) -> _Service:
        if name not in self._services:
            self._services[name] = _Service(name, self._connect(name))
        return self._services[name]


class _Service(AwsClient):
    def __init__(self, label: str, connect: Callable[[], Any]) -> None:
        super().__init__(connect)
        self.label = label

    def find(self, operation: str, name: str, **arguments: Any) -> Any:
        """The answer; an empty one when there is no such thing (any more)."""
        return self._find(f"read what {name} holds", operation, _MISSING, **arguments) or {}

    def all(self, operation: str, name: str, members: str, **arguments: Any) -> Iterator[Any]:
        """The members of every page."""
        for page in self._pages(f"read what {name} holds", operation, _MISSING, **arguments):
            yield from page.get(members) or []


def _principal(kind: str) -> Callable[[_Services, str], Iterator[Held]]:
    def read(services: _Services, name: str) -> Iterator[Held]:
        iam, key = services("iam"), {f"{kind.title()}Name": name, "MaxItems": _MOST}
        attached = iam.all(f"list_attached_{kind}_policies", name, "AttachedPolicies", **key)
        yield from (Held("managed policy", policy["PolicyArn"]) for policy in attached)
        inline = iam.all(f"list_{kind}_policies", name, "PolicyNames", **key)
        yield from (Held("inline policy", policy) for policy in inline)

    return read


def _user(services: _Services, name: str) -> Iterator[Held]:
    yield from _principal("user")(services, name)
    groups = services("iam").all("list_groups_for_user", name, "Groups", UserName=name, MaxItems=_MOST)
    yield from (Held("group", group["GroupName"]) for group in groups)


def _secret(services: _Services, arn: str) -> Iterator[Held]:
    if services("secretsmanager").find("get_resource_policy", arn, SecretId=arn).get("ResourcePolicy"):
        yield Held("policy")


def _database(services: _Services, name: str) -> Iterator[Held]:
    for database in (
        services("rds").find("describe_db_instances", name, DBInstanceIdentifier=name).get("DBInstances", [])
    ):
        arn = (database.get("MasterUserSecret") or {}).get("SecretArn")
        yield from (Held(held.kind, arn) for held in _secret(services, arn)) if arn else ()


def _repository(services: _Services, name: str) -> Iterator[Held]:
    if services("ecr").find("get_repository_policy", name, repositoryName=name):
        yield Held("policy")


def _table(services: _Services, name: str) -> Iterator[Held]:
    arn = services("dynamodb").find("describe_table", name, TableName=name).get("Table", {}).get("TableArn")
    if arn and services("dynamodb").find("get_resource_policy", name, ResourceArn=arn).get("Policy"):
        yield Held("policy", arn)


def _bucket(services: _Services, name: str) -> Iterator[Held]:
    if services("s3").find("get_bucket_replication", name, Bucket=name):
        yield Held("replication")


def _log_group(services: _Services, name: str) -> Iterator[Held]:
    filters = services("logs").all("describe_subscription_filters", name, "subscriptionFilters", logGroupName=name)
    yield from (Held("subscription filter", item["filterName"]) for item in filters)


def _rule(services: _Services, name: str) -> Iterator[Held]:
    targets = services("events").all("list_targets_by_rule", name, "Targets", Rule=name)
    yield from (Held("target", target["Id"]) for target in targets)


def _route_table(services: _Services, name: str) -> Iterator[Held]:
    """Without the network's own route, and those that gateway endpoints of ours make."""
    options = {
        "DestinationCidrBlock": "cidr-block",
        "DestinationIpv6CidrBlock": "ipv6-cidr-block",
        "DestinationPrefixListId": "prefix-list-id",
    }
    for table in services("ec2").all("describe_route_tables", name, "RouteTables", RouteTableIds=[name]):
        for route in table.get("Routes", []):
            if route.get("Origin") == "CreateRouteTable" or route.get("GatewayId", "").startswith(("local", "vpce-")):
                continue
            yield from (Held(f"route to {option}", route[key]) for key, option in options.items() if route.get(key))


def _network_acl(services: _Services, name: str) -> Iterator[Held]:
    for acl in services("ec2").all("describe_network_acls", name, "NetworkAcls", NetworkAclIds=[name]):
        for entry in acl.get("Entries", []):
            if entry["RuleNumber"] != _LAST_RULE:
                yield Held(f"{'egress' if entry['Egress'] else 'ingress'} rule", str(entry["RuleNumber"]))


def _load_balancer(services: _Services, arn: str) -> Iterator[Held]:
    listeners = services("elbv2").all("describe_listeners", arn, "Listeners", LoadBalancerArn=arn)
    yield from (Held("listener", listener["ListenerArn"]) for listener in listeners)


_READERS: dict[str, Callable[[_Services, str], Iterator[Held]]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::EC2::NetworkAcl": _network_acl,
    "AWS::EC2::RouteTable": _route_table,
    "AWS::ECR::Repository": _repository,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _load_balancer,
    "AWS::Events::Rule": _rule,
    "AWS::IAM::Group": _principal("group"),
    "AWS::IAM::Role": _principal("role"),
    "AWS::IAM::User": _user,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::RDS::DBInstance": _database,
    "AWS::S3::Bucket": _bucket,
    "AWS::SecretsManager::Secret": _secret,
}
