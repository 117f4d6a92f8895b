# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources that can refuse to be deleted: what their own services say, and how their protection is turned off."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from ..._aws.api import AwsClient
from ..types import LivingState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..types import StackResource

_MISSING = frozenset(
    {
        "404",
        "DBClusterNotFoundFault",
        "DBInstanceNotFound",
        "DBInstanceNotFoundFault",
        "LoadBalancerNotFound",
        "NoSuchBucket",
        "NoSuchEntity",
        "RepositoryNotFoundException",
        "ResourceNotFoundException",
        "TargetGroupNotFound",
    }
)
_FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
#: Interfaces of gateways and endpoints, which stand in the template of the network itself and go with its subnets.
_OF_THE_NETWORK = frozenset({"nat_gateway", "natGateway", "vpc_endpoint"})
_OBJECTS = "objects, or versions of deleted ones"


class LivingResources:
    """RDS, DynamoDB, load balancers, S3, ECR and others. ``connect`` makes the client of a service."""

    def __init__(self, connect: Callable[[str], Callable[[], Any]]) -> None:
        self._connect = connect
        self._clients: dict[str, _Service] = {}
        # What held no name when the plan was made is not asked about again when it is carried out.
        self._taken = cache(self._look_for)

    def describe(self, resource: StackResource) -> LivingState | None:
        """None when its type is not among those that are looked at. What is gone stops nothing."""
        look = _LOOKS.get(resource.resource_type)
        if look is None:
            return None
        service, read = look
        return read(self._service(service), resource.physical_id)

    def unprotect(self, resource: StackResource) -> None:
        """Turn its own protection off."""
        service, operation, arguments = _UNPROTECT[resource.resource_type]
        self._service(service).call(f"unprotect {resource.logical_id}", operation, **arguments(resource.physical_id))

    def is_taken(self, resource_type: str, name: str) -> bool:
        """Whether there is one of this name. Whoever may not look makes the plan all the same."""
        return self._taken(resource_type, name)

    def _look_for(self, resource_type: str, name: str) -> bool:
        if resource_type not in _LOOKS_BY_NAME:
            return False
        service, operation, arguments = _LOOKS_BY_NAME[resource_type]
        return self._service(service).find(operation, name, _MISSING | _FORBIDDEN, **arguments(name)) is not None

    def occupants(self, resource: StackResource) -> Sequence[str]:
        """The network interfaces in a subnet, without those that a network puts there for itself."""
        if resource.resource_type != "AWS::EC2::Subnet":
            return []
        found = self._service("ec2").interfaces(resource.physical_id)
        return [
            f"{item['NetworkInterfaceId']} ({item.get('Description') or 'no description'})"
            for item in found
            if item.get("SubnetId") == resource.physical_id and item.get("InterfaceType") not in _OF_THE_NETWORK
        ]

    def _service(self, name: str) -> _Service:
        if name not in self._clients:
            self._clients[name] = _Service(name, self._connect(name))
        return self._clients[name]


class _Service(AwsClient):
    def __init__(self, label: str, connect: Callable[[], Any]) -> None:
        super().__init__(connect)
        self.label = label

    def find(self, operation: str, name: str, missing: frozenset[str] = _MISSING, /, **arguments: Any) -> Any:
        """The answer; None when there is no such thing (any more)."""
        return self._find(f"read {name}", operation, missing, **arguments)

    def interfaces(self, subnet: str) -> Iterator[Any]:
        """The network interfaces in a subnet."""
        chosen = [{"Name": "subnet-id", "Values": [subnet]}]
        for page in self._pages(f"list what lives in {subnet}", "describe_network_interfaces", Filters=chosen):
            yield from page["NetworkInterfaces"]

    def call(self, attempted: str, operation: str, **arguments: Any) -> Any:
        return self._call(attempted, operation, **arguments)


