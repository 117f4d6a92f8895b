# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Under `AUTH=true` registries and ECS ask the policies of whoever logs in, and of a task's execution role."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.services.ecr.registry import LAYER, Registry, digest_of, image, push_image
from tests.sandbox.services.ecs.app import Platform
from tests.sandbox.services.iam.conftest import Enforcing, allow, policy

DEV, PROD = "111111111111", "222222222222"
LOGIN = allow("ecr:GetAuthorizationToken")
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
PUSH = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:CompleteLayerUpload",
    "ecr:PutImage",
]


@pytest.fixture
def name(enforcing: Enforcing) -> str:
    """A repository of dev with an image under the tag 1."""
    made = f"images-{uuid.uuid4().hex[:8]}"
    root = enforcing.root("ecr")
    push_image(Registry(root), root, made)
    return made


def arn_of(name: str) -> str:
    return f"arn:aws:ecr:us-east-1:{DEV}:repository/{name}"


def logged_in(enforcing: Enforcing, *statements: dict[str, Any], account: str = "dev") -> Registry:
    """Dev's registry with the password of a role that may do this."""
    ecr = enforcing.as_role(enforcing.role(LOGIN, *statements, account=account), "ecr")
    registry = Registry(ecr)
    registry.endpoint = ecr.get_authorization_token(registryIds=[DEV])["authorizationData"][0]["proxyEndpoint"]
    return registry


def asked(registry: Registry, name: str) -> dict[str, str]:
    """What each request of a registry client comes to: `ok`, or the action that is refused."""
    layer, document = digest_of(LAYER), json.dumps(image()).encode()
    media_type = {"content_type": image()["mediaType"]}
    answers = {
        "manifest": registry.call("GET", f"/v2/{name}/manifests/1"),
        "blob": registry.call("GET", f"/v2/{name}/blobs/{layer}"),
        "exists": registry.call("HEAD", f"/v2/{name}/blobs/{layer}"),
        "upload": registry.call("POST", f"/v2/{name}/blobs/uploads/", b""),
        "push": registry.call("PUT", f"/v2/{name}/manifests/2", document, **media_type),
        "tags": registry.call("GET", f"/v2/{name}/tags/list"),
        "delete": registry.call("DELETE", f"/v2/{name}/manifests/1"),
    }
    return {what: _refused(*answer) for what, answer in answers.items()}


def _refused(status: int, _headers: dict[str, str], body: bytes) -> str:
    if status < 300:
        return "ok"
    assert status == 403, (status, body)
    if not body:  # the answer to HEAD
        return "denied"
    (error,) = json.loads(body)["errors"]
    assert error["code"] == "DENIED"
    return str(error["message"].partition("not authorized to perform: ")[2].partition(" ")[0])


PULLED = {"manifest": "ok", "blob": "ok", "exists": "ok"}
NOT_PULLED = {"manifest": PULL[0], "blob": PULL[1], "exists": "denied"}
NOT_PUSHED = {"upload": "ecr:InitiateLayerUpload", "push": "ecr:PutImage", "delete": "ecr:BatchDeleteImage"}


def test_a_password_may_do_what_its_caller_may(enforcing: Enforcing, name: str) -> None:
    other = arn_of(f"{name}-other")
    no_tags = {"tags": "ecr:ListImages"}
    denied = NOT_PUSHED | {"delete": "ok"}
    cases: list[tuple[list[dict[str, Any]], dict[str, str]]] = [
        ([allow(PULL, arn_of(name))], PULLED | NOT_PUSHED | no_tags),
        ([allow(PULL + PUSH, arn_of(name))], PULLED | NOT_PUSHED | {"upload": "ok", "push": "ok"} | no_tags),
        ([allow("ecr:*", other)], NOT_PULLED | NOT_PUSHED | no_tags),
        ([allow("ecr:*"), {**allow(PUSH, arn_of(name)), "Effect": "Deny"}], PULLED | denied | {"tags": "ok"}),
        ([], NOT_PULLED | NOT_PUSHED | no_tags),
    ]
    for statements, expected in cases:
        assert asked(logged_in(enforcing, *statements), name) == expected, statements
    checks = [check for check in enforcing.checks() if check["resource"] == arn_of(name)]
    assert {("ecr:PutImage", True), ("ecr:PutImage", False)} <= {
        (check["action"], check["allowed"]) for check in checks
    }


def test_across_accounts_both_policies_have_to_allow(enforcing: Enforcing, name: str) -> None:
    pulls, unable = allow(PULL, arn_of(name)), allow(PULL, arn_of("other"))
    admitting = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{PROD}:root"}, "Action": PULL}
    assert asked(logged_in(enforcing, pulls, account="prod"), name)["manifest"] == PULL[0]
    enforcing.root("ecr").set_repository_policy(repositoryName=name, policyText=policy(admitting))
    found = asked(logged_in(enforcing, pulls, account="prod"), name)
    assert found == PULLED | NOT_PUSHED | {"tags": "ecr:ListImages"}
    assert asked(logged_in(enforcing, unable, account="prod"), name)["manifest"] == PULL[0]
    request = {"registryId": DEV, "repositoryName": name, "imageIds": [{"imageTag": "1"}]}
    able = enforcing.as_role(enforcing.role(pulls, account="prod"), "ecr")
    assert able.batch_get_image(**request)["images"]
    with pytest.raises(ClientError, match="not authorized to perform: ecr:BatchGetImage"):
        enforcing.as_role(enforcing.role(unable, account="prod"), "ecr").batch_get_image(**request)


def test_a_task_starts_as_far_as_its_execution_role_may(enforcing: Enforcing, name: str) -> None:
    platform = Platform(enforcing.sandbox)
    group = f"arn:aws:logs:us-east-1:{DEV}:log-group:{platform.name}:*"
    logs = allow(["logs:CreateLogStream", "logs:PutLogEvents"], group)
    uri = f"{DEV}.dkr.ecr.us-east-1.amazonaws.com/{name}:1"
    cases = [
        ([], uri, "not authorized to perform: ecr:GetAuthorizationToken"),
        ([LOGIN], uri, "not authorized to perform: logs:CreateLogStream"),
        ([LOGIN, logs], uri, "CannotPullContainerError"),
        ([], None, "not authorized to perform: logs:CreateLogStream"),
        ([logs], None, "Essential container in task exited"),
    ]
    for statements, uri_or_none, reason in cases:
        container = platform.container(command=["print('started')"], **({"image": uri_or_none} if uri_or_none else {}))
        definition = platform.ecs.register_task_definition(
            family=platform.name,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            executionRoleArn=enforcing.role(*statements),
            containerDefinitions=[container],
        )["taskDefinition"]["taskDefinitionArn"]
        task = platform.run(definition)
        assert reason in task["stoppedReason"], (statements, task["stoppedReason"])
