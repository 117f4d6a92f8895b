# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task definition refers to: roles, secrets, parameters, alarms; and who asks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..._aws.api import AwsClient
from ..._aws.identity import Sts
from ..definition.trust import INFRASTRUCTURE, TASKS, trusts
from .image_platforms import ImagePlatforms
from .network import Ec2Client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..service.access import Ingress

_SECRET_ARN_PARTS = 7
# "Fargate On-Demand vCPU resource count" and "Fargate Spot vCPU resource count".
_VCPUS, _SPOT_VCPUS = "L-3032A538", "L-36FBB829"
# What DescribeAlarms takes, and gives in a page, at most.
_ALARM_NAMES = 100
_ALARM_KINDS = ("MetricAlarms", "CompositeAlarms")


_DENIALS = ("explicitDeny", "implicitDeny")
_NOWHERE = "does not exist, or lies in another account or region"


def _parts(value_from: str) -> tuple[str, str, str]:
    """The secret's ARN, the stage and the version of a ``valueFrom``, in which a JSON key may stand before these."""
    parts = value_from.split(":")
    stage, version = ([*parts[_SECRET_ARN_PARTS + 1 :], "", ""])[:2]
    return ":".join(parts[:_SECRET_ARN_PARTS]), stage, version


class IamRoles(AwsClient):
    """IAM's roles."""

    label = "IAM"

    def role_problem(self, arn: str, service: str) -> str:
        """Why the *service* cannot assume the role; empty when it can, or when that is not known."""
        name = arn.rpartition("/")[2]
        answer = self._find(f"get role {name}", "get_role", frozenset({"NoSuchEntity"}), RoleName=name)
        if answer is None:
            return "does not exist"
        if trusts(answer["Role"].get("AssumeRolePolicyDocument"), service):
            return ""
        who = "tasks" if service == TASKS else "ECS"
        return f"cannot be assumed by {who}: its trust policy does not let {service} call sts:AssumeRole"

    def denied_actions(self, role_arn: str, actions: tuple[str, ...], resource_arn: str) -> tuple[str, ...]:
        """Those of *actions* on the resource that the role's policies do not allow, whatever the circumstances.

        A decision that hangs on circumstances, such as the tag of a resource, is none.
        """
        pages = self._pages(
            f"ask what role {role_arn.rpartition('/')[2]} may do",
            "simulate_principal_policy",
            PolicySourceArn=role_arn,
            ActionNames=list(actions),
            ResourceArns=[resource_arn],
        )
        return tuple(
            result["EvalActionName"]
            for page in pages
            for result in page["EvaluationResults"]
            if result["EvalDecision"] in _DENIALS and not result.get("MissingContextValues")
        )


class Quotas(AwsClient):
    """Service Quotas."""

    label = "Service Quotas"

    def fargate_vcpus(self, *, spot: bool) -> float | None:
        """How many vCPUs Fargate lets the account have; None where there is no such quota."""
        code = _SPOT_VCPUS if spot else _VCPUS
        missing = frozenset({"NoSuchResourceException"})
        answer = self._find(
            f"read quota {code} of fargate", "get_service_quota", missing, ServiceCode="fargate", QuotaCode=code
        )
        return float(answer["Quota"]["Value"]) if answer else None


