"""The gates of a promotion: what passes, and that nothing else does."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import Finding, Scan, ScanState
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import (
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    Manifest,
    RawManifest,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.config import (
    REVISION,
    ConfigReading,
    assess_age,
    assess_labels,
    parse_time,
    read_config,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.images import platform_images
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.judge import (
    ImageScan,
    assess_signature,
    assess_vulnerabilities,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.model import (
    SEVERITIES,
    AgePolicy,
    AllowedFinding,
    LabelPolicy,
    SignatureCheck,
    SignaturePolicy,
    VulnerabilityPolicy,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.payloads import (
    NotProofError,
    check_simple_signing,
    check_statement,
    read_bundle,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import GateMode, GateResult
from hypothesis import given, settings
from hypothesis import strategies as st

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DIGEST = "sha256:" + "a" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TAG = f"1.4.2-{COMMIT}"
CVE = Finding("CVE-2026-1", "HIGH", "openssl", "3.0.1")
POLICY = VulnerabilityPolicy(GateMode.REQUIRED, (("CRITICAL", 0), ("HIGH", 0), ("MEDIUM", 2)))


def allow(vulnerability: str = "CVE-2026-1", **changes: Any) -> AllowedFinding:
    return AllowedFinding(**{"vulnerability": vulnerability, "reason": "not reachable", "expires": TODAY, **changes})


def complete(*findings: Finding) -> ImageScan:
    return ImageScan("linux/amd64", Scan(ScanState.COMPLETE, "basic", findings))


def assess(*scans: ImageScan, policy: VulnerabilityPolicy = POLICY, allowed: tuple[AllowedFinding, ...] = ()) -> Any:
    given_policy = VulnerabilityPolicy(policy.mode, policy.maximum, allowed)
    return assess_vulnerabilities(given_policy, scans, today=TODAY, subject=DIGEST)


def test_a_clean_scan_passes() -> None:
    assert assess(complete()) == GateResult(
        gate="vulnerabilities",
        mode=GateMode.REQUIRED,
        verdict=Verdict.HEALTHY,
        seen="linux/amd64: no findings",
        expected="a complete scan of each platform's image; findings: CRITICAL at most 0, HIGH at most 0, MEDIUM at "
        "most 2",
        subject=DIGEST,
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
    policy = VulnerabilityPolicy(GateMode.REQUIRED, ((severity, 0),))
    assert assess(complete(Finding("a", severity)), policy=policy).verdict is Verdict.UNHEALTHY


def test_a_failure_names_what_is_over_the_limit() -> None:
    seen = assess(complete(CVE, Finding("CVE-2026-2", "LOW"), *[Finding(f"C-{n}", "HIGH") for n in range(20)])).seen
    assert seen.startswith("linux/amd64: HIGH 21, LOW 1, over the limit for HIGH: CVE-2026-1 in openssl 3.0.1, C-0, ")
    assert seen.endswith("C-8 and 11 more")


def test_the_day_of_the_scan_is_said() -> None:
    scan = ImageScan("linux/amd64", Scan(ScanState.COMPLETE, "basic", (), NOW))
    assert assess(scan).seen == "linux/amd64: no findings (scanned 2026-11-23)"


def test_a_failure_says_where_it_is_fixed() -> None:
    finding = Finding("CVE-2026-1", "HIGH", "openssl", "3.0.1", fixed_in="3.0.2")
    assert assess(complete(finding)).seen.endswith("CVE-2026-1 in openssl 3.0.1 (fixed in 3.0.2)")


@pytest.mark.parametrize(
    ("entry", "verdict", "mentioned"),
    [
        (allow(), Verdict.HEALTHY, "1 allowed"),
        (allow(package="openssl"), Verdict.HEALTHY, "1 allowed"),
        (allow(package="curl"), Verdict.UNHEALTHY, "that match nothing: CVE-2026-1 in curl"),
        (allow("CVE-2026-9"), Verdict.UNHEALTHY, "that match nothing: CVE-2026-9"),
        (allow(expires=TODAY - timedelta(days=1)), Verdict.UNHEALTHY, "expired and not applied: CVE-2026-1 (through 2"),
        (allow(reason=" "), Verdict.UNHEALTHY, "without a reason and not applied: CVE-2026-1"),
        (allow("cve-2026-1"), Verdict.UNHEALTHY, "that match nothing: cve-2026-1"),
    ],
)
def test_an_allow_list_lets_through_what_it_names(entry: AllowedFinding, verdict: Verdict, mentioned: str) -> None:
    result = assess(complete(CVE), allowed=(entry,))
    assert result.verdict is verdict
    assert mentioned in result.seen


def test_a_finding_in_several_packages_is_allowed_when_each_of_them_is() -> None:
    finding = Finding("CVE-2026-1", "HIGH", "libssl3, openssl")
    assert assess(complete(finding), allowed=(allow(package="openssl"),)).verdict is Verdict.UNHEALTHY
    both = (allow(package="openssl"), allow(package="libssl3"))
    assert assess(complete(finding), allowed=both).verdict is Verdict.HEALTHY
    assert assess(complete(finding), allowed=(allow(),)).verdict is Verdict.HEALTHY


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


def test_what_fails_is_said_first_and_no_more_than_ten_images_are_named() -> None:
    seen = assess(*[complete()] * 20, ImageScan("linux/arm64", Scan(ScanState.ABSENT))).seen
    assert seen.startswith("linux/arm64: it has not been scanned")
    assert seen.endswith("; and 11 more images")


def test_a_finding_without_a_name_cannot_be_allowed() -> None:
    assert assess(complete(Finding("", "HIGH")), allowed=(allow(""),)).verdict is Verdict.UNHEALTHY


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


@settings(deadline=None)
@given(
    scans=st.lists(SCANS, max_size=3).map(tuple),
    allowed=st.lists(ENTRIES, max_size=4).map(tuple),
    maximum=st.dictionaries(st.sampled_from(SEVERITIES), st.integers(-1, 3)).map(lambda one: tuple(one.items())),
)
def test_nothing_over_the_limits_ever_passes(
    scans: tuple[ImageScan, ...], allowed: tuple[AllowedFinding, ...], maximum: tuple[tuple[str, int], ...]
) -> None:
    """Said again in other words than the assessment's: each finding is looked at by itself."""
    policy = VulnerabilityPolicy(GateMode.REQUIRED, maximum, allowed)
    result = assess_vulnerabilities(policy, scans, today=TODAY, subject=DIGEST)

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

    for one in scans:
        left = [finding.severity for finding in (one.scan.findings if one.scan else ()) if not let_through(finding)]
        over = any(left.count(severity) > most for severity, most in maximum)
        if one.scan is None or one.scan.state is not ScanState.COMPLETE or over or not set(left) <= set(SEVERITIES):
            assert result.verdict is not Verdict.HEALTHY
            assert result.stops
    for entry in allowed:
        if entry.expires < TODAY:
            assert "expired and not applied" in result.seen


