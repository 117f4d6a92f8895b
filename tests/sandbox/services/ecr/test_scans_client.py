# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The client of ECR's scans reads what the sandbox answers, so that a gate judges the same thing in both."""

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.scans import EcrScans
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import Scan, ScanState
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address

from sandbox import ACCOUNTS
from tests.sandbox.services.ecr.registry import Registry, control, push_image

HIGH = {"vulnerability": "CVE-2026-0001", "severity": "HIGH", "package": "openssl", "version": "3.0.1"}
PUSHED = {"scanOnPush": True}


@pytest.fixture(scope="module")
def ecr(sandbox: Any) -> Any:
    return sandbox.client("ecr")


@pytest.fixture
def pushed(ecr: Any, request: pytest.FixtureRequest) -> Address:
    """An image in a repository that is scanned on push."""
    name = request.node.name.split("[")[0].replace("_", "-")
    ecr.create_repository(repositoryName=name, imageScanningConfiguration=PUSHED)
    return Address(name, push_image(Registry(ecr), ecr, name))


@pytest.fixture
def read(ecr: Any) -> Callable[[Address], Scan]:
    return EcrScans(lambda: ecr, ACCOUNTS["dev"]).read_scan


def test_scan_of_a_clean_image(read: Any, pushed: Address) -> None:
    found = read(pushed)
    assert (found.state, found.kind, found.findings) == (ScanState.COMPLETE, "basic", ())
    assert found.completed_at is not None


def test_scan_with_findings(sandbox: Any, read: Any, pushed: Address) -> None:
    many = [{**HIGH, "vulnerability": f"CVE-2026-{number:04}"} for number in range(1500)]
    control(sandbox, "scan-findings", repository=pushed.repository, findings=many)
    found = read(pushed)
    assert [finding.vulnerability for finding in found.findings] == [finding["vulnerability"] for finding in many]
    assert {(finding.severity, finding.package, finding.package_version) for finding in found.findings} == {
        ("HIGH", "openssl", "3.0.1")
    }


def test_scan_that_runs_and_scan_that_failed(sandbox: Any, read: Any, pushed: Address) -> None:
    control(
        sandbox, "scan-findings", repository=pushed.repository, status="UNSUPPORTED_IMAGE", description="no such system"
    )
    assert read(pushed) == Scan(ScanState.FAILED, problem="UNSUPPORTED_IMAGE: no such system")
    control(sandbox, "scan-findings", repository=pushed.repository, findings=[HIGH], delay_seconds=3600)
    assert read(pushed).state is ScanState.RUNNING
    control(sandbox, "scan-findings", repository=pushed.repository, status="NONE")
    assert read(pushed) == Scan(ScanState.ABSENT)


def test_scan_of_an_image_that_is_not_there(read: Any, pushed: Address) -> None:
    assert read(Address(pushed.repository, f"sha256:{'0' * 64}")).state is ScanState.FAILED


def test_scan_of_the_enhanced_kind(sandbox: Any, ecr: Any, read: Any) -> None:
    rules = [
        {"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filterType": "WILDCARD", "filter": "enhanced-*"}]}
    ]
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=rules)
    try:
        ecr.create_repository(repositoryName="enhanced-client")
        control(sandbox, "scan-findings", repository="enhanced-client", findings=[HIGH])
        found = read(Address("enhanced-client", push_image(Registry(ecr), ecr, "enhanced-client")))
    finally:
        ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[])
    assert (found.state, found.kind) == (ScanState.COMPLETE, "enhanced")
    assert [(finding.vulnerability, finding.severity, finding.package) for finding in found.findings] == [
        ("CVE-2026-0001", "HIGH", "openssl")
    ]
