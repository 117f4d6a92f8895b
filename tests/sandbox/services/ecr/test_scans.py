# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Scans: which images are scanned, how far a scan is, and what is said of it. What is found is what was set."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.services.ecr.registry import (
    OCI,
    Registry,
    control,
    descriptor,
    digest_of,
    image,
    index,
    manifest_digest,
    push_image,
)

HIGH = {"vulnerability": "CVE-2026-0001", "severity": "HIGH", "package": "openssl", "version": "3.0.1", "score": 7.5}
LOW = {"vulnerability": "CVE-2026-0002", "severity": "LOW", "package": "zlib", "version": "1.2"}
ALL = {"filterType": "WILDCARD", "filter": "*"}


@pytest.fixture(scope="module")
def ecr(sandbox: Any) -> Any:
    return sandbox.client("ecr")


@pytest.fixture(scope="module")
def registry(ecr: Any) -> Registry:
    return Registry(ecr)


@pytest.fixture
def name(ecr: Any, request: pytest.FixtureRequest) -> str:
    """A repository that is scanned on push."""
    made = request.node.name.split("[")[0].replace("_", "-")
    ecr.create_repository(repositoryName=made, imageScanningConfiguration={"scanOnPush": True})
    return made


@pytest.fixture
def enhanced(ecr: Any) -> Iterator[None]:
    """A registry with enhanced scanning, continuous for every repository."""
    rules = [{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [ALL]}]
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=rules)
    yield
    ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[])


def findings(ecr: Any, name: str, digest: str, **more: Any) -> Any:
    return ecr.describe_image_scan_findings(repositoryName=name, imageId={"imageDigest": digest}, **more)


def test_an_image_is_scanned_on_push_and_nothing_is_found_unless_it_was_set(
    ecr: Any, registry: Registry, name: str
) -> None:
    found = findings(ecr, name, push_image(registry, ecr, name))
    assert found["imageScanStatus"] == {"status": "COMPLETE", "description": "The scan was completed successfully."}
    assert found["imageScanFindings"]["findings"] == []
    assert found["imageScanFindings"]["findingSeverityCounts"] == {}
    assert "imageScanCompletedAt" in found["imageScanFindings"]
    assert found["imageId"].keys() == {"imageDigest"}


def test_basic_findings_have_their_shape(sandbox: Any, ecr: Any, registry: Registry, name: str) -> None:
    digest = push_image(registry, ecr, name)
    own = {"name": "CVE-1", "severity": "LOW", "uri": "https://example.org/", "attributes": []}
    assert control(sandbox, "scan-findings", repository=name, digest=digest, findings=[HIGH, LOW, own]) == 200
    found = ecr.describe_image_scan_findings(repositoryName=name, imageId={"imageTag": "1"})
    assert found["imageId"] == {"imageDigest": digest, "imageTag": "1"}
    assert found["imageScanFindings"]["findingSeverityCounts"] == {"HIGH": 1, "LOW": 2}
    high, _, given = found["imageScanFindings"]["findings"]
    assert (high["name"], high["severity"]) == ("CVE-2026-0001", "HIGH")
    assert {attribute["key"]: attribute["value"] for attribute in high["attributes"]} == {
        "package_name": "openssl",
        "package_version": "3.0.1",
        "CVSS3_SCORE": "7.5",
    }
    assert given == own


@pytest.mark.usefixtures("enhanced")
def test_enhanced_findings_have_their_shape(sandbox: Any, ecr: Any, registry: Registry, name: str) -> None:
    digest = push_image(registry, ecr, name)
    control(sandbox, "scan-findings", repository=name, findings=[{**HIGH, "fixed_in": "3.0.2"}])
    found = findings(ecr, name, digest)
    assert found["imageScanStatus"] == {"status": "ACTIVE", "description": "Continuous scan is selected for image."}
    assert "findings" not in found["imageScanFindings"]
    [finding] = found["imageScanFindings"]["enhancedFindings"]
    assert (finding["severity"], finding["status"], finding["type"]) == ("HIGH", "ACTIVE", "PACKAGE_VULNERABILITY")
    details = finding["packageVulnerabilityDetails"]
    assert details["vulnerabilityId"] == "CVE-2026-0001"
    assert [(each["name"], each["version"]) for each in details["vulnerablePackages"]] == [("openssl", "3.0.1")]
    assert finding["resources"][0]["details"]["awsEcrContainerImage"]["imageHash"] == digest
    assert found["imageScanFindings"]["findingSeverityCounts"] == {"HIGH": 1}


@pytest.mark.usefixtures("enhanced")
def test_enhanced_scans_are_not_started_by_hand(ecr: Any, registry: Registry, name: str) -> None:
    push_image(registry, ecr, name)
    with pytest.raises(ecr.exceptions.ValidationException, match="This feature is disabled"):
        ecr.start_image_scan(repositoryName=name, imageId={"imageTag": "1"})


