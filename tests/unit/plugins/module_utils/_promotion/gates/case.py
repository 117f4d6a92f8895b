# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small image at its source, and all that gates look at: the registry in memory, a clock that never sleeps."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._common.time_span import TimeSpan
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import Scan, ScanState
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.media_types import OCI_INDEX, OCI_MANIFEST
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import Descriptor, Manifest, RawManifest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.age import Age, AgePolicy
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.judge import judge
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.labels import (
    REVISION,
    LabelPolicy,
    Labels,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.model import ConfiguredGate
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.gate import Signature
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.materials import SignaturePolicy
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.table import gates_spec, read_gates
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.vulnerabilities import (
    Vulnerabilities,
    VulnerabilityPolicy,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import (
    Attachment,
    ImageRequest,
    SourceImage,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import GateMode

from tools.files import ROOT

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
    from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import GateResult

VECTORS = ROOT / "tests" / "vectors" / "signatures"
OPENSSL = json.loads((VECTORS / "openssl.json").read_text())
SIGSTORE = json.loads((VECTORS / "sigstore_js.json").read_text())
#: What the vectors sign, so that the image under test must have it.
DIGEST = OPENSSL["digest"]
KEY = OPENSSL["keys"][0]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TAG = f"1.4.2-{COMMIT}"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def span(moment: datetime, earlier: timedelta = timedelta(0)) -> TimeSpan:
    """It is *moment*, or as much as *earlier* before it."""
    return TimeSpan(moment - earlier, moment)


NOW = span(NOON)

SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
COMPLETE = Scan(ScanState.COMPLETE, "basic")

SCANNED = VulnerabilityPolicy((("CRITICAL", 0),), wait_seconds=60)
SIGNED = SignaturePolicy(public_key=KEY["public_key"])
#: Of each gate, by its name, a policy that the image below passes.
PASSING = {
    "labels": (Labels(), LabelPolicy()),
    "age": (Age(), AgePolicy(minimum_hours=1)),
    "signature": (Signature(), SIGNED),
    "vulnerabilities": (Vulnerabilities(), SCANNED),
}


def configured(name: str, mode: GateMode = GateMode.REQUIRED, **changes: Any) -> ConfiguredGate:
    gate, policy = PASSING[name]
    return ConfiguredGate(gate, mode, replace(policy, **changes))  # type: ignore[type-var]


ALL = tuple(configured(name) for name in PASSING)


def sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def problems(name: str, **given: Any) -> list[str]:
    """What is wrong with these options of a gate, which pass the argument spec."""
    checked = ArgumentSpecValidator(gates_spec()).validate({name: given})
    assert not checked.error_messages, checked.error_messages
    return read_gates(checked.validated_parameters)[1]


def policy(name: str, **given: Any) -> Any:
    """The policy that these options of a gate stand for."""
    checked = ArgumentSpecValidator(gates_spec()).validate({name: given})
    (read,), wrong = read_gates(checked.validated_parameters)
    assert wrong == []
    return read.policy


def source_image(*manifests: Manifest, tags: tuple[str, str] = (TAG, TAG), **more: Any) -> SourceImage:
    """The image as gates assess it, without a look at its source."""
    root = Manifest(RawManifest(b"", DIGEST, OCI_INDEX))
    request = ImageRequest("inference", "inference", tag=tags[0], destination_tag=tags[1])
    return SourceImage(request, root, manifests or (root,), **more)


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
    asked_the_time: int = 0

    def told_time(self) -> TimeSpan:
        self.asked_the_time += 1
        return span(NOON + timedelta(seconds=self.elapsed))

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


@dataclass(frozen=True)
class Ports:
    """The ports that gates use, and no other."""

    source: Any
    scans: Any
    clock: Any
    progress: Any


@dataclass
class Gates:
    """An image of two platforms at its source, which passes all gates once it is signed."""

    source: Source = field(default_factory=Source)
    world: World = field(default_factory=World)
    attachments: list[Attachment] = field(default_factory=list)

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
            Descriptor(manifest.digest, 1, OCI_MANIFEST, platform=name)
            for manifest, name in zip(self.platforms, names, strict=True)
        )
        root = Manifest(RawManifest(b"", DIGEST, OCI_INDEX), children=children)
        request = ImageRequest("inference", "inference", tag=TAG)
        return SourceImage(request, root, (*self.platforms, root), tuple(self.attachments))

    def attach(self, *layers: Descriptor, subject: str = DIGEST, tag: str = "") -> None:
        digest = sha256(repr(layers).encode())
        manifest = Manifest(RawManifest(b"", digest, OCI_MANIFEST), layers=layers)
        self.attachments.append(Attachment("signature", subject, manifest, tag))

    def sign(self, name: str = "cosign", **changes: str) -> Descriptor:
        signed = {**KEY[name], **changes}
        layer = self.source.add(signed["payload"].encode(), SIMPLE_SIGNING)
        return replace(layer, annotations=(("dev.cosignproject.cosign/signature", signed["signature"]),))

    def ports(self) -> Any:
        return Ports(self.source, self.world, self.world, self.world)

    def judge(self, *gates: ConfiguredGate, image: SourceImage | None = None) -> dict[str, GateResult]:
        results = judge(image or self.image(), gates or ALL, self.ports(), self.world.told_time)
        assert all(result.subject == DIGEST for result in results)
        return {result.gate: result for result in results}
