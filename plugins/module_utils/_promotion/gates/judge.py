# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gate on vulnerabilities, and the one on signatures: from what was seen to a result. Pure.

Both fail closed: whatever is not known to be inside the limits does not pass.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..._common.verdict import Verdict, combine
from ..._ecr.values import ScanState
from ..._release.promotion import GateResult
from .model import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from ..._ecr.values import Finding, Scan
    from .model import AllowedFinding, SignatureCheck, SignaturePolicy, VulnerabilityPolicy

#: What a message names at most; the rest is counted.
_NAMED = 10

_NEXT = {
    ScanState.RUNNING: "raise wait_seconds, or run again when it has ended",
    ScanState.ABSENT: "start one (`aws ecr start-image-scan`), or switch on scan-on-push or enhanced scanning for the "
    "source repository",
    ScanState.FAILED: "look at the image in ECR, start a scan again, or switch on enhanced scanning, which knows more "
    "kinds of images",
}


@dataclass(frozen=True, slots=True)
class ImageScan:
    """The scan of one platform's image. ``scan`` is None when it could not be asked for; ``problem`` says why."""

    image: str
    scan: Scan | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Judged:
    verdict: Verdict
    seen: str


def assess_vulnerabilities(
    policy: VulnerabilityPolicy, scans: tuple[ImageScan, ...], *, today: date, subject: str
) -> GateResult:
    """The result for an image whose platforms' scans are *scans*, on the day *today* (UTC)."""
    active = tuple(entry for entry in policy.allow if entry.reason.strip() and entry.expires >= today)
    judged = [_judge(policy, active, scan) for scan in scans]
    # A platform that passes says little beside one that does not.
    shown = sorted(judged, key=lambda one: one.verdict is Verdict.HEALTHY)
    parts = [one.seen for one in shown[:_NAMED]] or ["there is no image in it that could be scanned"]
    if len(shown) > _NAMED:
        parts.append(f"and {len(shown) - _NAMED} more images")
    return GateResult(
        gate="vulnerabilities",
        mode=policy.mode,
        verdict=combine(one.verdict for one in judged),
        seen="; ".join(parts + _entries_to_mention(policy.allow, active, scans, today)),
        expected=_expected_findings(policy),
        subject=subject,
    )


def _expected_findings(policy: VulnerabilityPolicy) -> str:
    limits = ", ".join(f"{severity} at most {count}" for severity, count in policy.maximum)
    return f"a complete scan of each platform's image; findings: {limits or 'any number'}"


def _judge(policy: VulnerabilityPolicy, active: tuple[AllowedFinding, ...], one: ImageScan) -> _Judged:
    scan = one.scan
    if scan is None:
        return _Judged(Verdict.ERROR, f"{one.image}: the scan could not be read: {one.problem}")
    if scan.state is not ScanState.COMPLETE:
        verdict = Verdict.ERROR if scan.state is ScanState.FAILED else Verdict.INCONCLUSIVE
        return _Judged(verdict, f"{one.image}: {_unfinished(scan)}; {_NEXT[scan.state]}")
    strange = sorted({finding.severity for finding in scan.findings} - set(SEVERITIES))
    if strange:
        names = _list(repr(name[:40]) for name in strange)
        return _Judged(Verdict.INCONCLUSIVE, f"{one.image}: findings of a severity that is not known: {names}")
    counted = [finding for finding in scan.findings if not is_allowed(finding, active)]
    counts = Counter(finding.severity for finding in counted)
    over = {severity for severity, most in policy.maximum if counts[severity] > most}
    return _Judged(Verdict.UNHEALTHY if over else Verdict.HEALTHY, _found(one.image, scan, counted, over))


def _unfinished(scan: Scan) -> str:
    if scan.state is ScanState.RUNNING:
        return f"its scan is still running{f' ({scan.problem})' if scan.problem else ''}"
    if scan.state is ScanState.ABSENT:
        return f"it has not been scanned{f' ({scan.problem})' if scan.problem else ''}"
    return f"its scan failed ({scan.problem or 'no reason was given'})"