def test_findings_come_in_pages(sandbox: Any, ecr: Any, registry: Registry, name: str) -> None:
    digest = push_image(registry, ecr, name)
    many = [{**LOW, "vulnerability": f"CVE-2026-{number:04}"} for number in range(250)]
    control(sandbox, "scan-findings", repository=name, findings=many)
    pages = [
        page["imageScanFindings"]["findings"]
        for page in ecr.get_paginator("describe_image_scan_findings").paginate(
            repositoryName=name, imageId={"imageDigest": digest}
        )
    ]
    assert [len(page) for page in pages] == [100, 100, 50]
    assert [item["name"] for page in pages for item in page] == [finding["vulnerability"] for finding in many]
    first = findings(ecr, name, digest, maxResults=249)
    assert len(findings(ecr, name, digest, maxResults=249, nextToken=first["nextToken"])["imageScanFindings"]) > 0
    assert first["imageScanFindings"]["findingSeverityCounts"] == {"LOW": 250}
    with pytest.raises(ecr.exceptions.InvalidParameterException):
        findings(ecr, name, digest, nextToken="none of ours")


def test_an_image_that_was_not_scanned_is_said_to_have_no_scan(ecr: Any, registry: Registry) -> None:
    digest = push_image(registry, ecr, "not-scanned")
    with pytest.raises(ecr.exceptions.ScanNotFoundException, match=digest):
        findings(ecr, "not-scanned", digest)
    with pytest.raises(ecr.exceptions.ImageNotFoundException):
        findings(ecr, "not-scanned", digest_of(b"none"))
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException):
        findings(ecr, "no-such-repository", digest)


def test_a_scan_is_started_once_a_day(ecr: Any, registry: Registry, name: str) -> None:
    push_image(registry, ecr, "by-hand")
    started = ecr.start_image_scan(repositoryName="by-hand", imageId={"imageTag": "1"})
    assert started["imageScanStatus"] == {"status": "IN_PROGRESS"}
    push_image(registry, ecr, name)
    for each in ("by-hand", name):
        with pytest.raises(ecr.exceptions.LimitExceededException, match="quota per image"):
            ecr.start_image_scan(repositoryName=each, imageId={"imageTag": "1"})
    with pytest.raises(ecr.exceptions.ImageNotFoundException):
        ecr.start_image_scan(repositoryName=name, imageId={"imageTag": "none"})


def test_an_index_and_an_artifact_are_not_scanned(ecr: Any, registry: Registry, name: str) -> None:
    child = push_image(registry, ecr, name, tag="child")
    artifact = image(
        artifactType="application/vnd.example.signature",
        subject=descriptor(f"{OCI}.manifest.v1+json", json.dumps(image()).encode()),
    )
    registry.push_manifest(name, "signature", artifact)
    registry.push_manifest(name, "multi", index(image()))
    assert findings(ecr, name, child)["imageScanStatus"]["status"] == "COMPLETE"
    for digest in (manifest_digest(index(image())), manifest_digest(artifact)):
        with pytest.raises(ecr.exceptions.ScanNotFoundException):
            findings(ecr, name, digest)
        with pytest.raises(ecr.exceptions.UnsupportedImageTypeException, match="cannot be scanned"):
            ecr.start_image_scan(repositoryName=name, imageId={"imageDigest": digest})


@pytest.mark.parametrize(("kind", "running"), [("basic", "IN_PROGRESS"), ("enhanced", "PENDING")])
def test_a_scan_runs_for_as_long_as_was_set(
    sandbox: Any, ecr: Any, registry: Registry, kind: str, running: str
) -> None:
    name = f"running-{kind}"
    ecr.create_repository(repositoryName=name, imageScanningConfiguration={"scanOnPush": True})
    control(sandbox, "scan-findings", repository=name, findings=[HIGH], kind=kind, delay_seconds=3600)
    digest = push_image(registry, ecr, name)
    found = findings(ecr, name, digest)
    assert found["imageScanStatus"]["status"] == running
    assert "imageScanFindings" not in found
    control(sandbox, "scan-findings", repository=name, findings=[HIGH], kind=kind, delay_seconds=0.01)
    while (found := findings(ecr, name, digest))["imageScanStatus"]["status"] == running:
        pass
    assert found["imageScanFindings"]["findingSeverityCounts"] == {"HIGH": 1}


