# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Findings in the shapes of the ECR API: basic scanning's and enhanced scanning's.

A finding that was set is either in AWS's shape already, or plain: ``vulnerability``, ``severity`` and, if wanted,
``package``, ``version``, ``fixed_in``, ``uri``, ``description``, ``score``. API model, ImageScanFinding,
EnhancedImageScanFinding.
"""

import hashlib
from collections import Counter
from typing import Any

from sandbox.ministack import responses
from sandbox.services.ecr.model.images import Record

Data = dict[str, Any]
SEVERITIES = frozenset({"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL", "UNDEFINED", "UNTRIAGED"})


def problem(finding: Any) -> str | None:
    """What is wrong with a finding that is to be set."""
    if not isinstance(finding, dict):
        return "a finding is a JSON object"
    if finding.get("severity") not in SEVERITIES:
        return f"severity is {finding.get('severity')!r}: it must be one of {', '.join(sorted(SEVERITIES))}"
    return None


def counts(findings: tuple[Data, ...]) -> dict[str, int]:
    """How many there are of each severity."""
    return dict(Counter(finding["severity"] for finding in findings))


def basic(finding: Data) -> Data:
    """An ImageScanFinding."""
    if "vulnerability" not in finding:
        return finding
    attributes = {
        "package_name": finding.get("package"),
        "package_version": finding.get("version"),
        "CVSS3_SCORE": finding.get("score"),
    }
    return {
        "name": finding["vulnerability"],
        "description": finding.get("description", ""),
        "uri": finding.get("uri", f"https://nvd.nist.gov/vuln/detail/{finding['vulnerability']}"),
        "severity": finding["severity"],
        "attributes": [{"key": key, "value": str(value)} for key, value in attributes.items() if value is not None],
    }


def enhanced(finding: Data, repository: str, record: Record, seen_at: float) -> Data:
    """An EnhancedImageScanFinding of an image, first and last observed at `seen_at`."""
    if "vulnerability" not in finding:
        return finding
    account, name, package = responses.get_account_id(), finding["vulnerability"], finding.get("package", "")
    mark = hashlib.md5(f"{account}/{repository}/{record['imageDigest']}/{name}/{package}".encode()).hexdigest()  # noqa: S324 - a name
    score = {} if finding.get("score") is None else {"score": float(finding["score"])}
    return {
        "awsAccountId": account,
        "description": finding.get("description", ""),
        "findingArn": f"arn:aws:inspector2:{responses.get_region()}:{account}:finding/{mark}",
        "firstObservedAt": seen_at,
        "lastObservedAt": seen_at,
        "updatedAt": seen_at,
        "packageVulnerabilityDetails": _details(finding),
        "remediation": {"recommendation": {"text": "None Provided"}},
        "resources": [_resource(repository, record)],
        **score,
        "severity": finding["severity"],
        "status": "ACTIVE",
        "title": f"{name} - {package}",
        "type": "PACKAGE_VULNERABILITY",
        "fixAvailable": "YES" if finding.get("fixed_in") else "NO",
    }


def _details(finding: Data) -> Data:
    fixed = {"fixedInVersion": finding["fixed_in"]} if finding.get("fixed_in") else {}
    package = {"name": finding.get("package", ""), "version": finding.get("version", ""), "epoch": 0, **fixed}
    return {
        "vulnerabilityId": finding["vulnerability"],
        "source": "NVD",
        "sourceUrl": finding.get("uri", f"https://nvd.nist.gov/vuln/detail/{finding['vulnerability']}"),
        "vendorSeverity": finding["severity"],
        "cvss": [],
        "referenceUrls": [],
        "relatedVulnerabilities": [],
        "vulnerablePackages": [package] if finding.get("package") else [],
    }


def _resource(repository: str, record: Record) -> Data:
    account = responses.get_account_id()
    image = {
        "imageHash": record["imageDigest"],
        "imageTags": list(record["imageTags"]),
        "pushedAt": record["imagePushedAt"],
        "registry": account,
        "repositoryName": repository,
    }
    return {
        "details": {"awsEcrContainerImage": image},
        "id": f"arn:aws:ecr:{responses.get_region()}:{account}:repository/{repository}/{record['imageDigest']}",
        "type": "AWS_ECR_CONTAINER_IMAGE",
    }
