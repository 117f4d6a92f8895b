# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``vulnerabilities``: what ECR's scan of each platform's image found."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ..._common.verdict import Verdict
from ..._common.wait import timed_out, until
from ..._ecr.values import ScanState
from ..._errors import FastbreakError, WaitTimeoutError
from .allow_list import (
    ENTRY_OPTIONS,
    AllowedFinding,
    active_entries,
    entries_to_mention,
    entry_problems,
    enumerate_names,
    is_allowed,
    read_entry,
)
from .model import SHOWN, Gate, Judgement, of_platforms
from .told_time import time_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..._common.time_span import TimeSpan
    from ..._ecr.values import Finding, Scan
    from ..values import SourceImage
    from .model import Options
    from .subject import PlatformImage, Subject

#: As ECR names them, the gravest first. UNTRIAGED and UNDEFINED have not been judged, so that they count as given.
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNTRIAGED", "UNDEFINED")

#: How many findings of a severity there may be: as many as hardly any image has.
_MOST_FINDINGS = 10_000
_COUNT = re.compile(r"[0-9]+")
#: A day.
_LONGEST_WAIT_SECONDS = 86_400
_FIRST_PAUSE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 30.0
_NEXT = {
    ScanState.RUNNING: "raise wait_seconds, or run again when it has ended",
    ScanState.ABSENT: "start one (`aws ecr start-image-scan`), or switch on scan-on-push or enhanced scanning for the "
    "source repository",
    ScanState.FAILED: "look at the image in ECR, start a scan again, or switch on enhanced scanning, which knows more "
    "kinds of images",
}


@dataclass(frozen=True, slots=True)
class VulnerabilityPolicy:
    """At most this many findings of each severity; a severity that is not named may have any number."""

    maximum: tuple[tuple[str, int], ...]
    allow: tuple[AllowedFinding, ...] = ()
    wait_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class ImageScan:
    """The scan of one platform's image. ``scan`` is None when it could not be asked for; ``problem`` says why."""

    image: str
    scan: Scan | None
    problem: str = ""


class Vulnerabilities(Gate[VulnerabilityPolicy, tuple[ImageScan, ...]]):
    """A complete scan of each platform's image, with no more findings than the limits."""

    name = "vulnerabilities"
    options: ClassVar[Options] = {
        "maximum": {"type": "dict", "default": {"CRITICAL": 0, "HIGH": 0}},
        "allow": {"type": "list", "elements": "dict", "default": [], "options": ENTRY_OPTIONS},
        "wait_seconds": {"type": "float", "default": 600},
    }

    def problems(self, options: Options) -> Iterator[str]:
        """Limits that are none, or that nothing could fail."""
        for name, count in options["maximum"].items():
            severity = str(name).upper()
            if severity not in SEVERITIES:
                yield f"gates.vulnerabilities.maximum names severity {str(name)!r}; there are {', '.join(SEVERITIES)}"
            if not _is_limit(count):
                yield (
                    f"gates.vulnerabilities.maximum.{severity} is {repr(count)[:SHOWN]}; it must be a whole number "
                    f"from 0 to {_MOST_FINDINGS}, for nothing could fail more (leave a severity out to have any number)"
                )
        if not options["maximum"]:
            yield "gates.vulnerabilities.maximum is empty, so that nothing could fail; name a severity"
        if len({str(name).upper() for name in options["maximum"]}) != len(options["maximum"]):
            yield "gates.vulnerabilities.maximum names a severity twice"
        if not 0 <= options["wait_seconds"] <= _LONGEST_WAIT_SECONDS:
            yield (
                f"gates.vulnerabilities.wait_seconds is {options['wait_seconds']:g}; it must be from 0 to "
                f"{_LONGEST_WAIT_SECONDS} (a day)"
            )
        for number, entry in enumerate(options["allow"]):
            yield from entry_problems(f"gates.vulnerabilities.allow[{number}]", entry)

    def read(self, options: Options) -> VulnerabilityPolicy:
        """The limits, and what is let through."""
        return VulnerabilityPolicy(
            maximum=tuple((str(name).upper(), int(count)) for name, count in options["maximum"].items()),
            allow=tuple(read_entry(entry) for entry in options["allow"]),
            wait_seconds=options["wait_seconds"],
        )

    def measure(self, policy: VulnerabilityPolicy, subject: Subject) -> tuple[ImageScan, ...]:
        """The scan of each platform's image. All scans that are running are waited for together."""
        deadline = subject.ports.clock.monotonic() + policy.wait_seconds
        return tuple(_await_scan(subject, platform, deadline) for platform in subject.platforms)

    def assess(
        self, policy: VulnerabilityPolicy, measured: tuple[ImageScan, ...], _image: SourceImage, now: TimeSpan
    ) -> Judgement:
        """Each platform's findings, less those that are let through on the last day that *now* may be."""
        if policy.allow and (problem := time_problem(now)):
            return _without_time(policy, measured, problem)
        today = now.latest.date()
        whole = _whole(policy, active_entries(policy.allow, today), measured)
        findings = [finding for scan in measured if scan.scan for finding in scan.scan.findings]
        return Judgement(whole.verdict, "; ".join([whole.seen, *entries_to_mention(policy.allow, findings, today)]))

    def expect(self, policy: VulnerabilityPolicy, _image: SourceImage) -> str:
        """The limits in words."""
        limits = ", ".join(f"{severity} at most {count}" for severity, count in policy.maximum)
        return f"a complete scan of each platform's image; findings: {limits or 'any number'}"


