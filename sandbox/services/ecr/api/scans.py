# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The scan actions of the ECR API.

AWS: API reference DescribeImageScanFindings, StartImageScan, PutRegistryScanningConfiguration,
GetRegistryScanningConfiguration, BatchGetRepositoryScanningConfiguration; ECR User Guide, basic and enhanced scanning.
"""

import time
from typing import Any

from sandbox.host import Sandbox
from sandbox.ministack import ecr, responses
from sandbox.services.ecr.api.dispatch import Action
from sandbox.services.ecr.api.images import Answer, Data, failure, image_not_found, in_repository
from sandbox.services.ecr.model import findings, images, scans, state
from sandbox.services.ecr.model.scans import Preparations, Scan

_PAGE, _LARGEST_PAGE = 100, 1000
_FREQUENCIES = {
    scans.BASIC: frozenset({"SCAN_ON_PUSH", "MANUAL"}),
    scans.ENHANCED: frozenset({"SCAN_ON_PUSH", "CONTINUOUS_SCAN"}),
}


def actions(preparations: Preparations, sandbox: Sandbox) -> dict[str, Action]:
    """The handlers by the name of their action."""
    return {
        "DescribeImageScanFindings": in_repository(lambda data: _describe_findings(data, preparations)),
        "StartImageScan": in_repository(lambda data: _start(data, preparations, sandbox.scaled(scans.DAY_SECONDS))),
        "PutRegistryScanningConfiguration": _put_configuration,
        "GetRegistryScanningConfiguration": _get_configuration,
        "BatchGetRepositoryScanningConfiguration": _repository_configurations,
    }


def details(preparations: Preparations, repository: str, record: images.Record) -> Data:
    """The members of ImageDetail about the scan.

    Documented: the present basic scanning does not use them; they are left out unless they were asked for.
    """
    scan = scans.current(preparations, repository, record)
    if scan is None or not scan.in_describe_images:
        return {}
    summary = {"imageScanFindingsSummary": _summary(scan)} if scan.status in scans.FOUND else {}
    return {"imageScanStatus": _status(scan), **summary}


def _describe_findings(data: Data, preparations: Preparations) -> Answer:
    name = data["repositoryName"]
    first, size = data.get("nextToken") or "0", int(data.get("maxResults") or _PAGE)
    if not first.isdigit() or not 1 <= size <= _LARGEST_PAGE:
        return failure(
            "InvalidParameterException",
            f"Invalid parameter: nextToken must be one that was answered, maxResults between 1 and {_LARGEST_PAGE}",
        )
    record = images.named(name, data.get("imageId") or {})
    if record is None:
        return image_not_found(name, data.get("imageId") or {})
    scan = scans.current(preparations, name, record)
    if scan is None:
        return failure(
            "ScanNotFoundException",
            f"Image scan does not exist for the image with '{_shown(data, record)}' in the repository with name "
            f"'{name}' in the registry with id '{responses.get_account_id()}'",
        )
    found, more = _page(scan, name, record, int(first), size)
    answer = {**_head(data, record), "imageScanStatus": _status(scan), **found, **more}
    return responses.json_response(answer)  # type: ignore[no-any-return]


def _page(scan: Scan, name: str, record: images.Record, first: int, size: int) -> tuple[Data, Data]:
    """The findings from `first` on, and the token of the next page."""
    if scan.status not in scans.FOUND:
        return {}, {}
    chosen = scan.findings[first : first + size]
    if scan.kind == scans.BASIC:
        listed = {"findings": [findings.basic(finding) for finding in chosen]}
    else:
        listed = {
            "enhancedFindings": [findings.enhanced(finding, name, record, scan.completed_at) for finding in chosen]
        }
    more = {"nextToken": str(first + size)} if len(scan.findings) > first + size else {}
    return {"imageScanFindings": {**listed, **_summary(scan)}}, more


def _summary(scan: Scan) -> Data:
    return {
        "imageScanCompletedAt": scan.completed_at,
        "vulnerabilitySourceUpdatedAt": scan.completed_at,
        "findingSeverityCounts": findings.counts(scan.findings),
    }


def _status(scan: Scan) -> Data:
    return {"status": scan.status, **({"description": scan.description} if scan.description else {})}


def _head(data: Data, record: images.Record) -> Data:
    tag = {"imageTag": data["imageId"]["imageTag"]} if data["imageId"].get("imageTag") else {}
    return {
        "registryId": responses.get_account_id(),
        "repositoryName": data["repositoryName"],
        "imageId": {"imageDigest": record["imageDigest"], **tag},
    }


def _shown(data: Data, record: images.Record) -> str:
    return f"{{imageDigest:'{record['imageDigest']}', imageTag:'{data['imageId'].get('imageTag', 'null')}'}}"


def _start(data: Data, preparations: Preparations, every_seconds: float) -> Answer:
    name = data["repositoryName"]
    if scans.configuration()["scanType"] == scans.ENHANCED:
        return failure("ValidationException", "This feature is disabled")
    record = images.named(name, data.get("imageId") or {})
    if record is None:
        return image_not_found(name, data.get("imageId") or {})
    if not scans.is_scannable(record):
        known = state.of_image(record)
        kind = record["imageManifestMediaType"] if known.children else known.artifact_type
        return failure(
            "UnsupportedImageTypeException",
            f"An artifact with media type '{kind}' cannot be scanned. For more information, see the Amazon ECR "
            "documentation.",
        )
    began = scans.begun_at(name, record)
    if began is not None and time.time() < began + every_seconds:
        return failure("LimitExceededException", "The scan quota per image has been exceeded. Wait and try again.")
    scans.begin(name, record)
    scan = scans.current(preparations, name, record)
    status = {"status": scan.status if scan and scan.status in scans.RUNNING else "IN_PROGRESS"}
    return responses.json_response({**_head(data, record), "imageScanStatus": status})  # type: ignore[no-any-return]


def _put_configuration(data: Data) -> Answer:
    scan_type, rules = data.get("scanType") or scans.BASIC, data.get("rules") or []
    if scan_type not in _FREQUENCIES:
        return failure("InvalidParameterException", f"Invalid parameter at 'scanType': {scan_type!r}")
    frequencies = [rule.get("scanFrequency") for rule in rules]
    if set(frequencies) - _FREQUENCIES[scan_type] or len(frequencies) != len(set(frequencies)):
        return failure(
            "InvalidParameterException",
            f"Invalid parameter at 'rules': {scan_type} scanning takes a rule for each of "
            f"{', '.join(sorted(_FREQUENCIES[scan_type]))} at most, not {frequencies}",
        )
    scans.configure(scan_type, rules)
    return responses.json_response({"registryScanningConfiguration": scans.configuration()})  # type: ignore[no-any-return]


def _get_configuration(_data: Data) -> Answer:
    answer = {"registryId": responses.get_account_id(), "scanningConfiguration": scans.configuration()}
    return responses.json_response(answer)  # type: ignore[no-any-return]


def _repository_configurations(data: Data) -> Answer:
    configurations: list[Data] = []
    failures: list[dict[str, Any]] = []
    for name in data.get("repositoryNames") or []:
        repository = ecr._repositories.get(name)
        if repository is None:
            reason = f"The repository with name '{name}' does not exist"
            failures.append({"repositoryName": name, "failureCode": "REPOSITORY_NOT_FOUND", "failureReason": reason})
            continue
        frequency, filters = scans.frequency(name)
        configurations.append(
            {
                "repositoryArn": repository["repositoryArn"],
                "repositoryName": name,
                "scanOnPush": frequency != "MANUAL",
                "scanFrequency": frequency,
                "appliedScanFilters": filters,
            }
        )
    return responses.json_response({"scanningConfigurations": configurations, "failures": failures})  # type: ignore[no-any-return]