class Secrets(AwsClient):
    """Secrets Manager's secrets."""

    label = "Secrets Manager"

    def secret_problem(self, arn: str, stage: str, version: str) -> str:
        """Why the secret cannot be read at the stage, or the version; empty when it can, or when that is not known.

        A version without a stage is not told of.
        """
        answer = self._find(
            f"describe secret {arn}", "describe_secret", frozenset({"ResourceNotFoundException"}), SecretId=arn
        )
        if answer is None or answer.get("DeletedDate"):
            return _NOWHERE
        wanted = stage or ("" if version else "AWSCURRENT")
        stages = {label for labels in (answer.get("VersionIdsToStages") or {}).values() for label in labels}
        if not wanted or wanted in stages:
            return ""
        there = f"it has: {', '.join(sorted(stages))}" if stages else "it was never given a value"
        return f"has no version at stage {wanted} ({there})"

    def arn_of(self, name: str) -> str:
        """The whole ARN of the secret of a name or ARN; empty where there is none."""
        answer = self._find(
            f"look for secret {name}", "describe_secret", frozenset({"ResourceNotFoundException"}), SecretId=name
        )
        return str((answer or {}).get("ARN") or "")

    def has_policy(self, arn: str) -> bool:
        """Whether it has a policy of its own, which may let in whom no other does; no when that must not be read."""
        answer = self._find(
            f"look for the policy of secret {arn}",
            "get_resource_policy",
            frozenset({"ResourceNotFoundException", "AccessDeniedException"}),
            SecretId=arn,
        )
        return bool((answer or {}).get("ResourcePolicy"))

    def secret_keys(self, arn: str, stage: str, version: str) -> frozenset[str] | None:
        """The keys of the JSON object that the secret holds; None when it holds none. Its values are not kept."""
        asked = {"VersionStage": stage} if stage else {}
        if version:
            asked["VersionId"] = version
        answer = self._find(
            f"look for the JSON keys of secret {arn}",
            "get_secret_value",
            frozenset({"ResourceNotFoundException"}),
            SecretId=arn,
            **asked,
        )
        try:
            held = json.loads((answer or {}).get("SecretString", ""))
        except ValueError:
            return None
        return frozenset(map(str, held)) if isinstance(held, dict) else None


class Parameters(AwsClient):
    """Systems Manager's parameters."""

    label = "Systems Manager"

    def parameter_problem(self, name: str) -> str:
        """Why the parameter cannot be read; empty when it exists."""
        answer = self._call(f"look for parameter {name}", "get_parameters", Names=[name])
        return _NOWHERE if answer["InvalidParameters"] else ""

    def arn_of(self, name: str, role_arn: str) -> str:
        """The ARN of the parameter *name*, in the account of the role and the region of this client."""
        if name.startswith("arn:"):
            return name
        partition, account = role_arn.split(":")[1], role_arn.split(":")[4]
        return f"arn:{partition}:ssm:{self._client.meta.region_name}:{account}:parameter/{name.lstrip('/')}"


class Alarms(AwsClient):
    """CloudWatch's alarms."""

    label = "CloudWatch"

    def alarm_states(self, names: frozenset[str]) -> Mapping[str, str]:
        """The state of each alarm that exists, by name."""
        wanted = sorted(names)
        pages = [
            page
            for start in range(0, len(wanted), _ALARM_NAMES)
            for page in self._pages(
                "describe alarms",
                "describe_alarms",
                AlarmNames=wanted[start : start + _ALARM_NAMES],
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                MaxRecords=_ALARM_NAMES,
            )
        ]
        found = [alarm for page in pages for kind in _ALARM_KINDS for alarm in page.get(kind, [])]
        return {alarm["AlarmName"]: alarm["StateValue"] for alarm in found}


