# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever images there are and whatever the destination has of them: the plan is right, and carrying it out enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.fastbreak.aws.plugins.module_utils._oci.parse import parse_manifest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import ImageRequest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.examples import examples
from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import BUNDLE, DESTINATION, SOURCE, SPDX, request, run
from tests.unit.plugins.module_utils._promotion.fakes import Repository, World

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import RawManifest
    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import PromotionPlan

LAYERS = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4)
#: A leaf is its layers, an index a list of leaves and indexes.
TREES = st.recursive(LAYERS, lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=5)


@dataclass
class Case:
    """Images under the tags 0, 1, ...; which of their manifests have what attachment; what is there before."""

    trees: list[object]
    attachments: list[tuple[int, str]]
    there: set[int]
    source_api: bool
    destination_api: bool


CASES = st.builds(
    Case,
    trees=st.lists(TREES, min_size=1, max_size=3),
    attachments=st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["sbom", "bundle", ".sig"])), max_size=4),
    there=st.sets(st.integers(0, 12)),
    source_api=st.booleans(),
    destination_api=st.booleans(),
)


def _build(shelf: Repository, tree: object, tag: str = "") -> RawManifest:
    assert isinstance(tree, list)
    if isinstance(tree[0], str):
        return samples.image(shelf, *tree, tag=tag)
    children = {each.digest: each for each in (_build(shelf, child) for child in tree)}
    return samples.index(shelf, [(each, "") for each in children.values()], tag=tag)


def _attach(world: World, number: int, kind: str) -> None:
    shelf = world.source[SOURCE]
    subjects = [each for each in shelf.manifests.values() if not _is_fallback(shelf, each)]
    subject = subjects[number % len(subjects)]
    if kind == ".sig":
        samples.cosign(shelf, subject, "signature")
        return
    artifact_type = SPDX if kind == "sbom" else BUNDLE
    made = samples.referrer(shelf, subject, kind, artifact_type)
    if not world.source.referrers_api:
        tag = subject.digest.replace(":", "-")
        before = parse_manifest(shelf.manifests[shelf.tags[tag]]).children if tag in shelf.tags else ()
        held = [shelf.manifests[child.digest] for child in before if child.digest != made.digest]
        samples.fallback(shelf, subject, *held, made)


def _is_fallback(shelf: Repository, raw: RawManifest) -> bool:
    return any(digest == raw.digest and tag.startswith("sha256-") for tag, digest in shelf.tags.items())


def _make(case: Case) -> World:
    world = World(source_api=case.source_api, destination_api=case.destination_api)
    shelf, held = world.source[SOURCE], world.destination[DESTINATION]
    for number, tree in enumerate(case.trees):
        _build(shelf, tree, tag=str(number))
    for number, kind in case.attachments:
        _attach(world, number, kind)
    for number, (digest, content) in enumerate(shelf.blobs.items()):
        if number in case.there:
            held.blobs[digest] = content
    for raw in list(shelf.manifests.values()):
        parsed = parse_manifest(raw)
        complete = all(each.digest in held.blobs for each in parsed.blobs)
        complete = complete and all(each.digest in held.manifests for each in parsed.children)
        if complete and (parsed.subject is None or parsed.subject.digest in held.manifests):
            held.manifests[raw.digest] = raw
    return world


def _closure(shelf: Repository, digest: str) -> dict[str, RawManifest]:
    """What *digest* names, and all that refers to any of it or has its name in a tag."""
    found: dict[str, RawManifest] = {}
    ahead = [digest]
    while ahead:
        digest = ahead.pop()
        if digest in found:
            continue
        found[digest] = shelf.manifests[digest]
        ahead += [child.digest for child in parse_manifest(found[digest]).children]
        ahead += [tagged for tag, tagged in shelf.tags.items() if tag == digest.replace(":", "-") + ".sig"]
        parsed = [parse_manifest(raw) for raw in shelf.manifests.values()]
        ahead += [each.digest for each in parsed if each.subject and each.subject.digest == digest]
    return found


def _is_right(planned: PromotionPlan, held: Repository) -> None:
    """Nothing twice, nothing that is there, and each manifest after what it names or refers to."""
    blobs = [step.descriptor.digest for image in planned.images for step in image.blobs]
    assert len(blobs) == len(set(blobs))
    assert not set(blobs) & set(held.blobs)
    steps = [step for image in planned.images for step in (*image.manifests, *image.attachments)]
    order = {step.manifest.digest: number for number, step in enumerate(steps)}
    assert len(order) == len(steps)
    assert not set(order) & set(held.manifests)
    for step in steps:
        parsed = step.manifest
        named = [*parsed.children, *((parsed.subject,) if parsed.subject else ())]
        assert all(order.get(each.digest, -1) < order[step.manifest.digest] for each in named)
        assert {each.digest for each in parsed.blobs} <= {*blobs, *held.blobs}


@examples(60)
@given(case=CASES)
def test_the_plan_is_right_and_carrying_it_out_gives_the_source_and_no_more(case: Case) -> None:
    world = _make(case)
    asked = request(
        *(ImageRequest(SOURCE, DESTINATION, str(each), "", str(each)) for each in range(len(case.trees))), attest=False
    )
    shelf, held = world.source[SOURCE], world.destination[DESTINATION]
    planned = run(world, asked, check_mode=True).plan
    _is_right(planned, held)
    before = {*held.manifests}
    assert run(world, asked).plan == planned
    wanted = {
        digest: raw for tag in shelf.tags if tag.isdigit() for digest, raw in _closure(shelf, shelf.tags[tag]).items()
    }
    indexes = {digest for tag, digest in held.tags.items() if tag.startswith("sha256-") and "." not in tag}
    assert {digest: held.manifests[digest] for digest in wanted} == wanted
    assert set(held.manifests) == {*wanted, *before, *indexes}
    assert {tag: held.tags[tag] for tag in shelf.tags if tag.isdigit()} == {
        tag: digest for tag, digest in shelf.tags.items() if tag.isdigit()
    }
    assert bool(indexes) <= (not case.destination_api)
    assert world.destination.missing() == []
    assert not run(world, asked).changed
