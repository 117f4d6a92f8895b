"""What belongs to an image: carried, merged, reported, or refused; never lost in silence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import AttachmentsMode

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import (
    BUNDLE,
    DESTINATION,
    SOURCE,
    SPDX,
    TAG,
    request,
    run,
    sample,
)
from tests.unit.plugins.module_utils._promotion.fakes import World

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import RawManifest
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address

    from tests.unit.plugins.module_utils._promotion.fakes import Repository

WARN = request(attachments=AttachmentsMode.WARN)


def _listed(shelf: Repository, subject: RawManifest) -> list[str]:
    index = shelf.manifests[shelf.tags[subject.digest.replace(":", "-")]]
    return [one["digest"] for one in json.loads(index.content)["manifests"]]


def test_each_is_reported_with_its_kind_and_subject() -> None:
    world = World()
    made = sample(world)
    found = {(one.kind, one.subject) for one in run(world).plan.images[0].source.attachments}
    assert found == {
        ("sbom", made.root.digest),
        ("bundle", made.attachments[0].digest),
        ("bundle", made.arm64.digest),
        ("signature", made.root.digest),
        ("attestation", made.amd64.digest),
    }


def test_off_looks_for_none() -> None:
    world = World()
    made = sample(world)
    run(world, request(attachments=AttachmentsMode.OFF))
    assert not [call for call in world.source.calls if call[0] in ("LIST", "REFERRERS")]
    assert not {one.digest for one in made.attachments} & set(world.destination[DESTINATION].manifests)


@pytest.mark.parametrize("source_api", [True, False])
def test_a_referrer_of_something_else_is_said_and_left(source_api: bool) -> None:
    world = World(source_api=source_api)
    shelf = world.source[SOURCE]
    image = samples.image(shelf, "one", tag=TAG)
    other = samples.image(shelf, "two")
    liar = samples.referrer(shelf, other, "not yours", BUNDLE)
    samples.fallback(shelf, image, liar)
    result = run(world)
    assert "but it refers to" in result.images[0].plan.warnings[0]
    assert liar.digest not in world.destination[DESTINATION].manifests
    assert _listed(world.destination[DESTINATION], image) == [result.images[0].attestation]


def test_a_referrer_that_the_source_lost_is_said() -> None:
    world = World()
    made = sample(world)
    del world.source[SOURCE].manifests[made.attachments[0].digest]
    assert "does not have it; it was not copied" in run(world).images[0].plan.warnings[0]


def test_what_the_destination_has_of_its_own_stays_listed() -> None:
    world = World()
    made = sample(world)
    run(world)
    shelf = world.destination[DESTINATION]
    own = samples.referrer(shelf, made.root, "signed in production", BUNDLE)
    before = _listed(shelf, made.root)
    held = [shelf.manifests[one] for one in before]
    samples.fallback(shelf, made.root, *held, own)
    new = samples.referrer(world.source[SOURCE], made.root, "another SBOM", SPDX)
    samples.fallback(world.source[SOURCE], made.root, made.attachments[0], new)
    assert run(world).changed
    assert _listed(shelf, made.root) == [*before, own.digest, new.digest]
    assert not run(world).changed


def test_a_signature_that_the_source_added_goes_along_later() -> None:
    world = World()
    made = sample(world)
    run(world)
    more = samples.cosign(world.source[SOURCE], made.root, "one", "two")
    result = run(world)
    assert [step.manifest.digest for step in result.plan.images[0].attachment_tags] == [more.digest]
    assert world.destination[DESTINATION].tags[more_tag(made.root)] == more.digest
    assert len(world.lines) == 1
    assert not run(world).changed


def more_tag(subject: RawManifest) -> str:
    return subject.digest.replace(":", "-") + ".sig"


def test_a_signature_that_the_destination_added_is_left_alone() -> None:
    world = World()
    made = sample(world)
    run(world)
    more = samples.cosign(world.destination[DESTINATION], made.root, "one", "made in production")
    assert not run(world).changed
    assert world.destination[DESTINATION].tags[more_tag(made.root)] == more.digest


@pytest.mark.parametrize("mode", [AttachmentsMode.REQUIRED, AttachmentsMode.WARN])
def test_signatures_on_both_sides_are_never_thrown_away(mode: AttachmentsMode) -> None:
    world = World()
    made = sample(world)
    run(world)
    theirs = samples.cosign(world.destination[DESTINATION], made.root, "one", "made in production")
    samples.cosign(world.source[SOURCE], made.root, "one", "two")
    if mode is AttachmentsMode.REQUIRED:
        with pytest.raises(RefusedError, match="lacks"):
            run(world)
    else:
        result = run(world, WARN)
        assert "was not written" in result.images[0].plan.warnings[0]
        assert not result.changed
    assert world.destination[DESTINATION].tags[more_tag(made.root)] == theirs.digest


def test_an_immutable_repository_needs_a_filter_for_tags_that_move() -> None:
    world = World(destination_api=True)
    world.make_ecr()
    made = sample(world)
    run(world)
    more = samples.cosign(world.source[SOURCE], made.root, "one", "two")
    writes = world.destination.writes
    with pytest.raises(RefusedError, match=r"add sha256-\* to its tag mutability exclusion filters"):
        run(world)
    assert world.destination.writes == writes
    assert not run(world, WARN).changed
    world.make_ecr("sha256-*")
    assert run(world).changed
    assert world.destination[DESTINATION].tags[more_tag(made.root)] == more.digest


def test_an_attestation_that_could_not_be_listed_is_refused_before_anything_is_written() -> None:
    world = World()
    made = sample(world)
    run(world, request(attest=False))
    world.make_ecr()
    writes = world.destination.writes
    with pytest.raises(RefusedError, match="attestation of this promotion cannot be listed"):
        run(world)
    assert world.destination.writes == writes
    assert not run(world, WARN).changed
    world.make_ecr("sha256-*")
    result = run(world)
    assert result.images[0].attestation in _listed(world.destination[DESTINATION], made.root)


def test_an_attachment_that_the_destination_refuses_fails_the_run_before_the_tag() -> None:
    world = World()
    made = sample(world)
    world.destination.refuses = lambda _reference, raw: "unsupported" if b'"subject"' in raw.content else ""
    with pytest.raises(OperationError, match="No tag was written"):
        run(world)
    assert TAG not in world.destination[DESTINATION].tags
    result = run(world, WARN)
    held = world.destination[DESTINATION]
    assert held.tags[TAG] == made.root.digest
    assert len(result.images[0].warnings) == 4  # three referrers and the attestation
    assert all("refused" in one for one in result.images[0].warnings)
    assert not [tag for tag in held.tags if tag.startswith("sha256-") and "." not in tag]
    assert result.images[0].attestation == ""
    again = run(world, WARN)
    assert not again.changed
    assert len(again.images[0].warnings) == 4


def test_one_refused_attachment_is_left_out_of_the_index_of_referrers() -> None:
    world = World()
    shelf = world.source[SOURCE]
    image = samples.image(shelf, "one", tag=TAG)
    sbom = samples.referrer(shelf, image, "what is in it", SPDX)
    bundle = samples.referrer(shelf, image, "who says so", BUNDLE)
    samples.fallback(shelf, image, sbom, bundle)
    world.destination.refuses = lambda reference, _raw: "unsupported" if reference == bundle.digest else ""
    result = run(world, request(attachments=AttachmentsMode.WARN, attest=False))
    assert _listed(world.destination[DESTINATION], image) == [sbom.digest]
    assert bundle.digest in result.images[0].warnings[0]


def test_an_attestation_that_another_run_wrote_over_is_listed_again() -> None:
    world = World()
    made = sample(world)
    shelf = world.destination[DESTINATION]
    tag = made.root.digest.replace(":", "-")
    written: list[str] = []
    world.destination.on_write = lambda _verb, reference: written.append(reference)
    resolve = world.destination.resolve

    def overwritten(address: Address) -> RawManifest | None:
        if address.reference == tag and written.count(tag) == 1:
            return samples.fallback(shelf, made.root)
        return resolve(address)

    world.destination.resolve = overwritten  # type: ignore[method-assign]
    attestation = run(world).images[0].attestation
    assert written.count(tag) == 2
    assert attestation in _listed(shelf, made.root)


def test_an_attestation_from_an_earlier_stage_is_carried_and_is_not_taken_for_this_ones() -> None:
    world = World(destination_api=True)
    sample(world)
    first = run(world).images[0].attestation
    onward = World(source_api=True, destination_api=True)
    onward.source.repositories[SOURCE] = world.destination[DESTINATION]
    result = run(onward)
    assert first in {one.manifest.digest for one in result.plan.images[0].source.attachments}
    assert result.images[0].attestation not in ("", first)
    assert not run(onward).changed


def test_a_carried_attestation_does_not_stand_for_ours_when_a_run_ended_before_it_was_written() -> None:
    world = World(destination_api=True)
    sample(world)
    first = run(world).images[0].attestation
    onward = World(source_api=True, destination_api=True)
    onward.source.repositories[SOURCE] = world.destination[DESTINATION]

    def die(_verb: str, reference: str) -> None:
        if first in onward.destination[DESTINATION].manifests and reference.startswith("sha256:"):
            raise UnavailableError("The network is down.")

    onward.destination.on_write = die
    with pytest.raises(UnavailableError, match="No tag was written"):
        run(onward)
    onward.destination.on_write = lambda _verb, _reference: None
    assert run(onward).images[0].attestation not in ("", first)


def test_children_of_an_index_that_belongs_to_an_image_go_along() -> None:
    world = World(source_api=True, destination_api=True)
    shelf = world.source[SOURCE]
    image = samples.image(shelf, "one", tag=TAG)
    part = samples.image(shelf, "part")
    whole = samples.index(shelf, [(part, "")], subject=samples.named(image), artifactType="application/vnd.example")
    result = run(world)
    held = world.destination[DESTINATION].manifests
    assert {part.digest, whole.digest} <= set(held)
    assert result.plan.images[0].source.attachments[0].kind == "application/vnd.example"
    assert not run(world).changed