class AwsSurroundings:
    """All of them, behind one port. *connect* makes a boto3 client by the service's name."""

    def __init__(self, connect: Callable[[str], Any], registry_account: str = "") -> None:
        self._roles = IamRoles(lambda: connect("iam"))
        self._secrets = Secrets(lambda: connect("secretsmanager"))
        self._parameters = Parameters(lambda: connect("ssm"))
        self._alarms = Alarms(lambda: connect("cloudwatch"))
        self._identity = Sts(lambda: connect("sts"))
        self._network = Ec2Client(lambda: connect("ec2"))
        self._quotas = Quotas(lambda: connect("service-quotas"))
        self._platforms = ImagePlatforms(lambda: connect("ecr"), registry_account)

    def prepare(self) -> None:
        """Make the clients that most pre-flights need."""
        for client in (self._network, self._roles, self._quotas, self._alarms, self._identity):
            client.prepare()

    def caller_arn(self) -> str:
        """Who we are."""
        return self._identity.get_caller_identity().arn

    def role_problem(self, arn: str) -> str:
        """Why no task can have the IAM role, as a sentence ends; empty when one can."""
        return self._roles.role_problem(arn, TASKS)

    def infrastructure_role_problem(self, arn: str) -> str:
        """Why ECS cannot have the IAM role, as a sentence ends; empty when it can."""
        return self._roles.role_problem(arn, INFRASTRUCTURE)

    def secret_problem(self, value_from: str) -> str:
        """Why the secret or parameter of a ``valueFrom`` cannot be read, as a sentence ends; empty when it can."""
        if ":secretsmanager:" in value_from:
            return self._secrets.secret_problem(*_parts(value_from))
        return self._parameters.parameter_problem(value_from)

    def named_secret_problem(self, name: str) -> str:
        """Why the secret of a name or ARN has no value to be read, as a sentence ends; empty when it has."""
        return self._secrets.secret_problem(name, "", "")

    def secret_denial(self, role_arn: str, value_from: str) -> str:
        """Why the role may not read the secret or parameter of a ``valueFrom``, as a sentence ends; empty when it may.

        A parameter that is only named lies in the region of these credentials.
        """
        if ":secretsmanager:" in value_from:
            action, arn = "secretsmanager:GetSecretValue", _parts(value_from)[0]
        else:
            action, arn = "ssm:GetParameters", self._parameters.arn_of(value_from, role_arn)
        return self._denial(f"execution role {role_arn}", role_arn, action, arn)

    def named_secret_denial(self, role_arn: str, name: str) -> str:
        """Why the role may not read the secret of a name or ARN, as a sentence ends; empty when it may, or is none."""
        arn = self._secrets.arn_of(name)
        return self._denial(f"role {role_arn}", role_arn, "secretsmanager:GetSecretValue", arn) if arn else ""

    def _denial(self, called: str, role_arn: str, action: str, arn: str) -> str:
        if not self._roles.denied_actions(role_arn, (action,), arn):
            return ""
        if action.startswith("secretsmanager") and self._secrets.has_policy(arn):
            return ""
        return f"cannot be read by {called}: its policies do not allow {action} on it"

    def denied_actions(self, role_arn: str, actions: tuple[str, ...], resource_arn: str) -> tuple[str, ...]:
        """Those of *actions* on the resource that the role's policies do not allow, whatever the circumstances."""
        return self._roles.denied_actions(role_arn, actions, resource_arn)

    def free_addresses(self, ids: frozenset[str]) -> Mapping[str, int]:
        """How many addresses each subnet that exists has left, by its id."""
        return self._network.free_addresses(ids)

    def fargate_vcpus(self, *, spot: bool) -> float | None:
        """How many vCPUs Fargate lets the account have in this region, on demand or *spot*; None: not known."""
        return self._quotas.fargate_vcpus(spot=spot)

    def ingress(self, ids: frozenset[str]) -> tuple[Ingress, ...]:
        """What the security groups let in."""
        return self._network.ingress(ids)

    def subnet_cidrs(self, ids: frozenset[str]) -> Mapping[str, str]:
        """The addresses of each subnet that exists, by its id."""
        return self._network.subnet_cidrs(ids)

    def secret_keys(self, value_from: str) -> frozenset[str] | None:
        """The JSON keys of the secret of a ``valueFrom``; None when it holds no JSON object."""
        return self._secrets.secret_keys(*_parts(value_from))

    def subnet_vpcs(self, ids: frozenset[str]) -> Mapping[str, str]:
        """The VPC of each subnet that exists, by its id."""
        return self._network.subnet_vpcs(ids)

    def security_group_vpcs(self, ids: frozenset[str]) -> Mapping[str, str]:
        """The VPC of each security group that exists, by its id."""
        return self._network.security_group_vpcs(ids)

    def image_platforms(self, repository: str, digest: str) -> frozenset[str]:
        """The platforms of an image, as ``linux/amd64``; empty when they cannot be told."""
        return self._platforms.image_platforms(repository, digest)

    def image_labels(self, repository: str, digest: str) -> Mapping[str, str]:
        """The labels of an image; none when they cannot be told."""
        return self._platforms.image_labels(repository, digest)

    def alarm_states(self, names: frozenset[str]) -> Mapping[str, str]:
        """The state of each alarm that exists, by name."""
        return self._alarms.alarm_states(names)