@pytest.mark.parametrize("status", ["FAILED", "UNSUPPORTED_IMAGE", "FINDINGS_UNAVAILABLE", "SCAN_ELIGIBILITY_EXPIRED"])
def test_a_scan_can_come_to_nothing(sandbox: Any, ecr: Any, registry: Registry, status: str) -> None:
    name = status.lower().replace("_", "-")
    ecr.create_repository(repositoryName=name, imageScanningConfiguration={"scanOnPush": True})
    digest = push_image(registry, ecr, name)
    control(sandbox, "scan-findings", repository=name, status=status, description="as it was set", findings=[HIGH])
    found = findings(ecr, name, digest)
    assert found["imageScanStatus"] == {"status": status, "description": "as it was set"}
    assert "imageScanFindings" not in found
    control(sandbox, "scan-findings", repository=name, status="NONE")
    with pytest.raises(ecr.exceptions.ScanNotFoundException):
        findings(ecr, name, digest)


def test_the_registrys_rules_say_what_is_scanned(ecr: Any, registry: Registry) -> None:
    assert ecr.get_registry_scanning_configuration()["scanningConfiguration"] == {"scanType": "BASIC", "rules": []}
    only = {"filterType": "WILDCARD", "filter": "ruled-*"}
    rules = [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [only]}]
    ecr.put_registry_scanning_configuration(scanType="BASIC", rules=rules)
    try:
        scanned, other = push_image(registry, ecr, "ruled-one"), push_image(registry, ecr, "unruled")
        assert findings(ecr, "ruled-one", scanned)["imageScanStatus"]["status"] == "COMPLETE"
        with pytest.raises(ecr.exceptions.ScanNotFoundException):
            findings(ecr, "unruled", other)
        told = ecr.batch_get_repository_scanning_configuration(repositoryNames=["ruled-one", "unruled", "none"])
        assert [
            (configuration["scanFrequency"], configuration["appliedScanFilters"])
            for configuration in told["scanningConfigurations"]
        ] == [
            ("SCAN_ON_PUSH", [only]),
            ("MANUAL", []),
        ]
        assert [failure["failureCode"] for failure in told["failures"]] == ["REPOSITORY_NOT_FOUND"]
        continuous = [{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [only]}]
        with pytest.raises(ecr.exceptions.InvalidParameterException):
            ecr.put_registry_scanning_configuration(scanType="BASIC", rules=continuous)
    finally:
        ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[])


def test_changing_the_type_of_scanning_loses_the_scans(ecr: Any, registry: Registry, name: str) -> None:
    digest = push_image(registry, ecr, name)
    rules = [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{**ALL, "filter": "no-other"}]}]
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=rules)
    try:
        with pytest.raises(ecr.exceptions.ScanNotFoundException):
            findings(ecr, name, digest)
    finally:
        ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[])


def test_describe_images_tells_of_scans_only_when_asked_to(
    sandbox: Any, ecr: Any, registry: Registry, name: str
) -> None:
    push_image(registry, ecr, name)
    control(sandbox, "scan-findings", repository=name, findings=[HIGH])
    assert "imageScanStatus" not in ecr.describe_images(repositoryName=name)["imageDetails"][0]
    control(sandbox, "scan-findings", repository=name, findings=[HIGH], in_describe_images=True)
    [found] = ecr.describe_images(repositoryName=name)["imageDetails"]
    assert found["imageScanStatus"]["status"] == "COMPLETE"
    assert found["imageScanFindingsSummary"]["findingSeverityCounts"] == {"HIGH": 1}


def test_a_scan_goes_with_its_image(ecr: Any, registry: Registry, name: str) -> None:
    digest = push_image(registry, ecr, name)
    ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageDigest": digest}])
    ecr.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration={"scanOnPush": False})
    assert push_image(registry, ecr, name) == digest
    with pytest.raises(ecr.exceptions.ScanNotFoundException):
        findings(ecr, name, digest)


def test_findings_are_set_for_one_account_or_for_all(sandbox: Any, ecr: Any, registry: Registry) -> None:
    prod = sandbox.client("ecr", "prod")
    for each in (ecr, prod):
        each.create_repository(repositoryName="accounts", imageScanningConfiguration={"scanOnPush": True})
        push_image(Registry(each), each, "accounts")
    control(sandbox, "scan-findings", account="prod", repository="accounts", findings=[HIGH])
    counted = [
        each.describe_image_scan_findings(repositoryName="accounts", imageId={"imageTag": "1"})["imageScanFindings"][
            "findingSeverityCounts"
        ]
        for each in (ecr, prod)
    ]
    assert counted == [{}, {"HIGH": 1}]


@pytest.mark.parametrize(
    "asked",
    [
        {"account": "none"},
        {"digest": "latest"},
        {"repository": "../up"},
        {"findings": {}},
        {"findings": [{"vulnerability": "CVE-1", "severity": "GRAVE"}]},
        {"kind": "thorough"},
        {"status": "DONE"},
        {"delay_seconds": -1},
        {"finding": []},
    ],
)
def test_what_cannot_be_set_is_refused(sandbox: Any, asked: dict[str, Any]) -> None:
    assert control(sandbox, "scan-findings", **asked) == 400


def test_there_are_no_other_routes(sandbox: Any) -> None:
    assert control(sandbox, "no-such-route") == 404
