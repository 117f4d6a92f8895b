# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Lifecycle policies and what their previews say."""

import json
from typing import Any

import pytest

from sandbox.services.ecr.model.lifecycle import InvalidLifecyclePolicyError, expiring, parse
from tests.sandbox.services.ecr.registry import Registry, image, index, manifest_digest, push_image

DAY = 24 * 3600
NOW = 100.0 * DAY


def rule(priority: int, status: str, count: int, *, age: bool = False, **more: Any) -> dict[str, Any]:
    kind = {"countType": "sinceImagePushed", "countUnit": "days"} if age else {"countType": "imageCountMoreThan"}
    selection = {"tagStatus": status, **kind, "countNumber": count, **more}
    return {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}}


def policy(*rules: dict[str, Any]) -> str:
    return json.dumps({"rules": list(rules)})


def record(name: str, days: float, *tags: str) -> dict[str, Any]:
    """An image that was pushed so many days ago."""
    return {"imageDigest": name, "imageTags": list(tags), "imagePushedAt": NOW - days * DAY}


IMAGES = [
    record("old", 30),
    record("young", 1),
    record("one", 9, "1", "prod-1"),
    record("two", 8, "2"),
    record("three", 7, "prod-3"),
]


@pytest.mark.parametrize(
    ("rules", "gone"),
    [
        ([rule(1, "untagged", 14, age=True)], {"old": 1}),
        ([rule(1, "untagged", 30, age=True)], {"old": 1}),
        ([rule(1, "untagged", 31, age=True)], {}),
        ([rule(1, "untagged", 1)], {"old": 1}),
        ([rule(1, "any", 2)], {"old": 1, "one": 1, "two": 1}),
        ([rule(1, "any", 8, age=True)], {"old": 1, "one": 1, "two": 1}),
        ([rule(1, "tagged", 1, tagPrefixList=["prod"])], {"one": 1}),
        ([rule(1, "tagged", 1, tagPatternList=["prod-*"])], {"one": 1}),
        ([rule(1, "tagged", 1, tagPatternList=["*-*"])], {"one": 1}),
        ([rule(1, "tagged", 1, age=True, tagPatternList=["prod-*", "1"])], {"one": 1}),
        ([rule(1, "tagged", 1, age=True, tagPrefixList=["none"])], {}),
        # What a rule selects is its own, expired or not: those after it count it, and do not touch it.
        (
            [rule(2, "any", 1, age=True), rule(1, "tagged", 9, tagPatternList=["prod-*"])],
            {"old": 2, "two": 2, "young": 2},
        ),
        ([rule(1, "untagged", 14, age=True), rule(2, "any", 1)], {"old": 1, "one": 2, "two": 2, "three": 2}),
    ],
)
def test_rules_select_what_expires(rules: list[dict[str, Any]], gone: dict[str, int]) -> None:
    found = expiring(parse(policy(*rules)), IMAGES, {}, NOW)
    assert {item["imageDigest"]: priority for item, priority in found} == gone


def test_the_example_of_the_user_guide() -> None:
    images = [record("A", 10, "beta-1", "prod-1"), record("B", 9, "beta-2", "prod-2"), record("C", 8, "beta-3")]
    rules = [rule(1, "tagged", 1, tagPrefixList=["prod"]), rule(2, "tagged", 1, tagPrefixList=["beta"])]
    assert [item["imageDigest"] for item, _ in expiring(parse(policy(*rules)), images, {}, NOW)] == ["A"]


def test_what_an_index_names_stays_as_long_as_the_index() -> None:
    nested = [
        record("child", 30),
        record("inner", 30),
        record("outer", 30, "1"),
        record("orphan", 30),
    ]
    children = {"inner": ["child"], "outer": ["inner"]}
    rules = parse(policy(rule(1, "untagged", 1, age=True)))
    assert [item["imageDigest"] for item, _ in expiring(rules, nested, children, NOW)] == ["orphan"]
    rules = parse(policy(rule(1, "any", 1, age=True)))
    assert len(expiring(rules, nested, children, NOW)) == 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        policy({}),
        policy(rule(1, "some", 1)),
        policy(rule(1, "tagged", 1)),
        policy(rule(1, "untagged", 1, tagPrefixList=["a"])),
        policy(rule(1, "tagged", 1, tagPrefixList=["a"], tagPatternList=["b"])),
        policy(rule(1, "tagged", 1, tagPatternList=["*a*b*c*d*"])),
        policy(rule(1, "any", 0)),
        policy(rule(0, "any", 1)),
        policy(rule(1, "any", 1), rule(1, "untagged", 1)),
        policy(rule(1, "any", 1), rule(2, "untagged", 1)),
        policy({**rule(1, "any", 1), "action": {"type": "delete"}}),
        policy(rule(1, "any", 1, countUnit="days")),
        policy(rule(1, "any", 1, unknown=1)),
    ],
)
def test_what_is_no_lifecycle_policy_is_refused(text: str) -> None:
    with pytest.raises(InvalidLifecyclePolicyError, match="LifecyclePolicyText"):
        parse(text)


