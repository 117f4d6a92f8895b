# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Repository policies: what they may say, and what they let other accounts do, over the registry and the API."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.services.ecr.model.policies import Caller, Decision, InvalidPolicyError, check, decide
from tests.sandbox.services.ecr.registry import LAYER, Registry, control, digest_of, image, lowered, push_image

DEV, PROD = "111111111111", "222222222222"
DEV_ROOT = f"arn:aws:iam::{DEV}:root"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
PUSH = ["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"]


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: Any, principal: Any = DEV_ROOT, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions, **more}


def deny(actions: Any, principal: Any = DEV_ROOT, **more: Any) -> dict[str, Any]:
    return {**allow(actions, principal, **more), "Effect": "Deny"}


@pytest.fixture(scope="module")
def dev(sandbox: Any) -> Any:
    return sandbox.client("ecr")


@pytest.fixture(scope="module")
def prod(sandbox: Any) -> Any:
    return sandbox.client("ecr", "prod")


@pytest.fixture
def name(prod: Any, request: pytest.FixtureRequest) -> str:
    """A repository of prod with an image under the tag 1."""
    made = request.node.name.split("[")[0].replace("_", "-")
    push_image(Registry(prod), prod, made)
    return made


@pytest.fixture
def foreign(dev: Any) -> Registry:
    """Prod's registry with dev's password."""
    registry = Registry(dev)
    granted = dev.get_authorization_token(registryIds=[PROD])["authorizationData"]
    registry.endpoint, registry.token = granted[0]["proxyEndpoint"], granted[0]["authorizationToken"]
    return registry


def code(answer: tuple[int, dict[str, str], bytes]) -> tuple[int, str]:
    return answer[0], "" if answer[0] < 400 else json.loads(answer[2])["errors"][0]["code"]


def test_a_token_is_its_callers_and_the_endpoint_the_registrys(dev: Any, prod: Any) -> None:
    both = dev.get_authorization_token(registryIds=[DEV, PROD])["authorizationData"]
    own = [each.get_authorization_token()["authorizationData"][0]["proxyEndpoint"] for each in (dev, prod)]
    assert [side["proxyEndpoint"] for side in both] == own


def test_without_a_policy_another_account_is_refused(foreign: Registry, name: str) -> None:
    assert foreign.call("GET", "/v2/")[0] == 200
    for method, path in (
        ("GET", f"/v2/{name}/manifests/1"),
        ("GET", f"/v2/{name}/blobs/{digest_of(LAYER)}"),
        ("GET", f"/v2/{name}/tags/list"),
        ("POST", f"/v2/{name}/blobs/uploads/"),
        ("GET", "/v2/no-such-repository/manifests/1"),
    ):
        assert code(foreign.call(method, path, b"" if method == "POST" else None)) == (403, "DENIED"), path
    said = json.loads(foreign.call("GET", f"/v2/{name}/manifests/1")[2])["errors"][0]["message"]
    assert said == (
        f"User: {DEV_ROOT} is not authorized to perform: ecr:BatchGetImage on resource: "
        f"arn:aws:ecr:us-east-1:{PROD}:repository/{name} because no resource-based policy allows the "
        "ecr:BatchGetImage action"
    )


def test_a_policy_for_pulling_lets_pull_and_not_push(prod: Any, foreign: Registry, name: str) -> None:
    prod.set_repository_policy(repositoryName=name, policyText=policy(allow(PULL)))
    assert foreign.call("GET", f"/v2/{name}/manifests/1")[0] == 200
    assert foreign.call("HEAD", f"/v2/{name}/blobs/{digest_of(LAYER)}")[0] == 200
    assert foreign.call("GET", f"/v2/{name}/blobs/{digest_of(LAYER)}")[2] == LAYER
    assert foreign.call("GET", f"/v2/{name}/referrers/{digest_of(LAYER)}")[0] == 200
    assert code(foreign.call("POST", f"/v2/{name}/blobs/uploads/", b"")) == (403, "DENIED")
    assert foreign.push_manifest(name, "2", image()) == (403, "DENIED")
    assert code(foreign.call("DELETE", f"/v2/{name}/manifests/1")) == (403, "DENIED")


def test_a_policy_for_pushing_lets_push_and_not_pull(prod: Any, foreign: Registry, name: str) -> None:
    prod.set_repository_policy(repositoryName=name, policyText=policy(allow(PUSH)))
    foreign.push_blob(name, b"pushed from elsewhere")
    assert foreign.push_manifest(name, "2", image()) == (201, "")
    assert code(foreign.call("GET", f"/v2/{name}/manifests/2")) == (403, "DENIED")
    assert foreign.call("HEAD", f"/v2/{name}/blobs/{digest_of(LAYER)}")[0] == 403


