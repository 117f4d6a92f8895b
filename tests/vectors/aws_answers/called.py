# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which operations of AWS's APIs the collection and the service call."""

import ast
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name

SERVICES = (
    "acm",
    "application-autoscaling",
    "cloudformation",
    "cloudwatch",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "elbv2",
    "iam",
    "logs",
    "rds",
    "s3",
    "secretsmanager",
    "ssm",
    "sts",
)
AMBIGUOUS = {
    "describe_images": "ecr",
    "describe_tags": "elbv2",
    "list_imports": "cloudformation",
    "list_tags_for_resource": "ecs",
    "tag_resource": "ecs",
    "untag_resource": "ecs",
}
"""Names that several services know, and whose operation is called."""


@cache
def model(service: str) -> Any:
    """botocore's model of *service*."""
    return _session().get_service_model(service)


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def called(*folders: Path) -> set[str]:
    """`service Operation` for each whose name stands as a text in a file of *folders*, as clients' calls name them."""
    texts = {
        node.value
        for folder in folders
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {
        f"{service} {operation}"
        for service in SERVICES
        for operation in model(service).operation_names
        if xform_name(operation) in texts and AMBIGUOUS.get(xform_name(operation), service) == service
    }
