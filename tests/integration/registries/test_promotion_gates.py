# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gates on real parts: two docker-registries, signatures made by openssl, and the very ports of the module."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.scans import NoScans
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError, RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.predicate_commands import (
    PredicateCommands,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.side import connect_side, make_transfer
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.age import Age, AgePolicy
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.labels import REVISION, LabelPolicy, Labels
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.model import ConfiguredGate
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.gate import Signature
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.materials import SignaturePolicy
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.vulnerabilities import (
    Vulnerabilities,
    VulnerabilityPolicy,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.predicate_options import Predicate
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.request import PromotionRequest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.run import promote
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.side import RegistryOptions
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import AttachmentsMode, ImageRequest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import GateMode
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion_table import UnrecordedPromotions

from tests.registries.docker_registry import DockerRegistry
from tests.registries.images import OCI_INDEX, Made, blob_of, make_image, make_index, make_referrer, push
from tests.unit.plugins.module_utils._promotion.adapters.keys import policy_of, signer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.key_signer import KeySigner

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TAG = f"1.4.2-{COMMIT}"
REPOSITORY = "team/app"
COSIGN = "https://sigstore.dev/cosign/sign/v1"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SLSA = "https://slsa.dev/provenance/v1"
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"


class Signer:
    """A key, and openssl that signs with it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._key, self._data = folder / "key.pem", folder / "data"
        self._openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(self._key))
        self.public_key = self._openssl("pkey", "-in", str(self._key), "-pubout").decode()

    def sign(self, data: bytes) -> str:
        self._data.write_bytes(data)
        return base64.b64encode(self._openssl("dgst", "-sha256", "-sign", str(self._key), str(self._data))).decode()

    @staticmethod
    def _openssl(*words: str) -> bytes:
        return subprocess.run(["openssl", *words], check=True, capture_output=True).stdout


@dataclass
class World:
    """Two registries, an image at the source, and a signer."""

    source: DockerRegistry
    destination: DockerRegistry
    signer: Signer
    root: Made
    folder: Path

    def publish(self, signer: KeySigner | None = None) -> Any:
        """Sign what the source has, where it is, and state how it was built."""
        predicate = Predicate(SLSA, ("echo", '{"buildDefinition": {}}'))
        return self.promote(destination=self.source, signer=signer, predicates=(predicate,))

    def promote(
        self,
        *gates: ConfiguredGate,
        check_mode: bool = False,
        destination: DockerRegistry | None = None,
        signer: KeySigner | None = None,
        predicates: tuple[Predicate, ...] = (),
    ) -> Any:
        def connect(service: str, overrides: Any) -> Any:
            raise AssertionError(f"{service} is of no use here: {overrides}")

        mode = AttachmentsMode.OFF if destination else AttachmentsMode.REQUIRED
        with contextlib.ExitStack() as stack:
            sides = [
                stack.enter_context(
                    contextlib.closing(
                        connect_side(
                            RegistryOptions(registry.host, plain_http=True),
                            connect,
                            SystemClock(),
                            writes=writes,
                        )
                    )
                )
                for registry, writes in ((self.source, False), (destination or self.destination, True))
            ]
            source, destination = sides
            ports = Ports(
                source=source.registry,
                destination=destination.registry,
                transfer=make_transfer(source, destination, warn=print, state_directory=str(self.folder / "state")),
                destination_repositories=destination.repositories,
                scans=NoScans(self.source.host),
                promotions=UnrecordedPromotions(),
                predicates=PredicateCommands(print),
                clock=SystemClock(),
                progress=Silent(),
            )
            images = (ImageRequest(REPOSITORY, REPOSITORY, tag=TAG, destination_tag=TAG),)
            asked = PromotionRequest(images, gates, mode, sign=signer is not None, predicates=predicates)
            return promote(asked, ports, check_mode=check_mode, signer=signer)

    def tags(self) -> list[str]:
        """The tags at the destination, by another client than ours."""
        command = ["skopeo", "list-tags", "--tls-verify=false", f"docker://{self.destination.host}/{REPOSITORY}"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        return list(json.loads(done.stdout)["Tags"]) if done.returncode == 0 else []

    def attach_cosign(self, digest: str, signer: Signer | None = None) -> None:
        """Attach a signature as cosign does before version 3: under a tag made of the image's digest."""
        document = {
            "critical": {
                "identity": {"docker-reference": f"{self.source.host}/{REPOSITORY}"},
                "image": {"docker-manifest-digest": digest},
                "type": "cosign container image signature",
            },
            "optional": None,
        }
        payload = json.dumps(document).encode()
        layer, config = blob_of(payload), blob_of(b'{"architecture":"","os":""}')
        signature = (signer or self.signer).sign(payload)
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": config.digest,
                "size": config.size,
            },
            "layers": [
                {
                    "mediaType": SIMPLE_SIGNING,
                    "digest": layer.digest,
                    "size": layer.size,
                    "annotations": {"dev.cosignproject.cosign/signature": signature},
                }
            ],
        }
        made = Made(json.dumps(manifest).encode(), manifest["mediaType"], (config, layer))
        push(self.source.host, REPOSITORY, made, tag=f"{self.root.digest.replace(':', '-')}.sig")

    def attach_bundle(self) -> None:
        """Attach a bundle as cosign 3 does, at a registry without referrers API: listed under the fallback tag."""
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"digest": {"sha256": self.root.digest.removeprefix("sha256:")}}],
            "predicateType": COSIGN,
            "predicate": {},
        }
        payload, kind = json.dumps(statement).encode(), "application/vnd.in-toto+json"
        signature = self.signer.sign(b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload))
        bundle = {
            "mediaType": BUNDLE,
            "verificationMaterial": {"publicKey": {"hint": "release"}, "tlogEntries": []},
            "dsseEnvelope": {
                "payload": base64.b64encode(payload).decode(),
                "payloadType": kind,
                "signatures": [{"sig": signature, "keyid": ""}],
            },
        }
        referrer = make_referrer(self.root, BUNDLE, json.dumps(bundle).encode())
        listed = {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [referrer.descriptor(artifactType=BUNDLE)],
        }
        fallback = Made(json.dumps(listed).encode(), OCI_INDEX, (), (referrer,))
        push(self.source.host, REPOSITORY, fallback, tag=self.root.digest.replace(":", "-"))