def _found(image: str, scan: Scan, counted: list[Finding], over: set[str]) -> str:
    counts = Counter(finding.severity for finding in counted)
    text = ", ".join(f"{severity} {counts[severity]}" for severity in SEVERITIES if counts[severity]) or "no findings"
    allowed = len(scan.findings) - len(counted)
    when = f" (scanned {scan.completed_at:%Y-%m-%d})" if scan.completed_at else ""
    text = f"{image}: {text}{f', {allowed} allowed' if allowed else ''}{when}"
    if not over:
        return text
    named = _list(_name(finding) for finding in counted if finding.severity in over)
    return f"{text}, over the limit for {_list(sorted(over, key=SEVERITIES.index))}: {named}"


def _name(finding: Finding) -> str:
    package = f" in {finding.package[:80]} {finding.package_version[:40]}".rstrip() if finding.package else ""
    fixed = f" (fixed in {finding.fixed_in[:40]})" if finding.fixed_in else ""
    return f"{finding.vulnerability[:60]}{package}{fixed}"


def is_allowed(finding: Finding, entries: tuple[AllowedFinding, ...]) -> bool:
    """Whether *entries* let the finding through. One in several packages is allowed when each of them is."""
    return all(
        any(entry.vulnerability == finding.vulnerability != "" and entry.package in ("", package) for entry in entries)
        for package in packages(finding)
    )


def packages(finding: Finding) -> tuple[str, ...]:
    """The packages of a finding; ECR's enhanced findings name several, which stand here with ``, `` between them."""
    return tuple(finding.package.split(", "))


def _entries_to_mention(
    entries: tuple[AllowedFinding, ...],
    active: tuple[AllowedFinding, ...],
    scans: tuple[ImageScan, ...],
    today: date,
) -> list[str]:
    findings = [finding for one in scans if one.scan for finding in one.scan.findings]
    expired = [entry for entry in entries if entry.expires < today]
    silent = [entry for entry in entries if not entry.reason.strip()]
    idle = [entry for entry in active if not any(_touches(entry, finding) for finding in findings)]
    said = (
        ("expired and not applied", [f"{_entry(entry)} (through {entry.expires})" for entry in expired]),
        ("without a reason and not applied", [_entry(entry) for entry in silent]),
        ("that match nothing", [_entry(entry) for entry in idle]),
    )
    return [f"allow-list entries {what}: {_list(names)}" for what, names in said if names]


def _touches(entry: AllowedFinding, finding: Finding) -> bool:
    return entry.vulnerability == finding.vulnerability and entry.package in ("", *packages(finding))


def _entry(entry: AllowedFinding) -> str:
    return f"{entry.vulnerability[:60]}{f' in {entry.package[:80]}' if entry.package else ''}"


def _list(names: Iterable[str]) -> str:
    """The first of *names*, and how many more there are."""
    every = list(names)
    more = len(every) - _NAMED
    return ", ".join(every[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def assess_signature(
    policy: SignaturePolicy, checks: tuple[SignatureCheck, ...], *, subject: str, rewritten_from: str = ""
) -> GateResult:
    """The result for an image with these signatures: one of them must be valid.

    *rewritten_from* is the digest of the whole index when the image is a subset of its platforms.
    """
    valid = [check for check in checks if check.valid]
    if valid:
        seen = f"{valid[0].origin}: {valid[0].seen}"
    elif checks:
        seen = f"none of {len(checks)} is valid: " + "; ".join(f"{one.origin}: {one.seen}" for one in checks[:_NAMED])
    else:
        seen = (
            f"nothing that could prove it is attached to {subject}; sign the image by digest (`cosign sign`) "
            "and see that `belongings` is not off"
        )
    if rewritten_from and not valid:
        seen += f"; a subset of platforms is an image of its own, which signatures of {rewritten_from} do not cover"
    return GateResult(
        gate="signature",
        mode=policy.mode,
        verdict=Verdict.HEALTHY if valid else Verdict.UNHEALTHY,
        seen=seen,
        expected=expect_signature(policy),
        subject=subject,
    )


def expect_signature(policy: SignaturePolicy) -> str:
    """What the policy asks for, in words."""
    what = f"an attestation {policy.predicate_type}" if policy.predicate_type else "a signature"
    who = "the given public key" if policy.public_key else f"{policy.identity} (issuer {policy.issuer})"
    return f"{what} of the image's digest by {who}"
