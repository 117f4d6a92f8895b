# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Vulnerability scans: which images are scanned when, and how far a scan is. Nothing is really scanned.

AWS: ECR User Guide, "Scan images for software vulnerabilities"; API reference StartImageScan, ImageScanStatus. What a
scan finds is what was set with the sandbox's own route (see `api.control`), and nothing unless something was.
"""

import fnmatch
import time
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.ministack import ecr, responses
from sandbox.services.ecr.model import state

Data = dict[str, Any]
Record = dict[str, Any]
"""An image, see `images`."""
BASIC, ENHANCED = "BASIC", "ENHANCED"
DAY_SECONDS = 24 * 3600
NONE = "NONE"
"""A status of the sandbox's own: as if the image had never been scanned."""
RUNNING = frozenset({"PENDING", "IN_PROGRESS"})
FOUND = frozenset({"COMPLETE", "ACTIVE"})
"""The statuses that come with findings."""
_SCANNED_TYPES = frozenset(
    {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
)
_DESCRIPTIONS = {
    "COMPLETE": "The scan was completed successfully.",
    "ACTIVE": "Continuous scan is selected for image.",
}
_configurations = responses.AccountRegionScopedDict()
_scans = responses.AccountRegionScopedDict()


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What a scan will find. Empty texts: as the registry's settings have it."""

    findings: tuple[Data, ...] = ()
    kind: str = ""
    status: str = ""
    description: str = ""
    delay_seconds: float = 0.0
    in_describe_images: bool = False
    set_at: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Scan:
    """A scan as it stands now. `kind` is BASIC or ENHANCED; times are epoch seconds."""

    kind: str
    status: str
    description: str
    findings: tuple[Data, ...]
    completed_at: float
    in_describe_images: bool


@dataclass
class Preparations:
    """What was set, by account, repository and digest; ``*`` stands for any repository or digest."""

    _set: dict[tuple[str, str, str], Prepared] = field(default_factory=dict)

    def put(self, account: str, repository: str, digest: str, prepared: Prepared) -> None:
        """Set it; running scans begin their delay again."""
        self._set[account, repository, digest] = replace(prepared, set_at=time.time())

    def forget(self) -> None:
        """Drop everything."""
        self._set.clear()
        _configurations.clear()
        _scans.clear()

    def of(self, repository: str, digest: str) -> Prepared:
        """The most precise setting for an image of the current account."""
        account = responses.get_account_id()
        for key in ((repository, digest), (repository, "*"), ("*", digest), ("*", "*")):
            if found := self._set.get((account, *key)):
                return found
        return Prepared()


def configuration() -> Data:
    """The registry's scanning configuration."""
    return _configurations.get("") or {"scanType": BASIC, "rules": []}


def configure(scan_type: str, rules: list[Data]) -> None:
    """Replace it. Documented: scans of the other type are no longer available; continuous ones begin by themselves."""
    if scan_type != configuration()["scanType"]:
        for key in list(_scans):
            _scans.pop(key, None)
    _configurations[""] = {"scanType": scan_type, "rules": rules}
    for name in list(ecr._repositories):
        if frequency(name)[0] == "CONTINUOUS_SCAN":
            for record in list(ecr._images.get(name) or []):
                pushed(name, record)


def frequency(repository: str) -> tuple[str, list[Data]]:
    """How often the repository's images are scanned, and the filters that say so."""
    for wanted in ("CONTINUOUS_SCAN", "SCAN_ON_PUSH"):
        for rule in configuration()["rules"]:
            filters = [item for item in rule.get("repositoryFilters") or [] if _matches(item["filter"], repository)]
            if rule["scanFrequency"] == wanted and filters:
                return wanted, filters
    own = ecr._repositories[repository].get("imageScanningConfiguration") or {}
    if configuration()["scanType"] == BASIC and own.get("scanOnPush"):
        return "SCAN_ON_PUSH", []
    return "MANUAL", []


def _matches(wanted: str, repository: str) -> bool:
    """Documented: a filter without a wildcard matches every name that contains it."""
    return fnmatch.fnmatchcase(repository, wanted if "*" in wanted else f"*{wanted}*")


def is_scannable(record: Record) -> bool:
    """Whether the image is of a type that is scanned: an index is not, nor is an artifact."""
    known = state.of_image(record)
    return known.artifact_type in _SCANNED_TYPES and not known.children


def pushed(repository: str, record: Record) -> None:
    """Scan what was pushed, when the settings say so."""
    if is_scannable(record) and frequency(repository)[0] != "MANUAL":
        begin(repository, record)


def begin(repository: str, record: Record) -> None:
    """Start a scan now."""
    _scans[repository, record["imageDigest"]] = time.time()


def begun_at(repository: str, record: Record) -> float | None:
    """When the image's last scan began."""
    found: float | None = _scans.get((repository, record["imageDigest"]))
    return found


def dropped(repository: str, digest: str | None = None) -> None:
    """Forget the scans of an image, or of all images of a repository."""
    for key in list(_scans):
        if key[0] == repository and digest in (None, key[1]):
            _scans.pop(key, None)


def current(preparations: Preparations, repository: str, record: Record) -> Scan | None:
    """The image's scan as it stands; None when there is none."""
    began = begun_at(repository, record)
    prepared = preparations.of(repository, record["imageDigest"])
    if began is None or prepared.status == NONE:
        return None
    kind = prepared.kind or configuration()["scanType"]
    completed_at = max(began, prepared.set_at) + prepared.delay_seconds
    ended = "ACTIVE" if kind == ENHANCED and frequency(repository)[0] != "SCAN_ON_PUSH" else "COMPLETE"
    status = prepared.status or ended
    if time.time() < completed_at:
        status = "PENDING" if kind == ENHANCED else "IN_PROGRESS"
    known = prepared.description if status == prepared.status else ""
    return Scan(
        kind=kind,
        status=status,
        description=known or _DESCRIPTIONS.get(status, ""),
        findings=prepared.findings if status in FOUND else (),
        completed_at=completed_at if prepared.delay_seconds else began,
        in_describe_images=prepared.in_describe_images,
    )
