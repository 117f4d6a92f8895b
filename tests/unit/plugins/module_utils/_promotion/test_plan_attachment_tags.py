# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of attachments: merged, refused or left; nothing that the destination has is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    RefusedError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import RawManifest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.parse import parse_manifest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.referrers import (
    fallback_tag,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import (
    Attachment,
    AttachmentsMode,
    DestinationState,
    SourceImage,
)

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.adapters.keys import signer
from tests.unit.plugins.module_utils._promotion.case import (
    ASKED,
    BUNDLE,
    DESTINATION,
    NOTHING,
    SOURCE,
    SPDX,
    listed,
    planned,
    request,
    run,
    sample,
)
from tests.unit.plugins.module_utils._promotion.fakes import Repository, World

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import RawManifest


def test_a_fallback_tag_that_is_no_index_is_refused_or_warned_of() -> None:
    shelf = Repository()
    root = samples.image(shelf, "a")
    sbom = parse_manifest(samples.referrer(shelf, root, "sbom", "application/spdx+json"))
    from_source = SourceImage(
        ASKED, parse_manifest(root), (parse_manifest(root),), (Attachment("sbom", root.digest, sbom),)
    )
    held = parse_manifest(samples.image(shelf, "no index"))
    state = DestinationState(NOTHING.settings, held=((fallback_tag(root.digest), held),))
    with pytest.raises(RefusedError, match="which is no index"):
        planned(from_source, state)
    assert "which is no index" in planned(from_source, state, attachments=AttachmentsMode.WARN).images[0].warnings[0]


WARN = request(attachments=AttachmentsMode.WARN)


def more_tag(subject: RawManifest) -> str:
    return subject.digest.replace(":", "-") + ".sig"


def test_what_the_destination_has_of_its_own_stayslisted() -> None:
    world = World()
    made = sample(world)
    run(world)
    shelf = world.destination[DESTINATION]
    own = samples.referrer(shelf, made.root, "signed in production", BUNDLE)
    before = listed(shelf, made.root)
    held = [shelf.manifests[each] for each in before]
    samples.fallback(shelf, made.root, *held, own)
    new = samples.referrer(world.source[SOURCE], made.root, "another SBOM", SPDX)
    samples.fallback(world.source[SOURCE], made.root, made.attachments[0], new)
    assert run(world).changed
    assert listed(shelf, made.root) == [*before, own.digest, new.digest]
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


@pytest.mark.parametrize("mode", AttachmentsMode)
def test_a_signature_that_could_not_be_listed_is_refused_whatever_the_mode(mode: AttachmentsMode) -> None:
    world = World()
    made = sample(world)
    world.make_ecr()
    run(world, request(attachments=mode))
    writes = world.destination.writes
    with pytest.raises(RefusedError, match=r"Signing .* was refused, and nothing was changed.* add sha256-\*"):
        run(world, request(attachments=mode), signer=signer())
    assert world.destination.writes == writes
    world.make_ecr("sha256-*")
    assert run(world, request(attachments=mode), signer=signer()).images[0].signed
    shelf = world.destination[DESTINATION]
    shelf.tags[fallback_tag(made.root.digest)] = made.amd64.digest
    with pytest.raises(RefusedError, match=r"which is no index\. Remove that tag"):
        run(world, request(attachments=AttachmentsMode.OFF), signer=signer(1))


def test_a_signature_alone_may_be_the_first_under_its_tag() -> None:
    world = World()
    sample(world)
    world.make_ecr()
    asked = request(attachments=AttachmentsMode.OFF, attest=False)
    assert run(world, asked, signer=signer()).images[0].signed
    assert not run(world, asked, signer=signer()).changed


def test_an_attestation_that_could_not_be_listed_is_refused_before_anything_is_written() -> None:
    world = World()
    made = sample(world)
    run(world, request(attest=False))
    world.make_ecr()
    writes = world.destination.writes
    with pytest.raises(RefusedError, match="attestation of this promotion cannot be listed"):
        run(world)
    assert world.destination.writes == writes
    warned = run(world, WARN)
    assert not warned.changed
    assert "attestation of this promotion cannot be listed" in warned.images[0].plan.warnings[0]
    world.make_ecr("sha256-*")
    result = run(world)
    assert result.images[0].attestation in listed(world.destination[DESTINATION], made.root)
