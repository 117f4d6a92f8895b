# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of the destination."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    CredentialsError,
    DependencyError,
    OperationError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import AttachmentsMode

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import DESTINATION, SOURCE, TAG, listed, request, run, sample
from tests.unit.plugins.module_utils._promotion.fakes import RepositorySettings, World


def test_nothing_to_do_takes_two_requests_a_manifest_and_one_a_blob() -> None:
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
    blobs = [call for call in asked if call[0] == "HEAD blob"]
    assert len(blobs) == len(set(blobs)) == len(world.destination[DESTINATION].blobs)
    assert not [call for call in world.source.calls if "blob" in call[0]]
    assert len(asked) - len(blobs) <= 2 * manifests + 2


def test_each_manifest_that_is_there_is_read_once_by_its_tag_or_its_digest() -> None:
    world = World()
    sample(world)
    run(world)
    world.destination.calls.clear()
    run(world)
    calls = [call for call in world.destination.calls if call[0] in {"GET", "HEAD"}]
    found = [world.destination.resolve(Address(repository, reference)) for _verb, repository, reference in calls]
    digests = [manifest.digest for manifest in found if manifest]
    assert any("sha256-" in reference and reference.endswith(".sig") for _verb, _repository, reference in calls)
    assert len(digests) == len(set(digests))


def test_a_missing_ecr_repository_has_to_be_provisioned() -> None:
    world = World()
    sample(world)
    world.destination.settings = RepositorySettings(exists=False)
    with pytest.raises(DependencyError, match="Provision the component ecr"):
        run(world)


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


def _pieces(api: bool) -> list[tuple[str, str]]:
    """Every blob and manifest that a promotion leaves at the destination."""
    world = World(source_api=api, destination_api=api)
    sample(world)
    run(world)
    held = world.destination[DESTINATION]
    return [*(("blob", digest) for digest in held.blobs), *(("manifest", digest) for digest in held.manifests)]


@pytest.mark.parametrize("api", [True, False])
@pytest.mark.parametrize("cut", [True, False])
def test_whatever_the_destination_lost_is_sent_again(api: bool, cut: bool) -> None:
    for number, (kind, _digest) in enumerate(_pieces(api)):
        world = World(source_api=api, destination_api=api)
        sample(world)
        run(world)
        held = world.destination[DESTINATION]
        digest = [*held.blobs, *held.manifests][number]
        listed = set(held.tags.values())
        if kind == "manifest" and (cut or digest in listed):
            continue  # other bytes under a digest are refused by the client; a tag's manifest is the tag
        if cut:
            held.blobs[digest] = held.blobs[digest][:-1]
        elif kind == "blob":
            del held.blobs[digest]
        else:
            del held.manifests[digest]
        before = world.destination.writes
        assert run(world, check_mode=True).changed
        assert world.destination.writes == before
        assert run(world).changed
        assert world.destination.missing() == []
        assert not run(world).changed
        if kind == "blob" and not cut:
            assert digest in held.blobs or digest not in {blob for name, blob in _pieces(api) if name == "blob"}


def test_a_blob_that_is_missing_is_predicted_and_copied_alone() -> None:
    world = World()
    sample(world)
    run(world)
    digest = samples.digest_of(b"amd64")
    del world.destination[DESTINATION].blobs[digest]
    (predicted,) = run(world, check_mode=True).images
    assert (predicted.blobs_copied, predicted.bytes_copied) == (1, len(b"amd64"))
    world.source.calls.clear()
    (done,) = run(world).images
    assert (done.blobs_copied, done.plan.manifests, done.plan.tag, done.plan.attest) == (1, (), None, False)
    assert [call[2] for call in world.source.calls if call[0] == "GET blob"] == [digest]
    assert len(world.lines) == 1


FAILURES = [CredentialsError("403"), OperationError("garbage"), UnavailableError("busy")]


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("api", [True, False])
def test_referrers_that_the_destination_does_not_list_are_listed_under_tags(failure: Exception, api: bool) -> None:
    world = World(destination_api=api)
    made = sample(world)

    def fail(_subject: Address) -> None:
        raise failure

    world.destination.list_referrers = fail  # type: ignore[method-assign, assignment]
    (done,) = run(world).images
    assert "listed under tags" in done.plan.warnings[0]
    assert set(listed(world.destination[DESTINATION], made.root)) >= {made.attachments[0].digest, done.attestation}
    again = run(world)
    assert not again.changed
    assert again.images[0].attestation == done.attestation


def test_a_list_that_nobody_needs_is_not_warned_of() -> None:
    world = World()
    sample(world)
    world.destination.list_referrers = lambda _subject: (_ for _ in ()).throw(FAILURES[0])  # type: ignore[method-assign]
    (done,) = run(world, request(attest=False, attachments=AttachmentsMode.OFF)).images
    assert done.plan.warnings == ()


def test_an_attestation_that_is_no_manifest_is_none() -> None:
    world = World()
    sample(world)
    done = run(world).images[0]
    shelf = world.destination[DESTINATION]
    shelf.manifests[done.attestation] = replace(shelf.manifests[done.attestation], content=b"[]")
    predicted = run(world, check_mode=True)
    assert (predicted.plan.images[0].attestation, predicted.plan.images[0].attest) == ("", True)
