"""What is asked of the destination."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    DependencyError,
)

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import DESTINATION, SOURCE, TAG, run, sample
from tests.unit.plugins.module_utils._promotion.fakes import RepositorySettings, World


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
