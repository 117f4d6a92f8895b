"""A promotion from end to end, between registries in memory."""

from __future__ import annotations

import json

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    DependencyError,
    OperationError,
    RefusedError,
    RequestError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.labels import LabelPolicy, Labels
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.model import ConfiguredGate
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.info import read_promotions
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.report import as_data
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.run import promote
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import ImageRequest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import PREDICATE_TYPE, GateMode

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import DESTINATION, SOURCE, TAG, request, run, sample
from tests.unit.plugins.module_utils._promotion.fakes import RepositorySettings, World

APIS = pytest.mark.parametrize(("source_api", "destination_api"), [(0, 0), (0, 1), (1, 0), (1, 1)])
LABELS = (ConfiguredGate(Labels(), GateMode.REQUIRED, LabelPolicy((("team", "video"),), revision_is_tag=False)),)


@APIS
def test_all_that_belongs_to_an_image_goes_along_byte_for_byte(source_api: int, destination_api: int) -> None:
    world = World(source_api=bool(source_api), destination_api=bool(destination_api))
    made = sample(world)
    result = run(world)
    held = world.destination[DESTINATION]
    assert result.changed
    assert held.tags[TAG] == made.root.digest
    assert all(held.manifests[one.digest].content == one.content for one in (*made.images, *made.attachments))
    assert world.destination.missing() == []
    assert {tag: held.tags[tag] for tag in world.source[SOURCE].tags if "." in tag} == {
        tag: digest for tag, digest in world.source[SOURCE].tags.items() if "." in tag
    }
    listed = [one.digest for one in world.destination.list_referrers(Address(DESTINATION, made.root.digest)) or ()]
    if not destination_api:
        index = held.manifests[held.tags[made.root.digest.replace(":", "-")]]
        listed = [one["digest"] for one in json.loads(index.content)["manifests"]]
    assert set(listed) == {made.attachments[0].digest, result.images[0].attestation}


@APIS
def test_a_second_run_changes_nothing(source_api: int, destination_api: int) -> None:
    world = World(source_api=bool(source_api), destination_api=bool(destination_api))
    sample(world)
    assert run(world).changed
    writes = world.destination.writes
    assert not run(world).changed
    assert not run(world, check_mode=True).changed
    assert world.destination.writes == writes
    assert len(world.lines) == 1


@APIS
def test_check_mode_predicts_and_writes_nothing(source_api: int, destination_api: int) -> None:
    world = World(source_api=bool(source_api), destination_api=bool(destination_api))
    made = sample(world)
    predicted = as_data(run(world, check_mode=True))
    assert world.destination.writes == 0
    assert world.lines == []
    done = as_data(run(world))
    assert predicted["changed"]
    assert predicted["diff"] == done["diff"]
    assert predicted["images"][0]["bytes_copied"] == done["images"][0]["bytes_copied"] > 0
    assert f"{TAG} -> nothing" in predicted["diff"]["before"]
    assert f"write tag {TAG} -> {made.root.digest}" in predicted["diff"]["after"]


def test_nothing_to_do_takes_two_requests_a_manifest_and_asks_for_no_blob() -> None:
    world = World()
    made = sample(world)
    run(world)
    world.source.calls.clear()
    world.destination.calls.clear()
    run(world)
    asked = [*world.source.calls, *world.destination.calls]
    manifests = len({*made.images, *made.attachments}) + 3 + 1  # three indexes of referrers, one attestation
    assert [call for call in world.source.calls if call[0] == "LIST"] == [("LIST", SOURCE, "")]
    assert len([call for call in world.source.calls if call[0] == "REFERRERS"]) == 1
    assert len(asked) <= 2 * manifests + 2
    assert not [call for call in asked if "blob" in call[0]]


