# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate `vulnerabilities`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.time_span import UNKNOWN_TIME, TimeSpan
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import Finding, Scan, ScanState
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.allow_list import AllowedFinding
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.model import Judgement
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.vulnerabilities import (
    SEVERITIES,
    ImageScan,
    Vulnerabilities,
    VulnerabilityPolicy,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._promotion.gates.case import (
    COMPLETE,
    NOON,
    NOW,
    Gates,
    configured,
    policy,
    problems,
    source_image,
    span,
)

TODAY = NOON.date()
RUNNING = Scan(ScanState.RUNNING)
CVE = Finding("CVE-2026-1", "HIGH", "openssl", "3.0.1")
POLICY = VulnerabilityPolicy((("CRITICAL", 0), ("HIGH", 0), ("MEDIUM", 2)))


def complete(*findings: Finding) -> ImageScan:
    return ImageScan("linux/amd64", Scan(ScanState.COMPLETE, "basic", findings))


def assess(*scans: ImageScan, limits: VulnerabilityPolicy = POLICY) -> Judgement:
    return Vulnerabilities().assess(limits, scans, source_image(), NOW)


def test_a_clean_scan_passes() -> None:
    assert assess(complete()) == Judgement(Verdict.HEALTHY, "linux/amd64: no findings")
    assert Vulnerabilities().expect(POLICY, source_image()) == (
        "a complete scan of each platform's image; findings: CRITICAL at most 0, HIGH at most 0, MEDIUM at most 2"
    )


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ((CVE,), Verdict.UNHEALTHY),
        ((Finding("a", "MEDIUM"),) * 2, Verdict.HEALTHY),
        ((Finding("a", "MEDIUM"),) * 3, Verdict.UNHEALTHY),
        ((Finding("a", "LOW"),) * 900, Verdict.HEALTHY),
        ((Finding("a", "UNDEFINED"),), Verdict.HEALTHY),
        ((Finding("a", "GRAVE"),), Verdict.INCONCLUSIVE),
        ((Finding("a", ""),), Verdict.INCONCLUSIVE),
    ],
)
def test_findings_are_counted_by_severity(findings: tuple[Finding, ...], verdict: Verdict) -> None:
    assert assess(complete(*findings)).verdict is verdict


@pytest.mark.parametrize("severity", ["UNTRIAGED", "UNDEFINED"])
def test_severities_that_nobody_has_judged_count_as_given(severity: str) -> None:
    limits = VulnerabilityPolicy(((severity, 0),))
    assert assess(complete(Finding("a", severity)), limits=limits).verdict is Verdict.UNHEALTHY


@pytest.mark.parametrize(
    ("now", "findings", "verdict"),
    [
        (span(NOON + timedelta(minutes=4), timedelta(minutes=4)), (CVE,), Verdict.HEALTHY),
        # Midnight lies between the two clocks.
        (span(NOON + timedelta(hours=12), timedelta(minutes=4)), (CVE,), Verdict.UNHEALTHY),
        (span(NOON, NOON - datetime(1970, 1, 1, tzinfo=UTC)), (CVE,), Verdict.INCONCLUSIVE),
        (span(NOON + timedelta(days=365), timedelta(days=365)), (CVE,), Verdict.INCONCLUSIVE),
        (UNKNOWN_TIME, (CVE,), Verdict.INCONCLUSIVE),
        (UNKNOWN_TIME, (), Verdict.HEALTHY),
        (UNKNOWN_TIME, (CVE, Finding("CVE-2026-2", "CRITICAL")), Verdict.UNHEALTHY),
    ],
)
def test_an_entry_counts_only_where_it_is_known_not_to_have_expired(
    now: TimeSpan, findings: tuple[Finding, ...], verdict: Verdict
) -> None:
    limits = replace(POLICY, allow=(AllowedFinding("CVE-2026-1", "unused", TODAY),))
    found = Vulnerabilities().assess(limits, (complete(*findings),), source_image(), now)
    assert found.verdict is verdict
    assert ("the allow-list was not applied" in found.seen) is (now.width > timedelta(minutes=5))


def test_without_an_allow_list_no_time_is_needed() -> None:
    assert Vulnerabilities().assess(POLICY, (complete(),), source_image(), UNKNOWN_TIME).verdict is Verdict.HEALTHY


def test_a_failure_names_what_is_over_the_limit() -> None:
    seen = assess(complete(CVE, Finding("CVE-2026-2", "LOW"), *[Finding(f"C-{n}", "HIGH") for n in range(20)])).seen
    assert seen.startswith("linux/amd64: HIGH 21, LOW 1, over the limit for HIGH: CVE-2026-1 in openssl 3.0.1, C-0, ")
    assert seen.endswith("C-8 and 11 more")


