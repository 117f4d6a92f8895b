# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECR's vulnerability scans, basic and enhanced, through boto3."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from .._aws.api import ApiRefusedError, AwsClient
from .._errors import OperationError
from .values import Finding, Scan, ScanState

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._oci.names import Address

#: As in DescribeImageScanFindings' `imageScanStatus`. ACTIVE is enhanced scanning that goes on after a first result.
_STATES = {
    "COMPLETE": ScanState.COMPLETE,
    "ACTIVE": ScanState.COMPLETE,
    "IN_PROGRESS": ScanState.RUNNING,
    "PENDING": ScanState.RUNNING,
}
_NOT_COUNTED = frozenset({"CLOSED", "FIXED", "SUPPRESSED"})
#: What Inspector calls the version with a fix when there is none.
_NO_FIX = "NotAvailable"
_PAGE_SIZE = 1000
#: A hundred thousand findings of one image are not read: something else is wrong then.
_PAGES = 100


class EcrScans(AwsClient):
    """The scans of one account's registry and one region. *account* empty is the credentials' own."""

    label = "ECR"

    def __init__(self, connect: Callable[[], Any], account: str = "") -> None:
        super().__init__(connect)
        self._account = account

    def read_scan(self, image: Address) -> Scan:
        """The scan of an image manifest, all pages of findings."""
        try:
            pages = self._read_pages(image)
        except ApiRefusedError as error:
            if error.code == "ScanNotFoundException":
                return Scan(ScanState.ABSENT)
            if error.code == "ImageNotFoundException":
                return Scan(ScanState.FAILED, problem=f"ECR has no image {image.reference} in {image.repository}")
            raise
        for page in pages:
            status = page.get("imageScanStatus", {})
            state = _STATES.get(status.get("status", ""), ScanState.FAILED)
            if state is not ScanState.COMPLETE:
                return Scan(state, problem=_problem(status))
        return _read_findings([page.get("imageScanFindings") for page in pages])

    def _read_pages(self, image: Address) -> list[Any]:
        attempted = f"read the scan of {image}"
        account = {"registryId": self._account} if self._account else {}
        found: list[Any] = []
        for page in self._pages(
            attempted,
            "describe_image_scan_findings",
            repositoryName=image.repository,
            imageId={"imageDigest": image.reference},
            maxResults=_PAGE_SIZE,
            **account,
        ):
            found.append(page)
            if len(found) > _PAGES:
                raise OperationError(
                    f"Tried to {attempted}, but ECR gave more than {_PAGES} pages of findings. Look at the image's "
                    "scan in ECR; it is not judged like this."
                )
        return found


class NoScans:
    """The scans of a registry that is not ECR: there are none that could be read."""

    def __init__(self, host: str) -> None:
        self._host = host

    def read_scan(self, image: Address) -> Scan:
        """Raises `OperationError`."""
        raise OperationError(
            f"Tried to read the scan of {image}, but {self._host} is not ECR, and only ECR is asked for "
            "scans. Promote from ECR, or set the gate `vulnerabilities` to warn or off."
        )


def _problem(status: Any) -> str:
    return ": ".join(text for text in (status.get("status", ""), status.get("description", "")) if text)


def _read_findings(blocks: list[Any]) -> Scan:
    if any(block is None for block in blocks):
        return Scan(ScanState.FAILED, problem="ECR calls it complete and gives no findings, not even an empty list")
    basic = [finding for block in blocks for finding in block.get("findings", [])]
    enhanced = [finding for block in blocks for finding in block.get("enhancedFindings", [])]
    counts = blocks[0].get("findingSeverityCounts", {})
    listed = Counter(finding.get("severity", "") for finding in basic)
    if not enhanced and any(count > listed[severity] for severity, count in counts.items()):
        seen = f"ECR counts {counts} and lists {dict(listed)}"
        return Scan(ScanState.FAILED, problem=f"{seen}: findings are missing")
    findings = [_read_basic(finding) for finding in basic]
    findings += [_read_enhanced(finding) for finding in enhanced if finding.get("status") not in _NOT_COUNTED]
    return Scan(
        ScanState.COMPLETE,
        kind="enhanced" if "enhancedFindings" in blocks[0] else "basic",
        findings=tuple(findings),
        completed_at=blocks[0].get("imageScanCompletedAt"),
    )


def _read_basic(finding: Any) -> Finding:
    attributes = {pair["key"]: pair.get("value", "") for pair in finding.get("attributes", [])}
    return Finding(
        vulnerability=finding.get("name", ""),
        severity=finding.get("severity", "UNDEFINED").upper(),
        package=attributes.get("package_name", ""),
        package_version=attributes.get("package_version", ""),
        uri=finding.get("uri", ""),
    )


def _read_enhanced(finding: Any) -> Finding:
    details = finding.get("packageVulnerabilityDetails", {})
    listed = details.get("vulnerablePackages", [])
    packages = {package.get("name", ""): package.get("version", "") for package in listed}
    fixes = dict.fromkeys(package.get("fixedInVersion", _NO_FIX) for package in listed)
    return Finding(
        vulnerability=details.get("vulnerabilityId") or finding.get("title", ""),
        severity=finding.get("severity", "UNDEFINED").upper(),
        package=", ".join(packages),
        package_version=", ".join(dict.fromkeys(packages.values())),
        uri=details.get("sourceUrl", ""),
        fixed_in=", ".join(fix for fix in fixes if fix != _NO_FIX),
    )
