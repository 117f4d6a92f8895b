# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same resources as tasks of amazon.aws and community.aws, out of PyPI's `ansible`.

Each task names a resource of our stacks with what its module needs to find it, and asks for nothing else: less than a
playbook that would make it. Types without a module, and tasks that fail or would change something here, are left out.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.errors import BenchmarkError
from benchmarks.provision import lab
from benchmarks.provision.peers import FOLDER, must
from benchmarks.provision.timed import Contender
from tools.files import ROOT

ANSIBLE = "ansible==14.5.0"
SAYS, RUNS = "changed=0", 1
"""What its runs print at their end; they take so long that one is measured, after the one that chose the tasks."""
Task = tuple[str, dict[str, Any]]


def contender(playbook: Path, stacks: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> Contender:
    """Its playbook lies in *folder*. Raises BenchmarkError when the collections cannot be had."""
    collections = install()
    tasks = [*_tasks(stacks, environment)]
    file = folder / "stock.yml"
    _write(file, tasks)
    command = [str(playbook), "-i", "localhost,", str(file)]
    kept = [task for task, good in zip(tasks, _good(command, collections, environment), strict=True) if good]
    _write(file, kept)
    given = ["env", *(f"{name}={value}" for name, value in settings(collections).items())]
    return Contender(f"{len(kept)} stock tasks of {len(tasks)}", [[*given, *command]], SAYS)


def install() -> Path:
    """The collections, unpacked into the clone's cache where they are missing."""
    folder = FOLDER / "stock"
    collections = folder / "collections"
    if not (collections / "ansible_collections" / "community").is_dir():
        must([sys.executable, "-m", "venv", str(folder)])
        pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--no-deps", "--no-compile"]
        must([*pip, "--target", str(collections), ANSIBLE])
    return collections


def settings(collections: Path) -> dict[str, str]:
    """Variables with which Ansible finds these *collections* and none of ours."""
    file = collections / "stock.cfg"
    file.write_text("[defaults]\n", encoding="utf-8")
    return {
        "ANSIBLE_CONFIG": str(file),
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
        "ANSIBLE_LOCALHOST_WARNING": "false",
    }


def _write(file: Path, tasks: Sequence[Task]) -> None:
    written = [
        {module: arguments, "ignore_errors": True, "register": f"t{n}"} for n, (module, arguments) in enumerate(tasks)
    ]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": written}
    play["vars"] = {"ansible_python_interpreter": sys.executable}
    file.write_text(yaml.safe_dump([play]), encoding="utf-8")


def _good(command: Sequence[str], collections: Path, environment: Mapping[str, str]) -> list[bool]:
    """Run all tasks; of each, whether it neither failed nor changed anything."""
    given = {**os.environ, **environment, **settings(collections), "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    try:
        plays = json.loads(done.stdout[done.stdout.index("{") :])["plays"]
    except (ValueError, LookupError) as error:
        raise BenchmarkError(f"The stock modules did not run: {done.stdout[-600:]}{done.stderr[-600:]}") from error
    answers = [task["hosts"]["localhost"] for play in plays for task in play["tasks"]]
    for answer in answers:
        if answer.get("failed") or answer.get("changed"):
            why = "would change something" if answer.get("changed") else str(answer.get("msg"))[:160]
            print(f"  left out: {answer.get('action')}: {why}", file=sys.stderr)
    return [not answer.get("failed") and not answer.get("changed") for answer in answers]


def _tasks(stacks: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[Task]:
    api = lab.client("cloudformation", environment)
    for stack in stacks.values():
        pages = api.get_paginator("list_stack_resources").paginate(StackName=stack["StackName"])
        for resource in (item for page in pages for item in page["StackResourceSummaries"]):
            write = _WRITERS.get(resource["ResourceType"])
            if write:
                module, arguments = write(resource["PhysicalResourceId"], _Reader(environment))
                yield module, {**arguments, "state": "present"}


class _Reader:
    """What EC2 says of a resource by its id."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def ec2(self, kind: str, identifier: str) -> Any:
        """The one in the answer of `describe_<kind>`."""
        operation, key, member = _EC2[kind]
        return getattr(lab.client("ec2", self._environment), operation)(**{key: [identifier]})[member][0]

    def role(self, name: str) -> Any:
        """A role's trust."""
        return lab.client("iam", self._environment).get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]

    def elb(self, arn: str) -> Any:
        """A target group."""
        return lab.client("elbv2", self._environment).describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]


_EC2 = {
    "vpc": ("describe_vpcs", "VpcIds", "Vpcs"),
    "subnet": ("describe_subnets", "SubnetIds", "Subnets"),
    "group": ("describe_security_groups", "GroupIds", "SecurityGroups"),
    "table": ("describe_route_tables", "RouteTableIds", "RouteTables"),
    "gateway": ("describe_nat_gateways", "NatGatewayIds", "NatGateways"),
}
_NO_PURGE = {"purge_tags": False}


def _subnet(identifier: str, read: _Reader) -> Task:
    found = read.ec2("subnet", identifier)
    where = {"vpc_id": found["VpcId"], "cidr": found["CidrBlock"], "az": found["AvailabilityZone"]}
    return "amazon.aws.ec2_vpc_subnet", {**where, "map_public": found["MapPublicIpOnLaunch"], **_NO_PURGE}


def _group(identifier: str, read: _Reader) -> Task:
    found = read.ec2("group", identifier)
    named = {"name": found["GroupName"], "description": found["Description"], "vpc_id": found["VpcId"]}
    return "amazon.aws.ec2_security_group", {
        **named,
        "purge_rules": False,
        "purge_rules_egress": False,
        **_NO_PURGE,
    }


def _vpc(identifier: str, read: _Reader) -> Task:
    found = read.ec2("vpc", identifier)
    name = next((tag["Value"] for tag in found.get("Tags", []) if tag["Key"] == "Name"), identifier)
    return "amazon.aws.ec2_vpc_net", {"name": name, "cidr_block": found["CidrBlock"], **_NO_PURGE}


def _table(identifier: str, read: _Reader) -> Task:
    found = read.ec2("table", identifier)
    kept = {"purge_routes": False, "purge_subnets": False, **_NO_PURGE}
    return "amazon.aws.ec2_vpc_route_table", {
        "route_table_id": identifier,
        "lookup": "id",
        "vpc_id": found["VpcId"],
        **kept,
    }


def _gateway(identifier: str, read: _Reader) -> Task:
    found = read.ec2("gateway", identifier)
    return "amazon.aws.ec2_vpc_nat_gateway", {
        "subnet_id": found["SubnetId"],
        "if_exist_do_not_create": True,
        **_NO_PURGE,
    }


def _target_group(arn: str, read: _Reader) -> Task:
    found = read.elb(arn)
    named = {"name": found["TargetGroupName"], "protocol": found["Protocol"].lower(), "port": found["Port"]}
    return "community.aws.elb_target_group", {
        **named,
        "vpc_id": found["VpcId"],
        "target_type": found["TargetType"],
        "modify_targets": False,
        **_NO_PURGE,
    }


def _role(name: str, read: _Reader) -> Task:
    kept = {"purge_policies": False, **_NO_PURGE}
    return "amazon.aws.iam_role", {"name": name, "assume_role_policy_document": read.role(name), **kept}


def _named(module: str, option: str, **more: Any) -> Callable[[str, _Reader], Task]:
    return lambda identifier, _read: (module, {option: identifier, **more})


_WRITERS: Mapping[str, Callable[[str, _Reader], Task]] = {
    "AWS::CloudWatch::Alarm": _named("amazon.aws.cloudwatch_metric_alarm", "name"),
    "AWS::DynamoDB::Table": _named("community.aws.dynamodb_table", "name", **_NO_PURGE),
    "AWS::EC2::NatGateway": _gateway,
    "AWS::EC2::RouteTable": _table,
    "AWS::EC2::SecurityGroup": _group,
    "AWS::EC2::Subnet": _subnet,
    "AWS::EC2::VPC": _vpc,
    "AWS::ECR::Repository": _named("community.aws.ecs_ecr", "name"),
    "AWS::ECS::Cluster": _named("community.aws.ecs_cluster", "name"),
    "AWS::ElasticLoadBalancingV2::TargetGroup": _target_group,
    "AWS::IAM::Role": _role,
    "AWS::KMS::Key": _named("amazon.aws.kms_key", "key_id", **_NO_PURGE),
    "AWS::Logs::LogGroup": _named("amazon.aws.cloudwatchlogs_log_group", "log_group_name", **_NO_PURGE),
    "AWS::RDS::DBInstance": _named("amazon.aws.rds_instance", "db_instance_identifier", **_NO_PURGE),
    "AWS::S3::Bucket": _named("amazon.aws.s3_bucket", "name", **_NO_PURGE),
    "AWS::SNS::Topic": lambda arn, _read: ("community.aws.sns_topic", {"name": arn.rpartition(":")[2], **_NO_PURGE}),
}
