"""A promotion that ends midway: no tag names incomplete content then, and a new run completes it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    FastbreakError,
    OperationError,
    RefusedError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.parse import parse_manifest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion import session as promotion_session
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.session import Session, StoppableClock
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import ImageRequest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import DESTINATION, SOURCE, TAG, request, run, sample
from tests.unit.plugins.module_utils._promotion.fakes import World

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import RawManifest
    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.request import PromotionRequest


def _two_images(world: World) -> PromotionRequest:
    sample(world)
    samples.image(world.source["dev/other"], "base", "other", tag="2")
    return request(
        ImageRequest(SOURCE, DESTINATION, TAG, "", TAG), ImageRequest("dev/other", DESTINATION, "2", "", "2")
    )


def _writes(*, destination_api: bool) -> int:
    world = World(destination_api=destination_api)
    run(world, _two_images(world))
    return world.destination.writes


CASES = [(api, number) for api in (False, True) for number in range(_writes(destination_api=api))]


@pytest.mark.parametrize(("destination_api", "number"), CASES)
def test_a_failure_at_any_write_leaves_no_incomplete_tag_and_a_new_run_completes(
    destination_api: bool, number: int
) -> None:
    world = World(destination_api=destination_api)
    asked = _two_images(world)
    world.destination.fail_at = number
    with pytest.raises(UnavailableError, match="Run again to go on") as caught:
        run(world, asked)
    assert "blobs to copy are there" in str(caught.value)
    assert world.destination.missing() == []
    assert len(world.lines) == 0
    result = run(world, asked)
    assert result.changed
    assert world.destination.missing() == []
    assert {tag: world.destination[DESTINATION].tags[tag] for tag in (TAG, "2")} == {
        TAG: world.source[SOURCE].tags[TAG],
        "2": world.source["dev/other"].tags["2"],
    }
    assert len(world.lines) == 2
    assert not run(world, asked).changed


@settings(deadline=None, max_examples=25)
@given(order=st.lists(st.integers(0, 30), min_size=1, max_size=6))
def test_failures_again_and_again_lose_nothing(order: list[int]) -> None:
    world = World()
    asked = _two_images(world)
    for ahead in order:
        world.destination.fail_at = world.destination.writes + ahead
        try:
            run(world, asked)
        except UnavailableError:
            assert world.destination.missing() == []
    world.destination.fail_at = -1
    run(world, asked)
    assert world.destination.missing() == []
    assert len(world.lines) == 2
    assert not run(world, asked).changed


def test_a_run_that_ends_between_tag_and_record_is_recorded_by_the_next() -> None:
    world = World()
    sample(world)
    world.fail_record = True
    with pytest.raises(UnavailableError, match="All tags were written"):
        run(world)
    world.fail_record = False
    result = run(world)
    assert result.changed
    assert result.images[0].blobs_copied == 0
    assert world.lines[0].attestation == result.images[0].attestation != ""
    assert not run(world).changed


def test_a_source_whose_tag_moves_meanwhile_stops_the_run_before_the_tag() -> None:
    world = World()
    made = sample(world)
    other = samples.image(world.source[SOURCE], "evil")
    world.destination.on_write = lambda _verb, _reference: world.source[SOURCE].tags.update({TAG: other.digest})
    with pytest.raises(OperationError, match="No tag was written") as caught:
        run(world)
    assert made.root.digest in str(caught.value)
    assert other.digest in str(caught.value)
    assert TAG not in world.destination[DESTINATION].tags


def test_another_run_that_writes_the_same_tag_first_is_no_failure() -> None:
    world = World()
    sample(world)
    nested = [True]

    def meanwhile(_verb: str, reference: str) -> None:
        if nested and ":" not in reference:
            nested.clear()
            run(world)

    world.destination.on_write = meanwhile
    assert run(world).changed
    assert world.destination.missing() == []
    assert not run(world).changed


@pytest.mark.parametrize("immutable", [True, False])
def test_another_image_that_takes_the_tag_meanwhile_is_named(immutable: bool) -> None:
    world = World()
    made = sample(world)
    if immutable:
        world.make_ecr("sha256-*")
    shelf = world.destination[DESTINATION]
    world.destination.on_write = lambda _verb, _reference: samples.image(shelf, "other", tag=TAG) and None
    with pytest.raises(RefusedError, match="a tag never moves") as caught:
        run(world)
    assert made.root.digest in str(caught.value)
    assert shelf.tags[TAG] in str(caught.value)
    assert shelf.tags[TAG] != made.root.digest


@pytest.mark.parametrize("immutable", [True, False])
def test_another_image_that_takes_the_tag_at_the_last_moment_is_found(immutable: bool) -> None:
    world = World()
    made = sample(world)
    if immutable:
        world.make_ecr("sha256-*")
    shelf = world.destination[DESTINATION]

    def at_the_last_moment(_verb: str, reference: str) -> None:
        if reference == TAG:
            samples.image(shelf, "other", tag=TAG)

    resolve = world.destination.resolve

    def overwritten(address: Address) -> RawManifest | None:
        if address.reference == TAG:
            return resolve(Address(address.repository, samples.image(shelf, "other").digest))
        return resolve(address)

    def after(_verb: str, reference: str) -> None:
        if reference == TAG:
            world.destination.resolve = overwritten  # type: ignore[method-assign]

    world.destination.on_write = at_the_last_moment if immutable else after
    with pytest.raises(FastbreakError) as caught:
        run(world)
    assert made.root.digest in str(caught.value)
    assert samples.image(shelf, "other").digest in str(caught.value)


def test_a_manifest_that_is_not_what_was_written_is_found_on_reading_back() -> None:
    world = World()
    made = sample(world)
    shelf = world.destination[DESTINATION]

    def spoil(_verb: str, reference: str) -> None:
        if reference == TAG:
            shelf.manifests[made.amd64.digest] = samples.image(shelf, "spoilt")

    world.destination.on_write = spoil
    with pytest.raises(OperationError, match="other bytes"):
        run(world)
    assert world.lines == []


def test_a_blob_that_is_gone_is_found_on_reading_back() -> None:
    world = World()
    sample(world)
    digest = samples.digest_of(b"amd64")

    def lose(_verb: str, reference: str) -> None:
        if reference == TAG:
            del world.destination[DESTINATION].blobs[digest]

    world.destination.on_write = lose
    with pytest.raises(OperationError, match=f"blob {digest} is not there"):
        run(world)


def test_an_interruption_ends_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promotion_session, "_TICK_SECONDS", 0.01)
    before = set(threading.enumerate())

    def interrupt() -> None:
        raise KeyboardInterrupt

    def go(session: Session) -> None:
        with session:
            clock = StoppableClock(session)
            session.each(lambda _item: _wait(clock), range(20), tick=interrupt)

    with pytest.raises(KeyboardInterrupt):
        go(Session(request(), World().ports()))
    assert set(threading.enumerate()) == before


def _wait(clock: StoppableClock) -> None:
    while True:
        clock.sleep(1)


def test_the_first_failure_stops_what_has_not_begun() -> None:
    begun = []

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise UnavailableError("gone")

    with Session(request(concurrency=1), World().ports()) as session, pytest.raises(UnavailableError, match="gone"):
        session.each(work, range(1000))
    assert len(begun) < 1000


@pytest.mark.parametrize(("moments", "fails"), [(1, False), (3, False), (4, True)])
def test_content_that_is_not_known_for_a_moment_is_waited_for(moments: int, fails: bool) -> None:
    world = World()
    made = sample(world)
    left = [moments]

    def not_yet(reference: str, _raw: RawManifest) -> str:
        left[0] -= reference == made.root.digest
        return "missing" if reference == made.root.digest and left[0] >= 0 else ""

    world.destination.refuses = not_yet
    if fails:
        with pytest.raises(OperationError, match="No tag was written"):
            run(world)
    else:
        assert run(world).changed
        assert 0 < world.elapsed < 3


def test_an_answer_that_lags_behind_on_reading_back_is_waited_for() -> None:
    world = World()
    sample(world)
    has_blob, late = world.destination.has_blob, {samples.digest_of(b"amd64")}

    def lags(blob: Address) -> bool:
        found = has_blob(blob)
        if found and blob.reference in late:
            late.remove(blob.reference)
            return False
        return found

    world.destination.has_blob = lags  # type: ignore[method-assign]
    assert run(world).changed
    assert late == set()


def test_an_index_of_referrers_that_another_run_adds_to_is_as_good() -> None:
    world = World()
    made = sample(world)
    shelf = world.destination[DESTINATION]

    def add(_verb: str, reference: str) -> None:
        tag = made.root.digest.replace(":", "-")
        if reference == TAG:
            held = shelf.manifests[shelf.tags[tag]]
            listed = [shelf.manifests[one.digest] for one in parse_manifest(held).children]
            own = samples.referrer(shelf, made.root, "of another run", "application/spdx+json")
            samples.fallback(shelf, made.root, *listed, own)

    world.destination.on_write = add
    assert run(world).changed
    assert not run(world).changed
