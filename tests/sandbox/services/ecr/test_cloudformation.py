# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::ECR::Repository: policy and exclusion filters, made, changed, removed, found to have drifted."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.stacks import Stack, att, stack_in

DEV_ROOT = "arn:aws:iam::111111111111:root"
FILTER = {"ImageTagMutabilityExclusionFilterType": "WILDCARD", "ImageTagMutabilityExclusionFilterValue": "*.sig"}


def policy(*actions: str) -> dict[str, Any]:
    allowed = {"Effect": "Allow", "Principal": {"AWS": DEV_ROOT}, "Action": list(actions)}
    return {"Version": "2012-10-17", "Statement": [allowed]}


def repository(name: str, **more: Any) -> dict[str, Any]:
    return {"Repository": {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": name, **more}}}


@pytest.fixture(scope="module")
def ecr(sandbox: Any) -> Any:
    return sandbox.client("ecr")


@pytest.fixture
def made(sandbox: Any, request: pytest.FixtureRequest) -> Iterator[Stack]:
    with stack_in(sandbox, request.node.name.split("[")[0].replace("_", "-")) as found:
        yield found


@pytest.mark.parametrize("form", [dict, json.dumps])
def test_a_repository_policy_is_made_changed_and_removed(ecr: Any, made: Stack, form: Any) -> None:
    name = f"stack-policy-{'json' if form is dict else 'text'}"
    assert made.create(repository(name, RepositoryPolicyText=form(policy("ecr:ListImages")))) == "CREATE_COMPLETE"
    assert json.loads(ecr.get_repository_policy(repositoryName=name)["policyText"]) == policy("ecr:ListImages")
    assert made.drift()["Repository"] == "IN_SYNC"
    assert made.update(repository(name, RepositoryPolicyText=form(policy("ecr:PutImage")))) == "UPDATE_COMPLETE"
    assert json.loads(ecr.get_repository_policy(repositoryName=name)["policyText"]) == policy("ecr:PutImage")
    ecr.set_repository_policy(repositoryName=name, policyText=json.dumps(policy("ecr:*")))
    assert made.drift()["Repository"] == "MODIFIED"
    assert any(path.startswith("/RepositoryPolicyText") for path in made.drifted_properties("Repository"))
    ecr.delete_repository_policy(repositoryName=name)
    assert made.drift()["Repository"] == "MODIFIED"
    assert made.update(repository(name)) == "UPDATE_COMPLETE"
    with pytest.raises(ecr.exceptions.RepositoryPolicyNotFoundException):
        ecr.get_repository_policy(repositoryName=name)
    assert made.drift()["Repository"] == "IN_SYNC"


def test_exclusion_filters_are_made_changed_and_removed(ecr: Any, made: Stack) -> None:
    def filters() -> Any:
        [found] = ecr.describe_repositories(repositoryNames=["stack-filters"])["repositories"]
        return found["imageTagMutability"], found.get("imageTagMutabilityExclusionFilters")

    excluding = {"ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "ImageTagMutabilityExclusionFilters": [FILTER]}
    assert made.create(repository("stack-filters", **excluding)) == "CREATE_COMPLETE"
    assert filters() == ("IMMUTABLE_WITH_EXCLUSION", [{"filterType": "WILDCARD", "filter": "*.sig"}])
    assert made.drift()["Repository"] == "IN_SYNC"
    other = {**FILTER, "ImageTagMutabilityExclusionFilterValue": "*.att"}
    changed = repository("stack-filters", **{**excluding, "ImageTagMutabilityExclusionFilters": [other]})
    assert made.update(changed) == "UPDATE_COMPLETE"
    assert filters()[1] == [{"filterType": "WILDCARD", "filter": "*.att"}]
    ecr.put_image_tag_mutability(repositoryName="stack-filters", imageTagMutability="IMMUTABLE")
    assert made.drift()["Repository"] == "MODIFIED"
    assert made.update(repository("stack-filters", ImageTagMutability="IMMUTABLE")) == "UPDATE_COMPLETE"
    assert filters() == ("IMMUTABLE", None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"RepositoryPolicyText": {"Version": "2012-10-17", "Statement": []}},
        {"ImageTagMutability": "IMMUTABLE", "ImageTagMutabilityExclusionFilters": [FILTER]},
        {"ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION"},
        {"LifecyclePolicy": {"LifecyclePolicyText": '{"rules": [{}]}'}},
    ],
)
def test_what_the_api_refuses_fails_the_stack(ecr: Any, made: Stack, wrong: dict[str, Any]) -> None:
    assert made.create(repository("stack-wrong", **wrong)) == "ROLLBACK_COMPLETE"
    assert "InvalidParameterException" in made.reasons()
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException):
        ecr.describe_repositories(repositoryNames=["stack-wrong"])


def test_repository(stack: Stack, sandbox: Any) -> None:
    lifecycle = json.dumps({"rules": []})
    resources = {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}}},
        "Repository": {
            "Type": "AWS::ECR::Repository",
            "Properties": {
                "RepositoryName": "properties/app",
                "ImageTagMutability": "IMMUTABLE",
                "ImageScanningConfiguration": {"ScanOnPush": True},
                "EncryptionConfiguration": {"EncryptionType": "KMS", "KmsKey": att("Key", "Arn")},
                "LifecyclePolicy": {"LifecyclePolicyText": lifecycle},
            },
        },
    }
    assert stack.create(resources, {"Uri": att("Repository", "RepositoryUri")}) == "CREATE_COMPLETE"
    ecr = sandbox.client("ecr")
    [repository] = ecr.describe_repositories(repositoryNames=["properties/app"])["repositories"]
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository["encryptionConfiguration"]["encryptionType"] == "KMS"
    assert ecr.get_lifecycle_policy(repositoryName="properties/app")["lifecyclePolicyText"] == lifecycle
    assert stack.outputs()["Uri"] == "111111111111.dkr.ecr.us-east-1.amazonaws.com/properties/app"
    assert stack.drift()["Repository"] == "IN_SYNC"
    ecr.put_image_tag_mutability(repositoryName="properties/app", imageTagMutability="MUTABLE")
    assert stack.drift()["Repository"] == "MODIFIED"