class Silent:
    """Progress that nobody watches."""

    def say(self, text: str) -> None:
        """Say nothing."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    config = {"config": {"Labels": {REVISION: COMMIT}}}
    root = make_index(
        {
            "linux/amd64": make_image([2000, 100], config=config),
            "linux/arm64": make_image([3000], seed=1, platform="linux/arm64", config=config),
        }
    )
    with DockerRegistry(tmp_path / "source") as source, DockerRegistry(tmp_path / "destination") as destination:
        push(source.host, REPOSITORY, root, tag=TAG)
        yield World(source, destination, Signer(tmp_path / "signer"), root, tmp_path)


def gates(world: World) -> list[ConfiguredGate]:
    return [
        ConfiguredGate(Signature(), GateMode.REQUIRED, SignaturePolicy(public_key=world.signer.public_key)),
        ConfiguredGate(Age(), GateMode.REQUIRED, AgePolicy(minimum_hours=1)),
        ConfiguredGate(Labels(), GateMode.REQUIRED, LabelPolicy()),
    ]


def test_an_image_with_a_cosign_signature_is_promoted_with_it(world: World) -> None:
    world.attach_cosign(world.root.digest)
    result = world.promote(*gates(world))
    verdicts = {gate.gate: gate.verdict for gate in result.plan.images[0].gates}
    assert verdicts == dict.fromkeys(("signature", "age", "labels"), Verdict.HEALTHY)
    assert {TAG, f"{world.root.digest.replace(':', '-')}.sig"} <= set(world.tags())


def test_an_image_with_a_bundle_among_its_referrers_is_promoted(world: World) -> None:
    world.attach_bundle()
    world.promote(*gates(world))
    assert TAG in world.tags()


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("attached", "said"),
    [
        ("nothing", "nothing that could prove it is attached"),
        ("another key", "it is not signed by the given key"),
        ("another digest", "it signs another image"),
    ],
)
def test_an_image_that_is_not_rightly_signed_is_refused_and_nothing_is_written(
    world: World, attached: str, said: str, check_mode: bool
) -> None:
    if attached == "another key":
        world.attach_cosign(world.root.digest, Signer(world.folder / "mallory"))
    if attached == "another digest":
        world.attach_cosign(f"sha256:{'0' * 64}")
    with pytest.raises(RefusedError, match=said):
        world.promote(*gates(world), check_mode=check_mode)
    assert world.tags() == []
    assert not list((world.folder / "destination").rglob("blobs/sha256/*"))


def test_a_registry_without_scans_does_not_pass_for_a_scanned_one(world: World) -> None:
    scanned = ConfiguredGate(Vulnerabilities(), GateMode.REQUIRED, VulnerabilityPolicy((("CRITICAL", 0),)))
    with pytest.raises(RefusedError, match="is not ECR"):
        world.promote(scanned)
    warned = world.promote(replace(scanned, mode=GateMode.WARN))
    assert [gate.verdict for gate in warned.plan.images[0].gates] == [Verdict.ERROR]
    assert TAG in world.tags()


def provenance(number: int) -> ConfiguredGate:
    policy = replace(policy_of(signer(number)), predicate_type=SLSA)
    return ConfiguredGate(Signature(), GateMode.REQUIRED, policy)


def test_what_publishing_states_is_demanded_by_the_gate_and_a_foreign_or_forged_one_refused(world: World) -> None:
    world.publish()
    with pytest.raises(RefusedError, match="none of"):
        world.promote(provenance(0))
    world.publish(signer(1))
    forged = signer(1)
    forged.signed_by = signer(0).signed_by
    with pytest.raises(FastbreakError, match="is not by whom sign names"):
        world.publish(forged)
    with pytest.raises(RefusedError, match="it is not signed by the given key"):
        world.promote(provenance(0))
    assert world.tags() == []
    published = world.publish(signer(0))
    assert published.images[0].predicates == (SLSA,)
    assert not world.publish(signer(0)).changed
    result = world.promote(provenance(0))
    assert [gate.verdict for gate in result.plan.images[0].gates] == [Verdict.HEALTHY]
    assert not world.promote(provenance(0)).changed
