# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is attached to an image is found, and what is not right about it is said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    CredentialsError,
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
    TAG,
    listed,
    request,
    run,
    sample,
)
from tests.unit.plugins.module_utils._promotion.fakes import World


def test_each_is_reported_with_its_kind_and_subject() -> None:
    world = World()
    made = sample(world)
    found = {(each.kind, each.subject) for each in run(world).plan.images[0].source.attachments}
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
    assert not {each.digest for each in made.attachments} & set(world.destination[DESTINATION].manifests)


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
    assert listed(world.destination[DESTINATION], image) == [result.images[0].attestation]


def test_a_referrer_that_the_source_lost_is_said() -> None:
    world = World()
    made = sample(world)
    del world.source[SOURCE].manifests[made.attachments[0].digest]
    assert "does not have it; it was not copied" in run(world).images[0].plan.warnings[0]


@pytest.mark.parametrize("mode", [AttachmentsMode.REQUIRED, AttachmentsMode.WARN])
def test_a_referrer_that_is_no_manifest_is_refused_or_left_with_a_warning(mode: AttachmentsMode) -> None:
    world = World()
    made = sample(world)
    (sbom, *_others) = made.attachments
    shelf = world.source[SOURCE]
    shelf.manifests[sbom.digest] = replace(sbom, content=b"[]")
    if mode is AttachmentsMode.REQUIRED:
        with pytest.raises(RefusedError, match=r"cannot be carried\. Manifest .* set attachments to warn"):
            run(world, request(attachments=mode))
        return
    (image,) = run(world, request(attachments=mode)).images
    assert any(f"lists {sbom.digest}" in warning and "is no manifest" in warning for warning in image.plan.warnings)
    assert sbom.digest not in world.destination[DESTINATION].manifests


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


FAILURES = [CredentialsError("403 of the registry"), OperationError("garbage"), UnavailableError("busy")]


@pytest.mark.parametrize("mode", [AttachmentsMode.REQUIRED, AttachmentsMode.WARN])
@pytest.mark.parametrize("answer", [*FAILURES, None])
def test_where_tags_cannot_be_listed_each_is_asked_for(mode: AttachmentsMode, answer: Exception | None) -> None:
    world = World()
    made = sample(world)
    _answer(world, "list_tags", answer)
    result = run(world, request(attachments=mode))
    assert {each.manifest.digest for each in result.images[0].plan.source.attachments} == {
        each.digest for each in made.attachments
    }
    assert result.images[0].plan.warnings == ()
    assert not run(world, request(attachments=mode)).changed


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("listing", ["list_referrers", "read_manifest"])
def test_what_cannot_be_known_is_refused_where_attachments_are_required(failure: Exception, listing: str) -> None:
    world = World(source_api=True)
    sample(world)
    _answer(world, "list_tags", failure)
    _answer(world, listing, failure)
    for check_mode in (True, False):
        with pytest.raises(RefusedError, match=f"cannot be known. {failure}.*set attachments to warn"):
            run(world, check_mode=check_mode)
    assert world.destination.writes == 0


@pytest.mark.parametrize("failure", FAILURES)
def test_what_cannot_be_known_is_warned_of_or_nobodys_business(failure: Exception) -> None:
    world = World(source_api=True)
    sample(world)
    _answer(world, "list_tags", failure)
    _answer(world, "list_referrers", failure)
    (warned,) = run(world, request(attachments=AttachmentsMode.WARN)).images
    assert "cannot be known" in warned.plan.warnings[0]
    world = World(source_api=True)
    sample(world)
    _answer(world, "list_tags", failure)
    _answer(world, "list_referrers", failure)
    (silent,) = run(world, request(attachments=AttachmentsMode.OFF)).images
    assert silent.plan.warnings == ()


def _answer(world: World, method: str, answer: Exception | None) -> None:
    """Let the source answer so; of manifests, to tags of attachments alone."""
    original = getattr(world.source, method)

    def instead(asked: object) -> object:
        if method == "read_manifest" and not str(getattr(asked, "reference", "")).startswith("sha256-"):
            return original(asked)
        if answer is not None:
            raise answer
        return None

    setattr(world.source, method, instead)
