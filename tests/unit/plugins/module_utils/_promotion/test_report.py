"""What a promotion plans and says of itself, from values alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import RepositorySettings
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import Descriptor, RawManifest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.parse import parse_manifest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.attachment_tags import (
    cosign_tags,
    descriptor_of,
    extend_index,
    fallback_tag,
    kind_of,
    without,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.attestation import (
    artifact,
    is_attestation,
    statement,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.plan import plan
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.report import (
    Hosts,
    diff,
    gate_refusal,
    human_bytes,
    progress_line,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.request import PromotionRequest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import (
    Attachment,
    AttachmentsMode,
    DestinationState,
    ImageRequest,
    PromotionPlan,
    SourceImage,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import (
    PREDICATE_TYPE,
    GateMode,
    GateResult,
    Promotion,
)

from tests.unit.plugins.module_utils._oci import samples

HOSTS = Hosts("dev.example", "prod.example")
REQUEST = PromotionRequest((), service="app")
ASKED = ImageRequest("dev/app", "prod/app", "1", "", "1")
NOTHING = DestinationState(RepositorySettings(exists=True))


@dataclass
class Shelf:
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, RawManifest] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


def _source(*layers: str, asked: ImageRequest = ASKED) -> SourceImage:
    root = parse_manifest(samples.image(Shelf(), *layers))
    return SourceImage(asked, root, (root,))


def _plan(source: SourceImage, state: DestinationState = NOTHING, request: PromotionRequest = REQUEST) -> PromotionPlan:
    return plan([(source, state)], request, same_registry=False)


def test_everything_is_planned_where_nothing_is() -> None:
    source = _source("a", "b")
    image = _plan(source).images[0]
    assert [step.descriptor for step in image.blobs] == list(source.root.blobs)
    assert [step.manifest for step in image.manifests] == [source.root.raw]
    assert image.tag is not None
    assert (image.tag.tag, image.tag.manifest) == ("1", source.root.raw)
    assert (image.attest, image.record, image.changed) == (True, True, True)
    assert image.bytes_to_copy == sum(one.size for one in source.root.blobs)


def test_only_what_is_missing_is_planned() -> None:
    source = _source("a", "b")
    there = source.root.blobs[1]
    image = _plan(source, DestinationState(NOTHING.settings, blobs=frozenset({there.digest}))).images[0]
    assert there not in [step.descriptor for step in image.blobs]
    assert image.present_blobs == (there,)


def test_nothing_is_planned_where_all_is() -> None:
    source = _source("a")
    state = DestinationState(
        NOTHING.settings,
        manifests=frozenset({source.digest}),
        tags=(("1", source.digest),),
        attested=True,
        recorded=True,
        attestation="sha256:x",
    )
    planned = _plan(source, state)
    assert not planned.changed
    assert planned.images[0].present_blobs == source.root.blobs
    assert planned.images[0].attestation == "sha256:x"
    assert diff(planned, HOSTS) == {}


@pytest.mark.parametrize(
    ("state", "attest", "record"),
    [
        ({"attested": True, "recorded": False}, False, True),
        ({"attested": False, "recorded": True}, True, False),
        ({"attested": True, "recorded": True, "tags": ()}, False, True),
    ],
)
def test_what_is_kept_of_a_promotion_is_completed(state: dict[str, object], attest: bool, record: bool) -> None:
    source = _source("a")
    known = {"manifests": frozenset({source.digest}), "tags": (("1", source.digest),), **state}
    image = _plan(source, DestinationState(NOTHING.settings, **known)).images[0]  # type: ignore[arg-type]
    assert (image.attest, image.record) == (attest, record)


def test_a_tag_that_names_something_else_is_refused_with_both_digests() -> None:
    source, other = _source("a"), "sha256:" + "0" * 64
    with pytest.raises(RefusedError) as caught:
        _plan(source, DestinationState(NOTHING.settings, tags=(("1", other),)))
    assert source.digest in str(caught.value)
    assert other in str(caught.value)


def test_a_fallback_tag_that_is_no_index_is_refused_or_warned_of() -> None:
    shelf = Shelf()
    root = samples.image(shelf, "a")
    sbom = parse_manifest(samples.referrer(shelf, root, "sbom", "application/spdx+json"))
    from_source = SourceImage(
        ASKED, parse_manifest(root), (parse_manifest(root),), (Attachment("sbom", root.digest, sbom),)
    )
    held = parse_manifest(samples.image(shelf, "no index"))
    state = DestinationState(NOTHING.settings, held=((fallback_tag(root.digest), held),))
    with pytest.raises(RefusedError, match="which is no index"):
        _plan(from_source, state)
    warned = PromotionRequest((), attachments=AttachmentsMode.WARN)
    assert "which is no index" in _plan(from_source, state, warned).images[0].warnings[0]


def test_the_diff_says_what_is_written_and_what_the_gates_found() -> None:
    planned = _plan(_source("a" * 1500))
    gate = GateResult("age", GateMode.WARN, Verdict.UNHEALTHY, "1 hour", "24 hours")
    judged = PromotionPlan((replace(planned.images[0], gates=(gate,)),))
    said = diff(judged, HOSTS)
    assert said["before"] == "prod.example/prod/app:1 -> nothing\n"
    assert "gate age (warn): UNHEALTHY, 1 hour; expected 24 hours" in said["after"]
    assert " 1.5 kB application/vnd.oci.image.layer.v1.tar+zstd" in said["after"]
    assert said["after"].index("write manifest") < said["after"].index("write tag 1 ->")
    assert gate_refusal(judged, HOSTS) == ""
    required = replace(gate, mode=GateMode.REQUIRED)
    text = gate_refusal(PromotionPlan((replace(planned.images[0], gates=(required, required)),)), HOSTS)
    assert text.count("is stopped by its gate age") == 2
    assert text.endswith("Mend what the gates found, then run again.")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (340_200_000, "340.2 MB"),
        (5 * 10**21, "5000.0 EB"),
    ],
)
def test_sizes_are_for_people(count: int, text: str) -> None:
    assert human_bytes(count) == text


def test_progress_is_layers_bytes_and_rate() -> None:
    line = progress_line(blobs=(3, 9), sent=(120_000_000, 340_200_000), seconds=1.5)
    assert line == "copied 3 of 9 layers, 120.0 MB of 340.2 MB, 80.0 MB/s"
    assert progress_line(blobs=(0, 1), sent=(0, 1), seconds=0.0) == "copied 0 of 1 layers, 0 B of 1 B"


def test_the_attestation_is_known_by_its_descriptor_and_says_what_happened() -> None:
    source = _source("a")
    promotion = Promotion(
        "app", "P#x", "1", source.digest, "c" * 40, "dev", f"prod.example/prod/app:1@{source.digest}", "now", "me"
    )
    made = artifact(statement(source, promotion), source.root, created="2026-01-02T03:04:05.000Z")
    manifest = parse_manifest(made.manifest)
    assert is_attestation(descriptor_of(manifest))
    assert not is_attestation(Descriptor("sha256:x", 1, "y", "application/vnd.in-toto+json"))
    assert {one.digest for one, _content in made.blobs} == {one.digest for one in manifest.blobs}
    said = json.loads(made.blobs[1][1])
    assert (said["_type"], said["predicateType"]) == ("https://in-toto.io/Statement/v1", PREDICATE_TYPE)
    assert said["subject"][0]["name"] == "prod.example/prod/app:1"
    assert said["predicate"]["commit"] == "c" * 40


def test_an_index_is_extended_without_touching_what_it_has() -> None:
    shelf = Shelf()
    one, two, three = (parse_manifest(samples.image(shelf, name)) for name in "abc")
    held = parse_manifest(samples.index(shelf, [(one.raw, "linux/amd64")], annotations={"kept": "yes"}))
    raw = extend_index(held, [descriptor_of(two), descriptor_of(one), descriptor_of(three), descriptor_of(two)])
    assert [child.digest for child in parse_manifest(raw).children] == [one.digest, two.digest, three.digest]
    assert json.loads(raw.content)["annotations"] == {"kept": "yes"}
    assert extend_index(parse_manifest(raw), [descriptor_of(two)]).digest == raw.digest
    assert [child.digest for child in parse_manifest(without(raw, {two.digest})).children] == [one.digest, three.digest]


def test_tags_of_attachments_fit_a_registry() -> None:
    assert fallback_tag("sha256:" + "a" * 64) == "sha256-" + "a" * 64
    assert len(fallback_tag("sha512:" + "b" * 128)) == 71
    assert [(one.tag[-5:], one.kind) for one in cosign_tags("sha256:" + "a" * 64)] == [
        ("a.sig", "signature"),
        ("a.att", "attestation"),
        (".sbom", "sbom"),
    ]


@pytest.mark.parametrize(
    ("artifact_type", "kind"),
    [
        ("application/vnd.dev.sigstore.bundle.v0.3+json", "bundle"),
        ("application/vnd.cncf.notary.signature", "signature"),
        ("application/vnd.in-toto+json", "attestation"),
        ("application/spdx+json", "sbom"),
        ("application/vnd.cyclonedx+json", "sbom"),
        ("application/vnd.example", "application/vnd.example"),
    ],
)
def test_kinds_are_words_for_what_is_well_known(artifact_type: str, kind: str) -> None:
    shelf = Shelf()
    assert kind_of(parse_manifest(samples.referrer(shelf, samples.image(shelf, "a"), "x", artifact_type))) == kind
