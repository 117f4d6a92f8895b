# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A promotion from end to end, between registries in memory."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.time_span import TimeSpan
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    RefusedError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.age import Age, AgePolicy
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.labels import LabelPolicy, Labels
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.model import ConfiguredGate
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.report import as_data
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import ImageRequest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import GateMode

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import DESTINATION, SOURCE, TAG, request, run, sample
from tests.unit.plugins.module_utils._promotion.fakes import EPOCH, World

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
    assert all(held.manifests[each.digest].content == each.content for each in (*made.images, *made.attachments))
    assert world.destination.missing() == []
    assert {tag: held.tags[tag] for tag in world.source[SOURCE].tags if "." in tag} == {
        tag: digest for tag, digest in world.source[SOURCE].tags.items() if "." in tag
    }
    listed = [each.digest for each in world.destination.list_referrers(Address(DESTINATION, made.root.digest)) or ()]
    if not destination_api:
        index = held.manifests[held.tags[made.root.digest.replace(":", "-")]]
        listed = [each["digest"] for each in json.loads(index.content)["manifests"]]
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


YEAR = timedelta(days=365)


@pytest.mark.parametrize(
    ("there", "here", "passes"),
    [
        (EPOCH, EPOCH, True),
        (EPOCH, None, True),
        (None, EPOCH + timedelta(minutes=2), True),
        (EPOCH + YEAR, EPOCH, False),
        (EPOCH, EPOCH + YEAR, False),
        (datetime(1970, 1, 1, tzinfo=UTC), EPOCH, False),
        (None, None, False),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_no_clock_of_a_single_registry_lets_an_image_through(
    there: datetime | None, here: datetime | None, passes: bool, check_mode: bool
) -> None:
    world = World()
    shelf = world.source[SOURCE]
    created = json.dumps({"created": (EPOCH - timedelta(hours=30)).isoformat(), "config": {}}).encode()
    samples.image(shelf, "base", tag=TAG, config=samples.blob(shelf, created, samples.CONFIG))
    for registry, told in ((world.destination, there), (world.source, here)):
        registry.told_time = lambda told=told: told and TimeSpan(told, told)  # type: ignore[misc]
    asked = request(gates=(ConfiguredGate(Age(), GateMode.REQUIRED, AgePolicy(minimum_hours=24)),))
    if passes:
        assert run(world, asked, check_mode=check_mode).changed
        return
    with pytest.raises(RefusedError, match=r"gate age, which is INCONCLUSIVE .* so that the time is not known"):
        run(world, asked, check_mode=check_mode)
    assert world.destination.writes == 0


def test_an_image_in_place_is_not_judged_again() -> None:
    world = World()
    sample(world)
    run(world)
    assert not run(world, request(gates=LABELS)).changed