# Labels and age


def config(labels: Any = None, created: Any = "2026-11-23T10:00:00Z") -> ConfigReading:
    inner = {"Labels": labels} if labels is not None else {}
    return read_config("linux/amd64", json.dumps({"created": created, "config": inner}).encode())


def labels(policy: LabelPolicy, *configs: ConfigReading, tags: tuple[str, ...] = (TAG, TAG)) -> GateResult:
    return assess_labels(policy, configs, tags=tags, subject=DIGEST)


REVISION_ONLY = LabelPolicy(GateMode.REQUIRED)


@pytest.mark.parametrize(
    ("readings", "verdict"),
    [
        ((config({REVISION: COMMIT}),), Verdict.HEALTHY),
        ((config({REVISION: COMMIT}), config({REVISION: COMMIT, "a": "b"})), Verdict.HEALTHY),
        ((config({REVISION: "f" * 40}),), Verdict.UNHEALTHY),
        ((config({REVISION: COMMIT[:12]}),), Verdict.UNHEALTHY),
        ((config({REVISION: COMMIT}), config({REVISION: "f" * 40})), Verdict.UNHEALTHY),
        ((config({REVISION: ""}),), Verdict.UNHEALTHY),
        ((config({}),), Verdict.UNHEALTHY),
        ((config(),), Verdict.UNHEALTHY),
        ((config({REVISION: COMMIT}), ConfigReading("arm64", problem="gone")), Verdict.ERROR),
        ((read_config("x", b"not json"),), Verdict.ERROR),
        ((), Verdict.INCONCLUSIVE),
    ],
)
def test_the_revision_is_the_commit_in_the_tag(readings: tuple[ConfigReading, ...], verdict: Verdict) -> None:
    assert labels(REVISION_ONLY, *readings).verdict is verdict