def _is_limit(count: object) -> bool:
    """Whether *count* is a number of findings, written as a number or as text."""
    text = str(count)
    return (
        not isinstance(count, bool)
        and _COUNT.fullmatch(text) is not None
        and len(text) < 10
        and int(text) <= _MOST_FINDINGS
    )


def _whole(
    policy: VulnerabilityPolicy, active: tuple[AllowedFinding, ...], measured: tuple[ImageScan, ...]
) -> Judgement:
    return of_platforms((_judge(policy, active, scan) for scan in measured), show_passing=True)


def _without_time(policy: VulnerabilityPolicy, measured: tuple[ImageScan, ...], problem: str) -> Judgement:
    """No entry is applied, for each may have expired. Where that decides, nothing is known of the image."""
    strict = _whole(policy, (), measured)
    undecided = (
        strict.verdict is Verdict.UNHEALTHY and _whole(policy, policy.allow, measured).verdict is not strict.verdict
    )
    verdict = Verdict.INCONCLUSIVE if undecided else strict.verdict
    return Judgement(verdict, f"{strict.seen}; the allow-list was not applied: {problem}")


def _await_scan(subject: Subject, platform: PlatformImage, deadline: float) -> ImageScan:
    """The scan once it does not run any more, or as it is at the *deadline* of all."""
    clock = subject.ports.clock
    seconds = deadline - clock.monotonic()

    def pause(elapsed: float) -> float:
        left = f"{seconds - elapsed:.0f} s at most"
        subject.ports.progress.say(f"{subject.image.request.repository}: waiting for the scan of {platform}, {left}")
        return min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS + elapsed / 2)

    try:
        return until(
            lambda: _read_scan(subject, platform),
            lambda read: read.scan is None or read.scan.state is not ScanState.RUNNING,
            clock=clock,
            seconds=seconds,
            pause=pause,
            on_timeout=lambda read, _elapsed: timed_out("The scan is still running.", scan=read),
        )
    except WaitTimeoutError as error:
        still_running: ImageScan = error.details["last"]["scan"]
        return still_running


def _read_scan(subject: Subject, platform: PlatformImage) -> ImageScan:
    if platform.manifest is None:
        return ImageScan(str(platform), None, "its manifest has not been read")
    try:
        return ImageScan(str(platform), subject.ports.scans.read_scan(subject.address(platform.digest)))
    except FastbreakError as error:
        return ImageScan(str(platform), None, error.message)


def _judge(policy: VulnerabilityPolicy, active: tuple[AllowedFinding, ...], of: ImageScan) -> Judgement:
    scan = of.scan
    if scan is None:
        return Judgement(Verdict.ERROR, f"{of.image}: the scan could not be read: {of.problem}")
    if scan.state is not ScanState.COMPLETE:
        verdict = Verdict.ERROR if scan.state is ScanState.FAILED else Verdict.INCONCLUSIVE
        return Judgement(verdict, f"{of.image}: {_unfinished(scan)}; {_NEXT[scan.state]}")
    strange = sorted({finding.severity for finding in scan.findings} - set(SEVERITIES))
    if strange:
        names = enumerate_names(repr(name[:40]) for name in strange)
        return Judgement(Verdict.INCONCLUSIVE, f"{of.image}: findings of a severity that is not known: {names}")
    counted = [finding for finding in scan.findings if not is_allowed(finding, active)]
    counts = Counter(finding.severity for finding in counted)
    over = {severity for severity, most in policy.maximum if counts[severity] > most}
    return Judgement(Verdict.UNHEALTHY if over else Verdict.HEALTHY, _found(of.image, scan, counted, over))


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
    named = enumerate_names(_name(finding) for finding in counted if finding.severity in over)
    return f"{text}, over the limit for {enumerate_names(sorted(over, key=SEVERITIES.index))}: {named}"


def _name(finding: Finding) -> str:
    package = f" in {finding.package[:80]} {finding.package_version[:40]}".rstrip() if finding.package else ""
    fixed = f" (fixed in {finding.fixed_in[:40]})" if finding.fixed_in else ""
    return f"{finding.vulnerability[:60]}{package}{fixed}"