def test_order_is_blobs_children_index_referrers_tags_and_the_tag_last() -> None:
    world = World(destination_api=True)
    made = sample(world)
    run(world)
    written = [(verb, reference) for verb, _repository, reference in world.destination.calls if verb.startswith("PUT")]
    first_manifest = next(number for number, (verb, _reference) in enumerate(written) if verb == "PUT")
    assert all(
        verb == "PUT" or number in (len(written) - 4, len(written) - 3)
        for number, (verb, _reference) in enumerate(written[first_manifest:], first_manifest)
    )
    place = {reference: number for number, (_verb, reference) in enumerate(written)}
    assert max(place[made.amd64.digest], place[made.arm64.digest]) < place[made.root.digest]
    assert place[made.root.digest] < place[made.attachments[0].digest] < place[made.attachments[1].digest]
    assert written[-1] == ("PUT", TAG)


def test_the_record_and_the_attestation_tell_the_same() -> None:
    world = World(destination_api=True)
    made = sample(world)
    result = run(world)
    line = world.lines[0]
    assert (line.version, line.digest, line.commit) == (TAG, made.root.digest, "a" * 40)
    assert line.attestation == result.images[0].attestation
    artifact = json.loads(world.destination[DESTINATION].manifests[line.attestation].content)
    assert artifact["subject"]["digest"] == made.root.digest
    assert artifact["annotations"]["in-toto.io/predicate-type"] == PREDICATE_TYPE
    statement = json.loads(world.destination[DESTINATION].blobs[artifact["layers"][0]["digest"]])
    assert statement["subject"][0]["digest"] == {"sha256": made.root.digest.removeprefix("sha256:")}
    assert statement["predicate"]["promotedBy"] == line.promoted_by
    assert {one["digest"] for one in statement["predicate"]["attachments"]} == {one.digest for one in made.attachments}
    assert read_promotions("app", world.ports().promotions, version="1.4.2") == (line,)
    assert read_promotions("app", world.ports().promotions, digest="sha256:other") == ()


def test_a_tag_with_another_digest_is_refused_on_a_mutable_repository_too() -> None:
    world = World()
    made = sample(world)
    other = samples.image(world.destination[DESTINATION], "other", tag=TAG)
    with pytest.raises(RefusedError, match="a tag never moves") as caught:
        run(world)
    assert made.root.digest in str(caught.value)
    assert other.digest in str(caught.value)
    assert world.destination.writes == 0


def test_without_a_destination_tag_the_digest_is_all_there_is() -> None:
    world = World()
    made = sample(world)
    asked = request(ImageRequest(SOURCE, DESTINATION, digest=made.root.digest), attest=False)
    assert run(world, asked).changed
    assert made.root.digest in world.destination[DESTINATION].manifests
    assert not [tag for tag in world.destination[DESTINATION].tags if not tag.startswith("sha256-")]
    assert not run(world, asked).changed


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_required_gate_that_does_not_pass_stops_everything(check_mode: bool) -> None:
    world = World()
    sample(world)
    with pytest.raises(RefusedError, match="stopped by its gate labels") as caught:
        run(world, request(gates=LABELS), check_mode=check_mode)
    assert caught.value.details["gates"][0]["verdict"] == Verdict.UNHEALTHY.value
    assert "gate labels (required)" in caught.value.details["diff"]["after"]
    assert world.destination.writes == 0


def test_an_image_in_place_is_not_judged_again() -> None:
    world = World()
    sample(world)
    run(world)
    assert not run(world, request(gates=LABELS)).changed


def test_two_images_share_what_they_have_in_common() -> None:
    world = World()
    shelf = world.source[SOURCE]
    samples.image(shelf, "base", "one", tag="1")
    samples.image(shelf, "base", "two", tag="2")
    images = [ImageRequest(SOURCE, DESTINATION, tag, "", tag) for tag in ("1", "2")]
    result = run(world, request(*images))
    copied = [call for call in world.destination.calls if call == ("PUT blob", DESTINATION, samples.digest_of(b"base"))]
    assert len(copied) == 1
    assert [one.blobs_copied for one in result.images] == [3, 2]
    assert not run(world, request(*images)).changed


def test_two_images_cannot_have_one_tag() -> None:
    world = World()
    shelf = world.source[SOURCE]
    samples.image(shelf, "one", tag="1")
    samples.image(shelf, "two", tag="2")
    with pytest.raises(RequestError, match="Two images of this promotion go to the tag"):
        run(world, request(*(ImageRequest(SOURCE, DESTINATION, tag, "", "same") for tag in ("1", "2"))))
    assert world.destination.writes == 0