@pytest.mark.parametrize(
    ("tags", "verdict"),
    [
        ((TAG, TAG), Verdict.HEALTHY),
        ((TAG, ""), Verdict.HEALTHY),
        (("", TAG), Verdict.HEALTHY),
        ((TAG, "stable"), Verdict.HEALTHY),
        ((f"{TAG}-dirty.0123456789ab", ""), Verdict.HEALTHY),
        (("", ""), Verdict.INCONCLUSIVE),
        (("latest", "stable"), Verdict.INCONCLUSIVE),
        # Renamed to a tag that names another commit.
        ((TAG, f"1.4.2-{'f' * 40}"), Verdict.UNHEALTHY),
    ],
)
def test_the_commit_is_that_of_either_tag(tags: tuple[str, ...], verdict: Verdict) -> None:
    assert labels(REVISION_ONLY, config({REVISION: COMMIT}), tags=tags).verdict is verdict


@pytest.mark.parametrize(
    ("required", "given_labels", "verdict"),
    [
        ((("team", ""),), {"team": "video"}, Verdict.HEALTHY),
        ((("team", "video"),), {"team": "video"}, Verdict.HEALTHY),
        ((("team", "video"),), {"team": "audio"}, Verdict.UNHEALTHY),
        ((("team", ""),), {"team": ""}, Verdict.UNHEALTHY),
        ((("team", ""),), {"other": "x"}, Verdict.UNHEALTHY),
        ((), {"other": "x"}, Verdict.HEALTHY),
        ((), None, Verdict.UNHEALTHY),
    ],
)
def test_required_labels_exist_with_their_values(required: Any, given_labels: Any, verdict: Verdict) -> None:
    policy = LabelPolicy(GateMode.REQUIRED, required, revision_is_tag=False)
    assert labels(policy, config(given_labels), tags=("latest", "")).verdict is verdict


def age(reading: ConfigReading, minimum: float | None = None, maximum: float | None = None) -> GateResult:
    return assess_age(AgePolicy(GateMode.REQUIRED, minimum, maximum), (reading,), now=NOW, subject=DIGEST)


@pytest.mark.parametrize(
    ("created", "minimum", "maximum", "verdict"),
    [
        ("2026-11-23T10:00:00Z", None, None, Verdict.HEALTHY),
        ("2026-11-23T10:00:00Z", 2, 2, Verdict.HEALTHY),
        ("2026-11-23T10:00:00.000000001Z", 2, None, Verdict.HEALTHY),
        ("2026-11-23T10:00:01Z", 2, None, Verdict.UNHEALTHY),
        ("2026-11-23T09:59:59Z", None, 2, Verdict.UNHEALTHY),
        ("2026-11-23T12:00:00+02:00", 2, 2, Verdict.HEALTHY),
        ("2026-11-23T12:00:01Z", None, None, Verdict.UNHEALTHY),
        ("2026-11-23T10:00:00Z", float("nan"), None, Verdict.UNHEALTHY),
        ("2026-11-23T10:00:00Z", None, float("nan"), Verdict.UNHEALTHY),
        ("1970-01-01T00:00:00Z", None, None, Verdict.INCONCLUSIVE),
        ("1980-01-01T00:00:01Z", 1, None, Verdict.INCONCLUSIVE),
        ("0001-01-01T00:00:00Z", 1, None, Verdict.INCONCLUSIVE),
        ("0001-01-01T00:00:00+23:59", 1, None, Verdict.INCONCLUSIVE),
        ("", 1, None, Verdict.INCONCLUSIVE),
        (None, 1, None, Verdict.INCONCLUSIVE),
        ("yesterday", 1, None, Verdict.INCONCLUSIVE),
        ("2026-11-23", 1, None, Verdict.INCONCLUSIVE),
        ("2026-02-30T00:00:00Z", 1, None, Verdict.INCONCLUSIVE),
        ("2026-11-23T10:00:00", 1, None, Verdict.INCONCLUSIVE),
        (7, 1, None, Verdict.INCONCLUSIVE),
        ([], 1, None, Verdict.INCONCLUSIVE),
        (["x"], 1, None, Verdict.ERROR),
    ],
)
def test_age_is_counted_from_the_configs_time(created: Any, minimum: Any, maximum: Any, verdict: Verdict) -> None:
    assert age(config(created=created), minimum, maximum).verdict is verdict