def test_a_foreign_caller_mounts_only_what_it_may_read(prod: Any, foreign: Registry, name: str) -> None:
    prod.create_repository(repositoryName="into")
    prod.set_repository_policy(repositoryName="into", policyText=policy(allow(PUSH)))
    prod.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    path = f"/v2/into/blobs/uploads/?mount={digest_of(LAYER)}&from={name}"
    assert foreign.call("POST", path, b"")[0] == 202
    prod.set_repository_policy(repositoryName=name, policyText=policy(allow(PULL)))
    assert foreign.call("POST", path, b"")[0] == 201


def test_the_api_asks_the_same_policy(dev: Any, prod: Any, name: str) -> None:
    asked = {"registryId": PROD, "repositoryName": name}
    calls = {
        "ecr:DescribeImages": lambda: dev.describe_images(**asked),
        "ecr:ListImages": lambda: dev.list_images(**asked),
        "ecr:BatchGetImage": lambda: dev.batch_get_image(**asked, imageIds=[{"imageTag": "1"}]),
        "ecr:DescribeRepositories": lambda: dev.describe_repositories(registryId=PROD, repositoryNames=[name]),
        "ecr:GetRepositoryPolicy": lambda: dev.get_repository_policy(**asked),
        "ecr:GetDownloadUrlForLayer": lambda: dev.get_download_url_for_layer(**asked, layerDigest=digest_of(LAYER)),
        "ecr:StartImageScan": lambda: dev.start_image_scan(**asked, imageId={"imageTag": "1"}),
        "ecr:DescribeImageScanFindings": lambda: dev.describe_image_scan_findings(**asked, imageId={"imageTag": "1"}),
    }
    for action, call in calls.items():
        with pytest.raises(ClientError, match="no resource-based policy allows") as refused:
            call()
        assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
        prod.set_repository_policy(repositoryName=name, policyText=policy(allow(action)))
        call()
        prod.delete_repository_policy(repositoryName=name)
    with pytest.raises(ClientError, match="AccessDeniedException"):
        dev.describe_repositories(registryId=PROD)
    prod.set_repository_policy(repositoryName=name, policyText=policy(allow("ecr:BatchGetImage")))
    assert dev.list_image_referrers(**asked, subjectId={"imageDigest": digest_of(b"x")})["referrers"] == []
    assert dev.batch_get_image(**asked, imageIds=[{"imageTag": "1"}])["images"][0]["registryId"] == PROD


def test_a_role_is_named_by_its_arn(sandbox: Any, prod: Any, name: str) -> None:
    role = f"arn:aws:iam::{DEV}:role/promoter"
    prod.set_repository_policy(repositoryName=name, policyText=policy(allow(PULL, role)))
    given = sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    ecr = sandbox.client("ecr", access_key=given["AccessKeyId"], session_token=given["SessionToken"])
    registry = Registry(ecr)
    registry.endpoint = Registry(prod).endpoint
    assert registry.call("GET", f"/v2/{name}/manifests/1")[0] == 200
    root = Registry(sandbox.client("ecr"))
    root.endpoint = registry.endpoint
    assert code(root.call("GET", f"/v2/{name}/manifests/1")) == (403, "DENIED")


def test_a_deny_binds_the_account_itself(prod: Any, name: str) -> None:
    everyone = {**deny("ecr:PutImage"), "Principal": "*"}
    prod.set_repository_policy(repositoryName=name, policyText=policy(everyone))
    registry = Registry(prod)
    assert registry.push_manifest(name, "2", image()) == (403, "DENIED")
    assert registry.call("GET", f"/v2/{name}/manifests/1")[0] == 200
    with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
        prod.put_image(repositoryName=name, imageManifest=json.dumps(image()), imageTag="2")


def test_a_policy_is_kept_and_deleted(prod: Any, name: str) -> None:
    with pytest.raises(prod.exceptions.RepositoryPolicyNotFoundException):
        prod.get_repository_policy(repositoryName=name)
    text = policy(allow(PULL))
    prod.set_repository_policy(repositoryName=name, policyText=text)
    told = prod.get_repository_policy(repositoryName=name)
    assert (told["registryId"], told["repositoryName"], told["policyText"]) == (PROD, name, text)
    prod.delete_repository_policy(repositoryName=name)
    with pytest.raises(prod.exceptions.RepositoryPolicyNotFoundException):
        prod.delete_repository_policy(repositoryName=name)
    with pytest.raises(prod.exceptions.RepositoryNotFoundException):
        prod.set_repository_policy(repositoryName="no-such-repository", policyText=text)


