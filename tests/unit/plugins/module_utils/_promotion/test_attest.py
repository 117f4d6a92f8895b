# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attestations are written once for each promotion, and listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    UnavailableError,
)

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import (
    DESTINATION,
    SOURCE,
    listed,
    run,
    sample,
)
from tests.unit.plugins.module_utils._promotion.fakes import World

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import RawManifest
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address


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
    assert attestation in listed(shelf, made.root)


def test_an_attestation_from_an_earlier_stage_is_carried_and_is_not_taken_for_this_ones() -> None:
    world = World(destination_api=True)
    sample(world)
    first = run(world).images[0].attestation
    onward = World(source_api=True, destination_api=True)
    onward.source.repositories[SOURCE] = world.destination[DESTINATION]
    result = run(onward)
    assert first in {each.manifest.digest for each in result.plan.images[0].source.attachments}
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