def test_each_platform_has_an_age_of_its_own() -> None:
    old, young = config(created="2026-11-20T00:00:00Z"), config(created="2026-11-23T11:59:00Z")
    result = assess_age(AgePolicy(GateMode.REQUIRED, minimum_hours=24), (old, young), now=NOW, subject=DIGEST)
    assert (result.verdict, result.seen) == (
        Verdict.UNHEALTHY,
        "linux/amd64: created 2026-11-23T11:59:00Z, 0.0 hours ago, too young",
    )


def test_a_fraction_of_nanoseconds_is_read() -> None:
    assert parse_time("2026-11-23T10:00:00.123456789Z") == datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC)


@settings(deadline=None)
@given(
    content=st.binary(max_size=100)
    | st.just(b"[" * 100_000)
    | st.just(b'{"created": ' + b"9" * 100_000 + b"}")
    | st.builds(
        lambda created, inner: json.dumps({"created": created, "config": inner}).encode(),
        st.none() | st.text(max_size=30) | st.integers() | st.floats() | st.lists(st.text(), max_size=2),
        st.none()
        | st.text(max_size=3)
        | st.dictionaries(
            st.sampled_from(["Labels", "Env"]),
            st.none()
            | st.integers()
            | st.dictionaries(st.sampled_from([REVISION, "a"]), st.none() | st.integers() | st.text(max_size=45)),
        ),
    )
)
def test_no_config_breaks_a_gate_and_none_passes_without_the_label(content: bytes) -> None:
    reading = read_config("linux/amd64", content)
    result = labels(REVISION_ONLY, reading)
    assert result.verdict is not Verdict.HEALTHY
    assert result.seen.isprintable()
    assert age(reading, minimum=1).seen.isprintable()


# Which images are judged


def manifest(name: str, *, children: tuple[Descriptor, ...] = (), layers: tuple[str, ...] = ("layer",)) -> Manifest:
    digest = "sha256:" + name * (64 // len(name))
    kind = OCI_INDEX if children else OCI_MANIFEST
    return Manifest(
        RawManifest(b"{}", digest, kind),
        config=None if children else Descriptor(digest, 2, "application/vnd.oci.image.config.v1+json"),
        layers=() if children else tuple(Descriptor(digest, 1, one) for one in layers),
        children=children,
    )


def child(of: Manifest, platform: str) -> Descriptor:
    return Descriptor(of.digest, 2, of.raw.media_type, platform=platform)


def test_the_images_of_an_index_are_judged_and_its_attestations_are_not() -> None:
    amd, arm = manifest("1"), manifest("2")
    attestation = manifest("3", layers=("application/vnd.in-toto+json",))
    inner = manifest("4", children=(child(arm, "linux/arm64"), child(amd, "linux/amd64")))
    root = manifest(
        "5",
        children=(child(amd, "linux/amd64"), child(attestation, "unknown/unknown"), child(inner, "")),
    )
    found = platform_images(root, (amd, arm, attestation, inner, root))
    assert [(one.platform, one.digest) for one in found] == [("linux/amd64", amd.digest), ("linux/arm64", arm.digest)]


@pytest.mark.parametrize(
    ("platform", "layers"),
    [
        ("unknown/unknown", ()),
        ("unknown/unknown", ("application/vnd.in-toto+json", "application/vnd.oci.image.layer.v1.tar")),
        ("linux/amd64", ("application/vnd.in-toto+json",)),
        ("", ("application/vnd.in-toto+json",)),
    ],
)
def test_what_could_run_is_judged_whatever_platform_it_claims(platform: str, layers: tuple[str, ...]) -> None:
    hidden = manifest("1", layers=layers)
    root = manifest("2", children=(child(hidden, platform),))
    assert [one.digest for one in platform_images(root, (hidden, root))] == [hidden.digest]


def test_an_image_that_was_not_read_is_judged_all_the_same() -> None:
    missing = manifest("1")
    (found,) = platform_images(manifest("2", children=(child(missing, "linux/\narm64"),)), ())
    assert found.manifest is None
    assert str(found) == "linux/?arm64 (sha256:111111111111)"


def test_an_index_that_names_itself_has_no_images() -> None:
    looped = manifest("2", children=(Descriptor("sha256:" + "2" * 64, 2, OCI_INDEX),))
    assert platform_images(looped, (looped,)) == ()


# Signatures


KEY = SignaturePolicy(GateMode.WARN, public_key="pem")
IN_TOTO = "application/vnd.in-toto+json"
STATEMENT: dict[str, Any] = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"digest": {"sha256": "b" * 64}}, {"digest": {"sha256": "a" * 64}}],
    "predicateType": "https://slsa.dev/provenance/v1",
}
SIMPLE = {"type": "cosign container image signature", "image": {"docker-manifest-digest": DIGEST}}


