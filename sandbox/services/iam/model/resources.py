# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The resources that a call is checked on, where MiniStack names others than AWS.

AWS: Service Authorization Reference, Amazon DynamoDB, Amazon ECR, Amazon ECS, Elastic Load Balancing v2, Application
Auto Scaling, IAM.
"""

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.services.iam.model.call import Call, Fields

ANY = "*"
_BY_ARN = ("serviceDeploymentArns", "serviceRevisionArns", "serviceDeploymentArn", "resourceArn")
_ON_CLUSTER = {
    "CreateCluster",
    "DeleteCluster",
    "UpdateCluster",
    "UpdateClusterSettings",
    "PutClusterCapacityProviders",
}


def resources_of(call: Call, region: str, account: str) -> list[str] | None:
    """The ARNs that `call` is checked on; None where MiniStack's own are right."""
    find = _FINDERS.get(call.service)
    return find(call, f"{region}:{account}") if find else None


def _ecs(call: Call, place: str) -> list[str]:
    fields = call.fields
    named = str(fields.get("cluster") or "default")
    # A cluster's ARN may name another account.
    prefix = ":".join(named.split(":")[:5]) if named.startswith("arn:") else f"arn:aws:ecs:{place}"
    cluster = _last(named)
    of_service, of_task, of_cluster = (f"{prefix}:{kind}/" for kind in ("service", "task", "cluster"))
    found: list[str] = []
    match call.action:
        case "CreateService" | "UpdateService" | "DeleteService" | "ListServiceDeployments":
            found = [f"{of_service}{cluster}/{_last(fields.get('serviceName') or fields.get('service'))}"]
        case "DescribeServices":
            found = [f"{of_service}{cluster}/{_last(name)}" for name in _texts(fields.get("services"))]
        case "StopTask" | "ExecuteCommand":
            found = [f"{of_task}{cluster}/{_last(fields.get('task'))}"]
        case "DescribeTasks":
            found = [f"{of_task}{cluster}/{_last(task)}" for task in _texts(fields.get("tasks"))]
        case "ListTasks":
            found = [f"{prefix}:container-instance/{cluster}/*"]
        case "RunTask" | "StartTask":
            found = [f"{prefix}:task-definition/{_last(fields.get('taskDefinition'))}"]
        case "RegisterTaskDefinition":
            found = [f"{prefix}:task-definition/{fields.get('family', '')}:*"]
        case "DescribeClusters":
            found = [f"{of_cluster}{_last(name)}" for name in _texts(fields.get("clusters")) or ["default"]]
        case action if action in _ON_CLUSTER:
            found = [f"{of_cluster}{_last(fields.get('clusterName') or cluster)}"]
        case _:
            # Those that take ARNs, and those without a resource: DescribeTaskDefinition and the lists.
            found = [arn for name in _BY_ARN for arn in _listed(fields.get(name))]
    return found or [ANY]


def _load_balancing(call: Call, _place: str) -> list[str] | None:
    if call.action.startswith("Describe"):
        return [ANY]
    rules = [call.fields.get("RuleArn"), *_numbered(call.fields, "RulePriorities.member.", ".RuleArn")]
    return _texts(rules) or _texts(_numbered(call.fields, "ResourceArns.member.", "")) or None


def _scaling(call: Call, place: str) -> list[str]:
    if call.action.startswith("Describe"):
        return [ANY]
    return [f"arn:aws:application-autoscaling:{place}:scalable-target/*"]


def _alarms(call: Call, place: str) -> list[str] | None:
    """The alarms that are deleted; MiniStack finds the one that is put."""
    names = _listed(call.fields.get("AlarmNames")) if call.action == "DeleteAlarms" else []
    return [f"arn:aws:cloudwatch:{place}:alarm:{name}" for name in names] or None


def _iam(call: Call, place: str) -> list[str] | None:
    account = place.partition(":")[2]
    if call.action == "CreatePolicy":
        return [f"arn:aws:iam::{account}:policy/{call.fields.get('PolicyName', '')}"]
    if call.action == "CreateOpenIDConnectProvider":
        return [f"arn:aws:iam::{account}:oidc-provider/{str(call.fields.get('Url', '')).removeprefix('https://')}"]
    return _texts([call.fields.get(name) for name in ("OpenIDConnectProviderArn", "PolicySourceArn")]) or None


def _ecr(call: Call, place: str) -> list[str] | None:
    region, _, account = place.partition(":")
    registry = call.fields.get("registryId") or account
    names = [*_listed(call.fields.get("repositoryName")), *_listed(call.fields.get("repositoryNames"))]
    return [f"arn:aws:ecr:{region}:{registry}:repository/{name}" for name in names] or None


def _table(call: Call, _place: str) -> list[str] | None:
    return _texts([call.fields.get("ResourceArn")]) or None


def _events(call: Call, place: str) -> list[str] | None:
    """The buses that events are put on; every other call is on a rule, which MiniStack finds."""
    entries = call.fields.get("Entries")
    if call.action != "PutEvents" or not isinstance(entries, list):
        return None
    buses = sorted({_last(entry.get("EventBusName") or "default") for entry in entries if isinstance(entry, dict)})
    return [f"arn:aws:events:{place}:event-bus/{bus}" for bus in buses]


def _quotas(_call: Call, _place: str) -> list[str]:
    return [ANY]


_FINDERS: dict[str, Callable[[Call, str], list[str] | None]] = {
    "application-autoscaling": _scaling,
    "dynamodb": _table,
    "ecr": _ecr,
    "ecs": _ecs,
    "elasticloadbalancing": _load_balancing,
    "events": _events,
    "iam": _iam,
    "monitoring": _alarms,
    "servicequotas": _quotas,
}


def _last(reference: Any) -> str:
    """The name in an ARN or name."""
    return str(reference or "").rpartition("/")[2]


def _listed(found: Any) -> list[str]:
    return _texts(found if isinstance(found, list) else [found])


def _texts(found: Iterable[Any] | None) -> list[str]:
    return [value for value in found or [] if isinstance(value, str) and value]


def _numbered(fields: Fields, prefix: str, suffix: str) -> list[Any]:
    return [value for name, value in fields.items() if name.startswith(prefix) and name.endswith(suffix)]