@pytest.fixture(scope="module")
def ecr(sandbox: Any) -> Any:
    return sandbox.client("ecr")


def finished(ecr: Any, name: str, **more: Any) -> Any:
    while (found := ecr.get_lifecycle_policy_preview(repositoryName=name, **more))["status"] == "IN_PROGRESS":
        assert "previewResults" not in found or not found["previewResults"]
    return found


def test_a_preview_says_what_would_expire_and_expires_nothing(ecr: Any) -> None:
    registry, name = Registry(ecr), "lifecycle/preview"
    child = push_image(registry, ecr, name, tag=manifest_digest(image()))
    registry.push_manifest(name, "multi", index(image()))
    with pytest.raises(ecr.exceptions.LifecyclePolicyPreviewNotFoundException):
        ecr.get_lifecycle_policy_preview(repositoryName=name)
    with pytest.raises(ecr.exceptions.LifecyclePolicyNotFoundException):
        ecr.start_lifecycle_policy_preview(repositoryName=name)
    others = [push_image(registry, ecr, name, tag=str(number), annotations={"n": str(number)}) for number in range(3)]
    text = policy(rule(1, "tagged", 1, tagPatternList=["*"]))
    ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=text)
    started = ecr.start_lifecycle_policy_preview(repositoryName=name)
    assert (started["status"], started["lifecyclePolicyText"]) == ("IN_PROGRESS", text)
    found = finished(ecr, name)
    assert found["summary"] == {"expiringImageTotalCount": 3}
    assert {result["imageDigest"] for result in found["previewResults"]} == {
        manifest_digest(index(image())),
        *others[:2],
    }
    assert {(result["action"]["type"], result["appliedRulePriority"]) for result in found["previewResults"]} == {
        ("EXPIRE", 1)
    }
    one_page = finished(ecr, name, maxResults=2)
    assert len(one_page["previewResults"]) == 2
    assert len(finished(ecr, name, nextToken=one_page["nextToken"])["previewResults"]) == 1
    assert [result["imageTags"] for result in finished(ecr, name, imageIds=[{"imageTag": "0"}])["previewResults"]] == [
        ["0"]
    ]
    assert finished(ecr, name, filter={"tagStatus": "UNTAGGED"})["previewResults"] == []
    assert len(ecr.describe_images(repositoryName=name)["imageDetails"]) == 5
    assert child in {detail["imageDigest"] for detail in ecr.describe_images(repositoryName=name)["imageDetails"]}


def test_one_preview_at_a_time(ecr: Any) -> None:
    ecr.create_repository(repositoryName="lifecycle/once")
    asked = {"repositoryName": "lifecycle/once", "lifecyclePolicyText": policy(rule(1, "untagged", 14, age=True))}
    ecr.start_lifecycle_policy_preview(**asked)
    with pytest.raises(ecr.exceptions.LifecyclePolicyPreviewInProgressException):
        ecr.start_lifecycle_policy_preview(**asked)
    assert finished(ecr, "lifecycle/once")["previewResults"] == []
    ecr.start_lifecycle_policy_preview(**asked)


def test_a_repository_made_anew_has_no_preview(ecr: Any) -> None:
    name = {"repositoryName": "lifecycle/anew"}
    ecr.create_repository(**name)
    ecr.start_lifecycle_policy_preview(**name, lifecyclePolicyText=policy(rule(1, "untagged", 14, age=True)))
    finished(ecr, name["repositoryName"])
    ecr.delete_repository(**name)
    ecr.create_repository(**name)
    with pytest.raises(ecr.exceptions.LifecyclePolicyPreviewNotFoundException):
        ecr.get_lifecycle_policy_preview(**name)


def test_a_policy_is_checked_when_it_is_put(ecr: Any) -> None:
    ecr.create_repository(repositoryName="lifecycle/checked")
    with pytest.raises(ecr.exceptions.InvalidParameterException, match="LifecyclePolicyText"):
        ecr.put_lifecycle_policy(repositoryName="lifecycle/checked", lifecyclePolicyText=policy(rule(1, "tagged", 1)))