def test_the_day_of_the_scan_is_said() -> None:
    scan = ImageScan("linux/amd64", Scan(ScanState.COMPLETE, "basic", (), NOON))
    assert assess(scan).seen == "linux/amd64: no findings (scanned 2026-11-23)"


def test_a_failure_says_where_it_is_fixed() -> None:
    finding = Finding("CVE-2026-1", "HIGH", "openssl", "3.0.1", fixed_in="3.0.2")
    assert assess(complete(finding)).seen.endswith("CVE-2026-1 in openssl 3.0.1 (fixed in 3.0.2)")


@pytest.mark.parametrize(
    ("scan", "verdict", "said"),
    [
        (ImageScan("arm64", Scan(ScanState.ABSENT)), Verdict.INCONCLUSIVE, "start-image-scan"),
        (ImageScan("arm64", Scan(ScanState.RUNNING)), Verdict.INCONCLUSIVE, "raise wait_seconds"),
        (ImageScan("arm64", Scan(ScanState.FAILED, problem="UNSUPPORTED_IMAGE")), Verdict.ERROR, "UNSUPPORTED_IMAGE"),
        (ImageScan("arm64", None, "access denied"), Verdict.ERROR, "access denied"),
    ],
)
def test_one_platform_without_a_result_is_enough_not_to_pass(scan: ImageScan, verdict: Verdict, said: str) -> None:
    for scans in ((scan,), (complete(), scan), (scan, complete())):
        result = assess(*scans)
        assert result.verdict is verdict
        assert said in result.seen
    assert assess(scan, complete(CVE)).verdict is Verdict.UNHEALTHY


def test_what_is_allowed_is_not_counted_and_said() -> None:
    entry = AllowedFinding("CVE-2026-1", "not reachable", TODAY)
    assert assess(complete(CVE), limits=VulnerabilityPolicy(POLICY.maximum, (entry,))) == Judgement(
        Verdict.HEALTHY, "linux/amd64: no findings, 1 allowed"
    )
    assert assess(complete(), limits=VulnerabilityPolicy(POLICY.maximum, (entry,))).seen == (
        "linux/amd64: no findings; allow-list entries that match nothing: CVE-2026-1"
    )


def test_an_image_without_images_does_not_pass() -> None:
    assert assess().verdict is Verdict.INCONCLUSIVE


FINDINGS = st.builds(
    Finding,
    st.sampled_from(["CVE-1", "CVE-2", "CVE-3", ""]),
    st.sampled_from([*SEVERITIES, "GRAVE"]),
    st.sampled_from(["", "openssl", "curl", "curl, openssl"]),
)
ENTRIES = st.builds(
    AllowedFinding,
    st.sampled_from(["CVE-1", "CVE-2", "CVE-4", ""]),
    st.sampled_from(["because", "", "\t"]),
    st.dates(TODAY - timedelta(days=2), TODAY + timedelta(days=2)),
    st.sampled_from(["", "openssl", "curl"]),
)
SCANS = st.builds(
    ImageScan,
    st.just("linux/amd64"),
    st.none()
    | st.builds(Scan, st.sampled_from(ScanState), st.just("basic"), st.lists(FINDINGS, max_size=6).map(tuple)),
)


@given(
    scans=st.lists(SCANS, max_size=3).map(tuple),
    allowed=st.lists(ENTRIES, max_size=4).map(tuple),
    maximum=st.dictionaries(st.sampled_from(SEVERITIES), st.integers(-1, 3)).map(lambda limits: tuple(limits.items())),
)
def test_nothing_over_the_limits_ever_passes(
    scans: tuple[ImageScan, ...], allowed: tuple[AllowedFinding, ...], maximum: tuple[tuple[str, int], ...]
) -> None:
    """The rule once more, by other means than the assessment's: each finding is looked at by itself."""
    result = Vulnerabilities().assess(VulnerabilityPolicy(maximum, allowed), scans, source_image(), NOW)

    def let_through(finding: Finding) -> bool:
        return all(
            any(
                finding.vulnerability
                and entry.vulnerability == finding.vulnerability
                and entry.reason.split()
                and not entry.expires < TODAY
                and (not entry.package or entry.package == package)
                for entry in allowed
            )
            for package in finding.package.split(", ")
        )

    for scan in (image.scan for image in scans):
        left = [finding.severity for finding in (scan.findings if scan else ()) if not let_through(finding)]
        over = any(left.count(severity) > most for severity, most in maximum)
        if scan is None or scan.state is not ScanState.COMPLETE or over or not set(left) <= set(SEVERITIES):
            assert result.verdict is not Verdict.HEALTHY
    for entry in allowed:
        if entry.expires < TODAY:
            assert "expired and not applied" in result.seen