def state(**changes: Any) -> bytes:
    return json.dumps(STATEMENT | changes).encode()


def test_a_statement_names_the_image_among_its_subjects() -> None:
    check_statement(IN_TOTO, state(), DIGEST, STATEMENT["predicateType"])
    check_statement(IN_TOTO, state(predicateType="https://sigstore.dev/cosign/sign/v1"), DIGEST, "")
    check_statement(IN_TOTO, state(_type="https://in-toto.io/Statement/v0.1"), DIGEST, STATEMENT["predicateType"])


@pytest.mark.parametrize(
    ("kind", "payload", "reason"),
    [
        ("text/plain", state(), "not an in-toto statement"),
        (IN_TOTO, state(_type="https://in-toto.io/Link/v1"), "not an in-toto statement"),
        (IN_TOTO, state(subject=STATEMENT["subject"][:1]), "something else than this image"),
        (IN_TOTO, state(subject=[{"digest": {"sha512": "a" * 64}}]), "something else than this image"),
        (IN_TOTO, state(subject=[{"name": DIGEST}]), "something else than this image"),
        (IN_TOTO, state(subject={}), "something else than this image"),
        (IN_TOTO, state(predicateType="https://slsa.dev/provenance/v0.2"), "its predicate is"),
    ],
)
def test_a_statement_of_another_kind_proves_nothing(kind: str, payload: bytes, reason: str) -> None:
    with pytest.raises(NotProofError, match=reason):
        check_statement(kind, payload, DIGEST, STATEMENT["predicateType"])


def test_a_simple_signing_document_is_an_image_signature() -> None:
    check_simple_signing(json.dumps({"critical": SIMPLE}).encode(), DIGEST)
    for kind in ("atomic container signature", None, 5):
        with pytest.raises(NotProofError, match="no image signature"):
            check_simple_signing(json.dumps({"critical": SIMPLE | {"type": kind}}).encode(), DIGEST)


@pytest.mark.parametrize(
    ("checks", "verdict", "said"),
    [
        ((), Verdict.UNHEALTHY, "cosign sign"),
        ((SignatureCheck(valid=False, origin="a", seen="wrong key"),), Verdict.UNHEALTHY, "a: wrong key"),
        (
            (SignatureCheck(valid=False, origin="a", seen="no"), SignatureCheck(valid=True, origin="b", seen="signed")),
            Verdict.HEALTHY,
            "b: signed",
        ),
    ],
)
def test_one_valid_signature_passes(checks: tuple[SignatureCheck, ...], verdict: Verdict, said: str) -> None:
    result = assess_signature(KEY, checks, subject=DIGEST)
    assert result.verdict is verdict
    assert said in result.seen
    assert not result.stops


def test_what_a_signature_is_expected_to_be_is_said() -> None:
    keyless = SignaturePolicy(GateMode.REQUIRED, identity="me", issuer="them", predicate_type="slsa")
    assert assess_signature(keyless, (), subject=DIGEST).expected == (
        "an attestation slsa of the image's digest by me (issuer them)"
    )
    assert (
        assess_signature(KEY, (), subject=DIGEST).expected
        == "a signature of the image's digest by the given public key"
    )


@settings(deadline=None)
@given(
    payload=st.binary(max_size=60)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(["critical", "image", "subject", "digest", "mediaType"]), inner, max_size=3
            )
        ),
    ).map(lambda one: json.dumps(one).encode())
)
def test_a_document_that_does_not_name_the_image_proves_nothing(payload: bytes) -> None:
    with pytest.raises(NotProofError):
        check_simple_signing(payload, DIGEST)
    with pytest.raises(NotProofError):
        check_statement("application/vnd.in-toto+json", payload, DIGEST, "")
    with pytest.raises(NotProofError):
        read_bundle(payload)