def test_the_same_image_twice_is_promoted_once() -> None:
    world = World()
    sample(world)
    one = ImageRequest(SOURCE, DESTINATION, TAG, "", TAG)
    result = run(world, request(one, one))
    assert [image.plan.changed for image in result.images] == [True, False]
    assert len(world.lines) == 1


def test_on_one_registry_blobs_are_mounted() -> None:
    world = World()
    sample(world)
    world.destination = world.source
    result = run(world)
    assert (result.images[0].blobs_copied, result.images[0].bytes_copied) == (0, 0)
    assert result.images[0].blobs_mounted > 0
    assert not run(world).changed


def test_platforms_make_another_digest_which_has_to_be_allowed() -> None:
    world = World()
    made = sample(world)
    one = ImageRequest(SOURCE, DESTINATION, TAG, "", TAG, ("linux/arm64",))
    with pytest.raises(RefusedError, match="allow_digest_change"):
        run(world, request(one))
    result = run(world, request(one, allow_digest_change=True))
    source = result.plan.images[0].source
    assert source.rewritten_from == made.root.digest != source.digest
    assert made.amd64.digest not in world.destination[DESTINATION].manifests
    assert made.arm64.digest in world.destination[DESTINATION].manifests
    assert not run(world, request(one, allow_digest_change=True)).changed


@pytest.mark.parametrize(
    ("tag", "digest", "says"),
    [
        ("9.9.9", "", "no such image"),
        (TAG, "sha256:" + "0" * 64, "was asked for"),
        ("", "sha256:" + "0" * 64, "no such"),
    ],
)
def test_what_is_not_there_or_not_what_was_asked_for_is_refused(tag: str, digest: str, says: str) -> None:
    world = World()
    sample(world)
    with pytest.raises(RefusedError, match=says):
        run(world, request(ImageRequest(SOURCE, DESTINATION, tag, digest, "new")))


def test_a_missing_ecr_repository_has_to_be_provisioned() -> None:
    world = World()
    sample(world)
    world.destination.settings = RepositorySettings(exists=False)
    with pytest.raises(DependencyError, match="Provision the component ecr"):
        run(world)


def test_a_child_that_the_source_lost_is_said() -> None:
    world = World()
    made = sample(world)
    del world.source[SOURCE].manifests[made.amd64.digest]
    with pytest.raises(RefusedError, match="part of it was deleted"):
        run(world)
    assert world.destination.writes == 0


def test_nothing_is_recorded_without_a_service() -> None:
    world = World()
    sample(world)
    assert run(world, request(service="")).changed
    assert world.lines == []
    assert not promote(request(service=""), world.ports(), check_mode=False).changed


def test_a_foreign_layer_that_nobody_has_is_left_where_it_is() -> None:
    world = World()
    shelf = world.source[SOURCE]
    foreign = {
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "digest": samples.digest_of(b"windows"),
        "size": 7,
        "urls": ["https://example.com/windows"],
    }
    config = samples.blob(shelf, b"{}", samples.CONFIG)
    samples.put(
        shelf,
        samples.raw({"schemaVersion": 2, "mediaType": samples.OCI_MANIFEST, "config": config, "layers": [foreign]}),
        TAG,
    )
    result = run(world)
    assert "https://example.com/windows" in result.images[0].plan.warnings[0]
    assert world.destination[DESTINATION].tags[TAG]
    assert not run(world).changed
    world = World()
    world.source[SOURCE].blobs |= {**shelf.blobs, samples.digest_of(b"windows"): b"windows"}
    world.source[SOURCE].manifests |= shelf.manifests
    world.source[SOURCE].tags |= shelf.tags
    assert run(world).images[0].plan.warnings == ()
    assert samples.digest_of(b"windows") in world.destination[DESTINATION].blobs


def test_an_ordinary_layer_that_the_source_lacks_fails_before_the_tag() -> None:
    world = World()
    sample(world)
    del world.source[SOURCE].blobs[samples.digest_of(b"amd64")]
    with pytest.raises(OperationError, match="No tag was written"):
        run(world)
    assert TAG not in world.destination[DESTINATION].tags