def test_a_finding_in_one_platform_is_enough() -> None:
    gates = Gates()
    gates.world.answers[gates.platforms[1].digest] = [
        Scan(ScanState.COMPLETE, "basic", (Finding("CVE-1", "CRITICAL"),))
    ]
    result = gates.judge()["vulnerabilities"]
    assert (result.verdict, result.stops) == (Verdict.UNHEALTHY, True)


def test_a_running_scan_is_waited_for_at_growing_intervals() -> None:
    gates = Gates()
    gates.world.answers[gates.platforms[0].digest] = [RUNNING, RUNNING, RUNNING, COMPLETE]
    assert gates.judge()["vulnerabilities"].verdict is Verdict.HEALTHY
    assert gates.world.slept == [2.0, 3.0, 4.5]
    assert gates.world.said[0].startswith("inference: waiting for the scan of linux/amd64 (sha256:")
    assert [line.rpartition(", ")[2] for line in gates.world.said] == [
        "60 s at most",
        "58 s at most",
        "55 s at most",
    ]


def test_a_scan_that_does_not_end_is_given_up_at_the_deadline_of_all() -> None:
    gates = Gates()
    for platform in gates.platforms:
        gates.world.answers[platform.digest] = [RUNNING]
    result = gates.judge()["vulnerabilities"]
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "still running; raise wait_seconds" in result.seen
    assert gates.world.elapsed == pytest.approx(60.0)


@pytest.mark.parametrize("wait_seconds", [0.0, -1.0, float("nan")])
def test_no_wait_is_one_look(wait_seconds: float) -> None:
    gates = Gates()
    gates.world.answers[gates.platforms[0].digest] = [RUNNING, COMPLETE]
    found = gates.judge(configured("vulnerabilities", wait_seconds=wait_seconds))
    assert found["vulnerabilities"].verdict is Verdict.INCONCLUSIVE
    assert gates.world.slept == []


def test_options_are_limits_and_what_is_allowed() -> None:
    assert policy("vulnerabilities") == VulnerabilityPolicy((("CRITICAL", 0), ("HIGH", 0)), (), 600.0)
    allow = {"vulnerability": " CVE-1 ", "package": "x", "reason": "unused", "expires": TODAY}
    read = policy("vulnerabilities", maximum={"critical": "0", "medium": 5}, allow=[allow], wait_seconds=1)
    assert read == VulnerabilityPolicy(
        (("CRITICAL", 0), ("MEDIUM", 5)), (AllowedFinding("CVE-1", "unused", TODAY, "x"),), 1.0
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"maximum": {"GRAVE": 0}}, "names severity 'GRAVE'; there are CRITICAL, HIGH"),
        ({"maximum": {"HIGH": -1}}, "HIGH is -1"),
        ({"maximum": {"HIGH": "some"}}, "HIGH is 'some'"),
        ({"maximum": {"HIGH": True}}, "HIGH is True"),
        ({"maximum": {}}, "maximum is empty"),
        ({"maximum": {"HIGH": 0, "high": 9}}, "a severity twice"),
        ({"maximum": {"HIGH": None}}, "HIGH is None"),
        ({"maximum": {"HIGH": ""}}, "HIGH is ''"),
        ({"maximum": {"HIGH": float("inf")}}, "HIGH is inf"),
        ({"maximum": {"CRITICAL": 999999999}}, "CRITICAL is 999999999; it must be a whole number from 0 to 10000"),
        ({"maximum": {"CRITICAL": 0, "LOW": 10_001}}, "LOW is 10001"),
        ({"maximum": {"LOW": "9" * 5000}}, "LOW is '9999"),
        ({"wait_seconds": 1e12}, "wait_seconds is 1e+12; it must be from 0 to 86400"),
        ({"wait_seconds": -1}, "wait_seconds is -1"),
        ({"wait_seconds": "inf"}, "wait_seconds is inf"),
        ({"wait_seconds": "nan"}, "wait_seconds is nan"),
    ],
)
def test_limits_that_are_none_are_refused(options: dict[str, Any], told: str) -> None:
    (problem,) = problems("vulnerabilities", **options)
    assert told in problem


def test_every_wrong_entry_of_the_allow_list_is_named() -> None:
    entry = {"vulnerability": "CVE-1", "reason": "unused", "expires": "2026-12-31"}
    allow = [entry, {**entry, "reason": " "}, {**entry, "expires": "soon"}]
    assert [text.split(" ")[0] for text in problems("vulnerabilities", allow=allow)] == [
        "gates.vulnerabilities.allow[1]",
        "gates.vulnerabilities.allow[2]",
    ]