def test_a_policy_that_locks_its_setter_out_must_be_forced(prod: Any, name: str) -> None:
    text = policy({**deny("ecr:*"), "Principal": "*"})
    with pytest.raises(prod.exceptions.InvalidParameterException, match="forced"):
        prod.set_repository_policy(repositoryName=name, policyText=text)
    prod.set_repository_policy(repositoryName=name, policyText=text, force=True)
    with pytest.raises(ClientError, match="AccessDeniedException"):
        prod.describe_images(repositoryName=name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"Version": "2020-01-01", "Statement": []}',
        policy({**allow(PULL), "Resource": "*"}),
        policy({**allow(PULL), "Effect": "Maybe"}),
        policy(allow("s3:GetObject")),
        policy(allow([])),
        policy(allow(PULL, "someone")),
        policy({"Effect": "Allow", "Action": "ecr:*"}),
        policy({"Effect": "Allow", "Principal": "*"}),
        policy(allow(PULL, Sid="x" * 10240)),
    ],
)
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(InvalidPolicyError, match="Invalid repository policy provided"):
        check(text)


SESSION = f"arn:aws:sts::{DEV}:assumed-role/promoter/ci"


@pytest.mark.parametrize(
    ("statements", "caller", "decision"),
    [
        ([allow("ecr:BatchGetImage")], DEV_ROOT, Decision.ALLOW),
        ([allow("ecr:batchgetimage")], DEV_ROOT, Decision.ALLOW),
        ([allow("ecr:*")], DEV_ROOT, Decision.ALLOW),
        ([allow("ecr:BatchGet*")], SESSION, Decision.ALLOW),
        ([allow("*", DEV)], SESSION, Decision.ALLOW),
        ([allow("*", "*")], SESSION, Decision.ALLOW),
        ([allow("*", [f"arn:aws:iam::{DEV}:role/path/promoter"])], SESSION, Decision.ALLOW),
        ([allow("*", SESSION)], SESSION, Decision.ALLOW),
        ([allow("*", f"arn:aws:iam::{DEV}:role/other")], SESSION, Decision.NONE),
        ([allow("*", f"arn:aws:iam::{PROD}:role/promoter")], SESSION, Decision.NONE),
        ([allow("*", PROD)], SESSION, Decision.NONE),
        ([allow("ecr:PutImage")], DEV_ROOT, Decision.NONE),
        ([{**allow("*"), "Principal": {"Service": "codebuild.amazonaws.com"}}], DEV_ROOT, Decision.NONE),
        ([allow("*"), deny("ecr:BatchGetImage")], DEV_ROOT, Decision.DENY),
        ([allow("*"), deny("ecr:PutImage")], DEV_ROOT, Decision.ALLOW),
        ([allow("*", Condition={"StringEquals": {"aws:PrincipalAccount": DEV}})], DEV_ROOT, Decision.ALLOW),
        ([allow("*", Condition={"StringEquals": {"aws:PrincipalAccount": PROD}})], DEV_ROOT, Decision.NONE),
        ([allow("*", Condition={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{DEV}:*"}})], DEV_ROOT, Decision.ALLOW),
        ([allow("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})], DEV_ROOT, Decision.NONE),
        ([allow("*"), deny("*", Condition={"Bool": {"aws:SecureTransport": "false"}})], DEV_ROOT, Decision.DENY),
        ([{"Effect": "Allow", "NotPrincipal": {"AWS": PROD}, "Action": "*"}], DEV_ROOT, Decision.NONE),
    ],
)
def test_what_a_policy_says(statements: list[dict[str, Any]], caller: str, decision: Decision) -> None:
    text = policy(*statements)
    check(text)
    assert decide(text, Caller(arn=caller), "ecr:BatchGetImage") is decision


def test_a_password_expires(sandbox: Any, dev: Any) -> None:
    assert control(sandbox, "token-lifetime", account="dev", seconds=0) == 200
    try:
        status, headers, _ = Registry(dev).call("GET", "/v2/")
        assert status == 401
        assert "www-authenticate" in lowered(headers)
    finally:
        control(sandbox, "token-lifetime", account="dev", seconds=43200)
    assert Registry(dev).call("GET", "/v2/")[0] == 200
