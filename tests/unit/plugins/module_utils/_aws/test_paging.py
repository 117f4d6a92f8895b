# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every listing that AWS gives in pages is read to its end: our clients' calls against botocore's own models."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.api import AwsClient
from botocore import xform_name
from botocore.session import Session

from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The services by the labels of the clients.
SERVICES = {
    "ACM": "acm",
    "AWS Backup": "backup",
    "Application Auto Scaling": "application-autoscaling",
    "CloudFormation": "cloudformation",
    "CloudFront": "cloudfront",
    "CloudWatch": "cloudwatch",
    "CloudWatch Logs": "logs",
    "DynamoDB": "dynamodb",
    "EC2": "ec2",
    "ECR": "ecr",
    "ECS": "ecs",
    "Elastic Load Balancing": "elbv2",
    "EventBridge": "events",
    "IAM": "iam",
    "Route 53": "route53",
    "RDS": "rds",
    "S3": "s3",
    "SNS": "sns",
    "STS": "sts",
    "Secrets Manager": "secretsmanager",
    "Service Quotas": "service-quotas",
    "Systems Manager": "ssm",
}
#: Calls of what AWS could page, each for what is named in the call and fits a page.
NAMED = {
    ("cloudformation", "describe_stacks"),
    ("ecr", "describe_images"),
    ("ecr", "describe_repositories"),
    ("elbv2", "describe_load_balancers"),
    ("elbv2", "describe_target_groups"),
    ("elbv2", "describe_listeners"),
}
BASES = {"AwsClient": "", "TableClient": "DynamoDB"}


@dataclass(frozen=True)
class ClientCall:
    """A call of an AWS operation: through `AwsClient._pages`, or a method around it, or not; and where."""

    service: str
    operation: str
    paged: bool
    place: str


def client_files() -> list[Path]:
    found = sorted((ROOT / "plugins").rglob("*.py"))
    return [path for path in found if any(base in path.read_text() for base in BASES)]


def _label(node: ast.ClassDef) -> str:
    labels = [BASES[base.id] for base in node.bases if isinstance(base, ast.Name) and base.id in BASES]
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            labels += [statement.value.value for target in statement.targets if getattr(target, "id", "") == "label"]
    return labels[-1] if labels else ""


def _methods_that_page(node: ast.ClassDef) -> set[str]:
    """`_pages`, and the methods that hand an operation of their caller's on to it."""
    found = {"_pages"}
    for method in node.body:
        if isinstance(method, ast.FunctionDef):
            parameters = {argument.arg for argument in method.args.args}
            handed = {
                argument.id
                for call in ast.walk(method)
                if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "_pages"
                for argument in call.args
                if isinstance(argument, ast.Name)
            }
            if "operation" in parameters & handed:
                found.add(method.name)
    return found


MODELS = Session()


@cache
def operations_of(service: str) -> dict[str, str]:
    """The operations of a service by the names of a client's methods."""
    return {xform_name(name): name for name in MODELS.get_service_model(service).operation_names}


@cache
def pages_of(service: str) -> Any:
    return MODELS.get_paginator_model(service)


def calls_of(path: Path) -> Iterator[ClientCall]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ClassDef) or not (label := _label(node)):
            continue
        service = SERVICES[label]
        operations = operations_of(service)
        paging = _methods_that_page(node)
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                for argument in call.args:
                    if isinstance(argument, ast.Constant) and argument.value in operations:
                        place = f"{path.relative_to(ROOT)}:{call.lineno}"
                        yield ClientCall(service, argument.value, call.func.attr in paging, place)


CALLS = [call for path in client_files() for call in calls_of(path)]


def pagination(call: ClientCall) -> dict[str, Any]:
    """botocore's description of the operation's pages; empty when there are none."""
    try:
        return dict(pages_of(call.service).get_paginator(operations_of(call.service)[call.operation]))
    except ValueError:
        return {}


def test_the_calls_are_found() -> None:
    found = {(call.service, call.operation) for call in CALLS}
    assert {("ecs", "list_tasks"), ("dynamodb", "query"), ("ecr", "describe_images"), ("sts", "assume_role")} <= found
    assert {call.service for call in CALLS} == set(SERVICES.values())


def test_what_aws_gives_in_pages_is_read_to_its_end() -> None:
    unread = [call for call in CALLS if not call.paged and pagination(call)]
    assert [call for call in unread if (call.service, call.operation) not in NAMED] == []
    assert {(call.service, call.operation) for call in unread} == NAMED, "what is paged now needs no exception"


PAGED = sorted({(call.service, call.operation) for call in CALLS if call.paged and pagination(call)})


@pytest.mark.parametrize(("service", "operation"), PAGED)
def test_the_next_page_is_asked_for_as_botocore_would(service: str, operation: str) -> None:
    described = pagination(ClientCall(service, operation, True, ""))
    asked: list[dict[str, Any]] = []

    class Service:
        """Answers with two pages."""

        def __getattr__(self, name: str) -> Any:
            assert name == operation

            def answer(**arguments: Any) -> dict[str, Any]:
                asked.append(arguments)
                return {described["output_token"]: "the second"} if len(asked) == 1 else {}

            return answer

    assert len(list(AwsClient(Service)._pages("list it", operation))) == 2
    assert asked == [{}, {described["input_token"]: "the second"}]