def _database(service: _Service, name: str, kind: str = "DBInstance") -> LivingState:
    operation = {"DBInstance": "describe_db_instances", "DBCluster": "describe_db_clusters"}[kind]
    found = service.find(operation, name, **{f"{kind}Identifier": name})
    database = found[f"{kind}s"][0] if found else {}
    return LivingState(bool(database.get("DeletionProtection")), storage_gib=int(database.get("AllocatedStorage") or 0))


def _table(service: _Service, name: str) -> LivingState:
    found = service.find("describe_table", name, TableName=name)
    return LivingState(protected=bool(found and found["Table"].get("DeletionProtectionEnabled")))


def _load_balancer(service: _Service, arn: str) -> LivingState:
    found = service.find("describe_load_balancer_attributes", arn, LoadBalancerArn=arn)
    attributes = {item["Key"]: item["Value"] for item in (found or {}).get("Attributes", [])}
    return LivingState(protected=attributes.get("deletion_protection.enabled") == "true")


def _bucket(service: _Service, name: str) -> LivingState:
    found = service.find("list_object_versions", name, Bucket=name, MaxKeys=1) or {}
    # With versioning, deleting an object only hides it.
    return LivingState(holds=_OBJECTS if found.get("Versions") or found.get("DeleteMarkers") else "")


def _repository(service: _Service, name: str) -> LivingState:
    found = service.find("list_images", name, repositoryName=name, maxResults=1) or {}
    return LivingState(holds="images" if found.get("imageIds") else "")


_LOOKS: dict[str, tuple[str, Callable[[_Service, str], LivingState]]] = {
    "AWS::DynamoDB::Table": ("dynamodb", _table),
    "AWS::ECR::Repository": ("ecr", _repository),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("elbv2", _load_balancer),
    "AWS::RDS::DBCluster": ("rds", partial(_database, kind="DBCluster")),
    "AWS::RDS::DBInstance": ("rds", _database),
    "AWS::S3::Bucket": ("s3", _bucket),
}
_LOOKS_BY_NAME: dict[str, tuple[str, str, Callable[[str], dict[str, Any]]]] = {
    "AWS::DynamoDB::Table": ("dynamodb", "describe_table", lambda name: {"TableName": name}),
    "AWS::ECR::Repository": ("ecr", "list_images", lambda name: {"repositoryName": name, "maxResults": 1}),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("elbv2", "describe_load_balancers", lambda name: {"Names": [name]}),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("elbv2", "describe_target_groups", lambda name: {"Names": [name]}),
    "AWS::IAM::Role": ("iam", "get_role", lambda name: {"RoleName": name}),
    "AWS::IAM::User": ("iam", "get_user", lambda name: {"UserName": name}),
    # Unlike a list of groups, it is asked of one group, for which alone a right can be given.
    "AWS::Logs::LogGroup": (
        "logs",
        "describe_subscription_filters",
        lambda name: {"logGroupName": name, "limit": 1},
    ),
    "AWS::RDS::DBInstance": ("rds", "describe_db_instances", lambda name: {"DBInstanceIdentifier": name}),
    "AWS::S3::Bucket": ("s3", "list_object_versions", lambda name: {"Bucket": name, "MaxKeys": 1}),
}
_OFF = [{"Key": "deletion_protection.enabled", "Value": "false"}]
_UNPROTECT: dict[str, tuple[str, str, Callable[[str], dict[str, Any]]]] = {
    "AWS::DynamoDB::Table": (
        "dynamodb",
        "update_table",
        lambda name: {"TableName": name, "DeletionProtectionEnabled": False},
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        "elbv2",
        "modify_load_balancer_attributes",
        lambda arn: {"LoadBalancerArn": arn, "Attributes": _OFF},
    ),
    "AWS::RDS::DBCluster": (
        "rds",
        "modify_db_cluster",
        lambda name: {"DBClusterIdentifier": name, "DeletionProtection": False, "ApplyImmediately": True},
    ),
    "AWS::RDS::DBInstance": (
        "rds",
        "modify_db_instance",
        lambda name: {"DBInstanceIdentifier": name, "DeletionProtection": False, "ApplyImmediately": True},
    ),
}
