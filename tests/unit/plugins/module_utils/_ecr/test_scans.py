# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""ECR's scans against answers that botocore's own model has checked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.scans import EcrScans, NoScans
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import Finding, Scan, ScanState
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    CredentialsError,
    OperationError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from botocore.stub import Stubber

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DIGEST = "sha256:" + "a" * 64
REQUEST = {
    "registryId": "111111111111",
    "repositoryName": "web",
    "imageId": {"imageDigest": DIGEST},
    "maxResults": 1000,
}
BASIC = {
    "name": "CVE-2026-1",
    "severity": "HIGH",
    "uri": "https://cve.example/1",
    "attributes": [{"key": "package_name", "value": "openssl"}, {"key": "package_version", "value": "3.0.1"}],
}


def answer(status: str, findings: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    block = {"imageScanFindings": findings} if findings is not None else {}
    return {"imageScanStatus": {"status": status}, **block, **more}


def read(*answers: dict[str, Any]) -> Scan:
    client = boto3.client("ecr", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stubber:
        token: dict[str, Any] = {}
        for item in answers:
            stubber.add_response("describe_image_scan_findings", item, {**REQUEST, **token})
            token = {"nextToken": item["nextToken"]} if "nextToken" in item else {}
        found = EcrScans(lambda: client, "111111111111").read_scan(Address("web", DIGEST))
        stubber.assert_no_pending_responses()
    return found


def refused(code: str, status: int = 400) -> Scan:
    client = boto3.client("ecr", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stubber:
        stubber.add_client_error("describe_image_scan_findings", code, "no", status)
        try:
            return EcrScans(lambda: client).read_scan(Address("web", DIGEST))
        finally:
            stubber.assert_no_pending_responses()


def test_a_basic_scan() -> None:
    block = {"findings": [BASIC], "imageScanCompletedAt": NOW, "findingSeverityCounts": {"HIGH": 1}}
    assert read(answer("COMPLETE", block)) == Scan(
        ScanState.COMPLETE,
        "basic",
        (Finding("CVE-2026-1", "HIGH", "openssl", "3.0.1", "https://cve.example/1"),),
        NOW,
    )


def test_all_pages_are_read() -> None:
    counts = {"findingSeverityCounts": {"HIGH": 2}}
    first = answer("COMPLETE", {"findings": [BASIC], **counts}, nextToken="2")
    second = answer("COMPLETE", {"findings": [BASIC | {"name": "CVE-2026-2"}], **counts})
    assert [finding.vulnerability for finding in read(first, second).findings] == ["CVE-2026-1", "CVE-2026-2"]


def enhanced(**changes: Any) -> dict[str, Any]:
    return {
        "severity": "CRITICAL",
        "status": "ACTIVE",
        "title": "CVE-2026-3 - openssl",
        "type": "PACKAGE_VULNERABILITY",
        "fixAvailable": "YES",
        "packageVulnerabilityDetails": {
            "vulnerabilityId": "CVE-2026-3",
            "sourceUrl": "https://cve.example/3",
            "vulnerablePackages": [
                {"name": "libssl3", "version": "3.0", "fixedInVersion": "3.0.2"},
                {"name": "openssl", "version": "3.0", "fixedInVersion": "NotAvailable"},
            ],
        },
        **changes,
    }


def test_an_enhanced_scan_goes_on_and_counts_what_is_open() -> None:
    closed = [enhanced(status=status) for status in ("CLOSED", "FIXED", "SUPPRESSED")]
    block = {"enhancedFindings": [enhanced(), *closed], "findingSeverityCounts": {"CRITICAL": 4}}
    assert read(answer("ACTIVE", block)) == Scan(
        ScanState.COMPLETE,
        "enhanced",
        (Finding("CVE-2026-3", "CRITICAL", "libssl3, openssl", "3.0", "https://cve.example/3", "3.0.2"),),
    )


def test_a_finding_that_says_little_still_counts() -> None:
    bare = read(answer("ACTIVE", {"enhancedFindings": [{"title": "a secret in a layer"}]}))
    assert bare.findings == (Finding("a secret in a layer", "UNDEFINED"),)
    assert read(answer("COMPLETE", {"findings": [{}]})).findings == (Finding("", "UNDEFINED"),)


@pytest.mark.parametrize("status", ["COMPLETE", "ACTIVE"])
def test_a_complete_scan_without_a_list_is_not_an_empty_one(status: str) -> None:
    assert read(answer(status)).state is ScanState.FAILED
    assert read(answer(status, {"findings": []})) == Scan(ScanState.COMPLETE, "basic")


def test_a_list_that_is_shorter_than_its_counts_is_not_believed() -> None:
    found = read(answer("COMPLETE", {"findings": [BASIC], "findingSeverityCounts": {"HIGH": 1, "CRITICAL": 2}}))
    assert (found.state, found.findings) == (ScanState.FAILED, ())
    assert "findings are missing" in found.problem


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("IN_PROGRESS", ScanState.RUNNING),
        ("PENDING", ScanState.RUNNING),
        ("FAILED", ScanState.FAILED),
        ("UNSUPPORTED_IMAGE", ScanState.FAILED),
        ("SCAN_ELIGIBILITY_EXPIRED", ScanState.FAILED),
        ("FINDINGS_UNAVAILABLE", ScanState.FAILED),
        ("LIMIT_EXCEEDED", ScanState.FAILED),
        ("SOMETHING_NEW", ScanState.FAILED),
        ("", ScanState.FAILED),
    ],
)
def test_only_a_finished_scan_is_complete(status: str, state: ScanState) -> None:
    found = read(answer(status, {"findings": []}))
    assert (found.state, found.problem) == (state, status)
    # A scan that starts again between two pages.
    assert read(answer("COMPLETE", {"findings": []}, nextToken="2"), answer(status, {"findings": []})).state is state


def test_ecrs_own_words_are_kept() -> None:
    status = {"status": "UNSUPPORTED_IMAGE", "description": "The operating system 'scratch' is not supported."}
    found = read({"imageScanStatus": status})
    assert found.problem == "UNSUPPORTED_IMAGE: The operating system 'scratch' is not supported."


def test_an_answer_without_a_status_is_not_a_pass() -> None:
    assert read({"imageScanFindings": {"findings": []}}).state is ScanState.FAILED


def test_an_image_that_was_never_scanned() -> None:
    assert refused("ScanNotFoundException") == Scan(ScanState.ABSENT)


def test_an_image_that_ecr_does_not_have() -> None:
    assert refused("ImageNotFoundException").state is ScanState.FAILED


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("RepositoryNotFoundException", 400, OperationError),
        ("AccessDeniedException", 400, OperationError),
        ("ExpiredTokenException", 400, CredentialsError),
        ("ThrottlingException", 400, UnavailableError),
        ("ServerException", 500, UnavailableError),
    ],
)
def test_what_cannot_be_asked_is_an_error(code: str, status: int, error: type[Exception]) -> None:
    with pytest.raises(error, match=f"read the scan of web@{DIGEST}"):
        refused(code, status)


def test_pages_without_an_end_are_not_read_for_ever() -> None:
    endless = [answer("COMPLETE", {"findings": []}, nextToken=f"page {number}") for number in range(101)]
    with pytest.raises(OperationError, match="more than 100 pages"):
        read(*endless)


def test_another_registry_has_no_scans() -> None:
    with pytest.raises(OperationError, match=r"registry\.example is not ECR"):
        NoScans("registry.example").read_scan(Address("web", DIGEST))
