"""Gates measured at a source: the registry in memory, the signatures real ones, the clock one that never sleeps."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import Finding, Scan, ScanState
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import (
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    Manifest,
    RawManifest,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.signatures.verifier import (
    SignatureVerifier,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.config import REVISION
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.measure import measure_gates
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.model import (
    AgePolicy,
    GatePolicies,
    LabelPolicy,
    SignaturePolicy,
    VulnerabilityPolicy,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signatures import (
    MATERIALS,
    PAYLOAD_LIMIT_BYTES,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import (
    Belonging,
    ImageRequest,
    SourceImage,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import GateMode, GateResult

from tools.files import ROOT

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address

VECTORS = ROOT / "tests" / "vectors" / "signatures"
OPENSSL = json.loads((VECTORS / "openssl.json").read_text())
SIGSTORE = json.loads((VECTORS / "sigstore_js.json").read_text())
#: What the vectors sign, so that the image under test must have it.
DIGEST = OPENSSL["digest"]
KEY = OPENSSL["keys"][0]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"

COMPLETE = Scan(ScanState.COMPLETE, "basic")
RUNNING = Scan(ScanState.RUNNING)
SCANNED = VulnerabilityPolicy(GateMode.REQUIRED, (("CRITICAL", 0),), wait_seconds=60)
SIGNED = SignaturePolicy(GateMode.REQUIRED, public_key=KEY["public_key"])
ALL = GatePolicies(SCANNED, SIGNED, AgePolicy(GateMode.REQUIRED, minimum_hours=1), LabelPolicy(GateMode.REQUIRED))


def sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Source:
    """The one method of the source registry that a gate may use."""

    host = "registry.example"

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.problem: Exception | None = None
        self.read: list[str] = []

    def add(self, content: bytes, media_type: str, **annotations: str) -> Descriptor:
        self.blobs[sha256(content)] = content
        return Descriptor(sha256(content), len(content), media_type, annotations=tuple(annotations.items()))

    def read_blob(self, blob: Address, *, limit_bytes: int) -> bytes | None:
        assert blob.repository == "inference"
        digest = blob.reference
        self.read.append(digest)
        if self.problem:
            raise self.problem
        content = self.blobs.get(digest)
        if content is not None and len(content) > limit_bytes:
            raise OperationError(f"The blob {digest} is larger than {limit_bytes} bytes.")
        return content


@dataclass
class World:
    """Clock, scans and progress."""

    answers: dict[str, list[Any]] = field(default_factory=dict)
    elapsed: float = 0.0
    slept: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.elapsed += seconds

    def say(self, text: str) -> None:
        self.said.append(text)

    def read_scan(self, image: Address) -> Scan:
        assert image.repository == "inference"
        queue = self.answers.get(image.reference, [COMPLETE])
        found = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, Scan)
        return found


@dataclass
class Gates:
    """An image of two platforms at its source."""

    source: Source = field(default_factory=Source)
    world: World = field(default_factory=World)
    belongings: list[Belonging] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.platforms = [self.platform("linux/amd64"), self.platform("linux/arm64")]

    def platform(self, name: str, **changes: Any) -> Manifest:
        document = {
            "architecture": name,
            "created": "2026-11-23T10:00:00Z",
            "config": {"Labels": {REVISION: COMMIT}},
            **changes,
        }
        config = self.source.add(json.dumps(document).encode(), "application/vnd.oci.image.config.v1+json")
        layer = Descriptor("sha256:" + "9" * 64, 1, "application/vnd.oci.image.layer.v1.tar+gzip")
        return Manifest(RawManifest(b"", sha256(name.encode()), OCI_MANIFEST), config=config, layers=(layer,))

    def image(self) -> SourceImage:
        names = ("linux/amd64", "linux/arm64")
        children = tuple(
            Descriptor(one.digest, 1, OCI_MANIFEST, platform=name)
            for one, name in zip(self.platforms, names, strict=True)
        )
        root = Manifest(RawManifest(b"", DIGEST, OCI_INDEX), children=children)
        request = ImageRequest("inference", "inference", tag=f"1.4.2-{COMMIT}")
        return SourceImage(request, root, (*self.platforms, root), tuple(self.belongings))

    def attach(self, *layers: Descriptor, subject: str = DIGEST, tag: str = "") -> None:
        digest = sha256(repr(layers).encode())
        manifest = Manifest(RawManifest(b"", digest, OCI_MANIFEST), layers=layers)
        self.belongings.append(Belonging("signature", subject, manifest, tag))

    def sign(self, name: str = "cosign", **changes: str) -> Descriptor:
        one = {**KEY[name], **changes}
        layer = self.source.add(one["payload"].encode(), SIMPLE_SIGNING)
        signature = ("dev.cosignproject.cosign/signature", one["signature"])
        return replace(layer, annotations=(signature,))

    def measure(self, policies: GatePolicies = ALL) -> dict[str, GateResult]:
        ports: Any = Ports(self.source, self.world, SignatureVerifier(), self.world, self.world)
        results = measure_gates(self.image(), policies, ports)
        assert all(one.subject == DIGEST for one in results)
        return {one.gate: one for one in results}


@dataclass(frozen=True)
class Ports:
    """The ports that gates use, and no other."""

    source: Any
    scans: Any
    signatures: Any
    clock: Any
    progress: Any


@pytest.fixture
def gates() -> Gates:
    return Gates()


def test_a_good_image_passes_all_gates(gates: Gates) -> None:
    gates.attach(gates.sign(), tag=f"{DIGEST.replace(':', '-')}.sig")
    found = gates.measure()
    assert {name: one.verdict for name, one in found.items()} == dict.fromkeys(
        ("labels", "age", "signature", "vulnerabilities"), Verdict.HEALTHY
    )
    assert found["signature"].seen == f"{DIGEST.replace(':', '-')}.sig: signed by the given key"
    assert found["vulnerabilities"].seen.count("no findings") == 2


def test_a_gate_that_is_off_is_not_measured(gates: Gates) -> None:
    off = GateMode.OFF
    policies = GatePolicies(replace(SCANNED, mode=off), replace(SIGNED, mode=off), AgePolicy(off), LabelPolicy(off))
    assert gates.measure(policies) == gates.measure(GatePolicies()) == {}
    assert gates.source.read == []


def test_a_config_is_read_once_for_all_gates(gates: Gates) -> None:
    gates.measure(GatePolicies(age=ALL.age, labels=ALL.labels))
    assert len(gates.source.read) == 2


def test_each_platform_is_judged(gates: Gates) -> None:
    gates.platforms[1] = gates.platform("linux/arm64", config={"Labels": {REVISION: "f" * 40}}, created=None)
    found = gates.measure()
    assert found["labels"].verdict is Verdict.UNHEALTHY
    assert found["labels"].seen.startswith("linux/arm64 (sha256:")
    assert found["age"].verdict is Verdict.INCONCLUSIVE


def test_a_finding_in_one_platform_is_enough(gates: Gates) -> None:
    found = Scan(ScanState.COMPLETE, "basic", (Finding("CVE-1", "CRITICAL"),))
    gates.world.answers[gates.platforms[1].digest] = [found]
    result = gates.measure()["vulnerabilities"]
    assert (result.verdict, result.stops) == (Verdict.UNHEALTHY, True)


def test_a_running_scan_is_waited_for_at_growing_intervals(gates: Gates) -> None:
    gates.world.answers[gates.platforms[0].digest] = [RUNNING, RUNNING, RUNNING, COMPLETE]
    assert gates.measure()["vulnerabilities"].verdict is Verdict.HEALTHY
    assert gates.world.slept == [2.0, 3.0, 4.5]
    assert gates.world.said[0].startswith("inference: waiting for the scan of linux/amd64 (sha256:")


def test_a_scan_that_does_not_end_is_given_up_at_the_deadline_of_all(gates: Gates) -> None:
    for one in gates.platforms:
        gates.world.answers[one.digest] = [RUNNING]
    result = gates.measure()["vulnerabilities"]
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "still running; raise wait_seconds" in result.seen
    assert gates.world.elapsed == pytest.approx(60.0)


@pytest.mark.parametrize("wait_seconds", [0.0, -1.0, float("nan")])
def test_no_wait_is_one_look(gates: Gates, wait_seconds: float) -> None:
    gates.world.answers[gates.platforms[0].digest] = [RUNNING, COMPLETE]
    found = gates.measure(GatePolicies(replace(SCANNED, wait_seconds=wait_seconds)))
    assert found["vulnerabilities"].verdict is Verdict.INCONCLUSIVE
    assert gates.world.slept == []


def test_what_cannot_be_asked_is_that_gates_error_and_hides_no_other(gates: Gates) -> None:
    gates.attach(gates.sign())
    gates.world.answers[gates.platforms[0].digest] = [UnavailableError("ECR was busy.")]
    found = gates.measure()
    assert found["vulnerabilities"].verdict is Verdict.ERROR
    assert "ECR was busy." in found["vulnerabilities"].seen
    assert {found[name].verdict for name in ("labels", "age", "signature")} == {Verdict.HEALTHY}


def test_a_source_that_cannot_be_read_passes_nothing_that_needs_it(gates: Gates) -> None:
    gates.attach(gates.sign())
    gates.source.problem = UnavailableError("The registry did not answer.")
    found = gates.measure()
    assert {name: one.verdict for name, one in found.items()} == {
        "labels": Verdict.ERROR,
        "age": Verdict.ERROR,
        "signature": Verdict.UNHEALTHY,
        "vulnerabilities": Verdict.HEALTHY,
    }
    assert all("did not answer" in found[name].seen for name in ("labels", "age", "signature"))


def test_configs_that_are_gone_or_too_large_or_not_named(gates: Gates) -> None:
    large = gates.source.add(b" " * ((1 << 20) + 1), "application/vnd.oci.image.config.v1+json")
    first, second = gates.platforms
    gates.platforms = [replace(first, config=large), replace(second, config=None)]
    seen = gates.measure()["labels"].seen
    assert "is larger than 1048576 bytes" in seen
    assert "names no config" in seen
    gates.platforms = [replace(first, config=replace(large, digest="sha256:" + "0" * 64)), second]
    result = gates.measure()["labels"]
    assert result.verdict is Verdict.ERROR
    assert "is not in the source repository" in result.seen


def test_a_manifest_that_was_not_read_passes_nothing(gates: Gates) -> None:
    image = gates.image()
    ports: Any = Ports(gates.source, gates.world, SignatureVerifier(), gates.world, gates.world)
    results = measure_gates(replace(image, manifests=image.manifests[1:]), replace(ALL, signature=None), ports)
    assert {one.verdict for one in results} == {Verdict.ERROR}


# Signatures


@pytest.mark.parametrize(
    ("form", "content", "policy"),
    [
        (ENVELOPE, KEY["dsse"]["payload"], replace(SIGNED, predicate_type=OPENSSL["predicate_type"])),
        (
            "application/vnd.in-toto+json",
            KEY["dsse"]["payload"],
            replace(SIGNED, predicate_type=OPENSSL["predicate_type"]),
        ),
        (BUNDLE, json.dumps(SIGSTORE["key"]["signed"]), replace(SIGNED, public_key=SIGSTORE["public_key"])),
        (
            BUNDLE,
            json.dumps(SIGSTORE["keyless"]["signed"]),
            SignaturePolicy(
                GateMode.REQUIRED,
                identity=SIGSTORE["identity"],
                issuer=SIGSTORE["issuer"],
                trusted_root=json.dumps(SIGSTORE["trusted_root"]),
            ),
        ),
    ],
)
def test_every_form_of_signature_is_found(gates: Gates, form: str, content: str, policy: SignaturePolicy) -> None:
    gates.attach(gates.source.add(content.encode(), form))
    result = gates.measure(GatePolicies(signature=policy))["signature"]
    assert result.verdict is Verdict.HEALTHY
    assert result.seen.startswith("referrer sha256:")


def test_two_signatures_over_the_same_document_are_two(gates: Gates) -> None:
    gates.attach(gates.sign(signature=OPENSSL["keys"][1]["cosign"]["signature"]), gates.sign())
    assert gates.measure()["signature"].verdict is Verdict.HEALTHY


def test_what_belongs_to_another_image_is_not_looked_at(gates: Gates) -> None:
    gates.attach(gates.sign(), subject=gates.platforms[0].digest)
    result = gates.measure()["signature"]
    assert result.verdict is Verdict.UNHEALTHY
    assert result.seen.startswith("nothing that could prove it is attached")


@pytest.mark.parametrize("name", ["cosign_other_digest"])
def test_a_signature_of_another_image_under_this_ones_tag_does_not_pass(gates: Gates, name: str) -> None:
    gates.attach(gates.sign(name))
    result = gates.measure()["signature"]
    assert result.verdict is Verdict.UNHEALTHY
    assert "it signs another image" in result.seen


def test_a_subset_of_platforms_is_not_covered_by_the_signature_of_all(gates: Gates) -> None:
    whole = "sha256:" + "e" * 64
    gates.attach(gates.sign(), subject=whole)
    ports: Any = Ports(gates.source, gates.world, SignatureVerifier(), gates.world, gates.world)
    (result,) = measure_gates(replace(gates.image(), rewritten_from=whole), GatePolicies(signature=SIGNED), ports)
    assert result.verdict is Verdict.UNHEALTHY
    assert result.seen.endswith(f"an image of its own, which signatures of {whole} do not cover")


def test_reading_ends_at_the_first_valid_signature_the_smallest_first(gates: Gates) -> None:
    sbom = gates.source.add(b"x" * 100_000, ENVELOPE)
    gates.attach(sbom)
    gates.attach(gates.sign())
    assert gates.measure(GatePolicies(signature=SIGNED))["signature"].verdict is Verdict.HEALTHY
    assert sbom.digest not in gates.source.read


def test_what_is_too_large_is_not_read(gates: Gates) -> None:
    huge = replace(gates.source.add(b"{}", ENVELOPE), size=PAYLOAD_LIMIT_BYTES["dsse"] + 1)
    gates.attach(huge)
    result = gates.measure(GatePolicies(signature=SIGNED))["signature"]
    assert "more than the 16777216 that are read" in result.seen
    assert gates.source.read == []


def test_a_heap_of_signatures_is_not_read_without_end(gates: Gates) -> None:
    for number in range(MATERIALS + 5):
        gates.attach(gates.source.add(b'{"n": %d}' % number, ENVELOPE))
    result = gates.measure(GatePolicies(signature=SIGNED))["signature"]
    assert result.verdict is Verdict.UNHEALTHY
    assert len(gates.source.read) == MATERIALS


@pytest.mark.parametrize("attached", [True, False])
def test_a_policy_that_cannot_be_right_is_an_error_and_hides_no_gate(gates: Gates, attached: bool) -> None:
    if attached:
        gates.attach(gates.sign())
    found = gates.measure(replace(ALL, signature=replace(SIGNED, public_key="no key")))
    assert found["signature"].verdict is Verdict.ERROR
    assert "PEM" in found["signature"].seen
    assert found["labels"].verdict is Verdict.HEALTHY


def test_a_warning_gate_is_measured_and_does_not_stop(gates: Gates) -> None:
    result = gates.measure(GatePolicies(signature=replace(SIGNED, mode=GateMode.WARN)))["signature"]
    assert (result.verdict, result.stops) == (Verdict.UNHEALTHY, False)
