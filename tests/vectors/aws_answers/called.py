# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which operations of AWS's APIs the collection and the service call."""

import ast
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name

SERVICES = (
    "acm",
    "application-autoscaling",
    "backup",
    "cloudformation",
    "cloudfront",
    "cloudwatch",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "elbv2",
    "events",
    "iam",
    "logs",
    "rds",
    "route53",
    "s3",
    "secretsmanager",
    "service-quotas",
    "sns",
    "ssm",
    "sts",
)
AMBIGUOUS = {
    "describe_images": "ecr",
    "describe_tags": "elbv2",
    "get_resource_policy": "dynamodb, secretsmanager",
    "list_imports": "cloudformation",
    "list_rules": "",
    "list_tags_for_resource": "ecs",
    "tag_resource": "ecs",
    "untag_resource": "ecs",
}
"""Names that several services know, or a port of ours too, and whose operation is called."""
TRANSFERS = {
    "upload_file": ("put_object", "create_multipart_upload", "upload_part", "complete_multipart_upload"),
    "download_file": ("head_object", "get_object"),
}
"""What boto3 adds to clients of S3, and the operations that it calls."""


@cache
def model(service: str) -> Any:
    """botocore's model of *service*."""
    return _session().get_service_model(service)


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def called(*folders: Path) -> set[str]:
    """`service Operation` for each whose name stands in a file of *folders*, as a text or as a client's method."""
    names = {
        name
        for folder in folders
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for name in named(node)
    }
    return {
        f"{service} {operation}"
        for service in SERVICES
        for operation in model(service).operation_names
        if xform_name(operation) in names and service in AMBIGUOUS.get(xform_name(operation), service)
    }


def named(node: ast.AST) -> Sequence[str]:
    """What may be names of operations in a part of a file."""
    match node:
        case ast.Constant(value=str(text)):
            return (text,)
        case ast.Attribute(value=ast.Attribute(attr="_client"), attr=method):
            return TRANSFERS.get(method, (method,))
    return ()
