# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runs of the same image at once, one of them held at each of its steps while the other goes on."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.parse import parse_manifest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.run import promote
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.examples import examples
from tests.unit.plugins.module_utils._promotion.adapters.keys import signer
from tests.unit.plugins.module_utils._promotion.case import DESTINATION, SOURCE, TAG, listed, request, run, sample
from tests.unit.plugins.module_utils._promotion.fakes import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.report import PromotionResult
    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.signer import Signer


class Stepped:
    """A port that does a step of its run before each call."""

    def __init__(self, inner: Any, step: Callable[[], None], **own: Any) -> None:
        self.inner, self.step = inner, step
        vars(self).update(own)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self.step()
            return found(*arguments, **named)

        return call


@dataclass
class Race:
    """The first run starts the second at its step *first*, which waits at its step *second* for the first's end."""

    world: World
    first: int
    second: int
    options: dict[str, Any] = field(default_factory=dict)
    steps: list[int] = field(default_factory=lambda: [0, 0])
    ended: dict[str, PromotionResult | Exception] = field(default_factory=dict)
    held: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    signers: dict[str, Signer] = field(default_factory=dict)

    def go(self) -> list[PromotionResult | Exception]:
        other = threading.Thread(target=self._run, args=("second", self._second_step))

        def first_step() -> None:
            self.steps[0] += 1
            if self.steps[0] == self.first:
                other.start()
                assert self.held.wait(30)

        self._run("first", first_step)
        self.over.set()
        if other.ident is None:
            self.held.set()
            other.start()
        other.join(30)
        assert not other.is_alive()
        return [self.ended["first"], self.ended["second"]]

    def _second_step(self) -> None:
        self.steps[1] += 1
        if self.steps[1] == self.second:
            self.held.set()
            assert self.over.wait(30)

    def _run(self, name: str, step: Callable[[], None]) -> None:
        ports = self.world.ports()
        destination = Stepped(ports.destination, step)
        promotions = Stepped(ports.promotions, step, caller=lambda: name)
        ports = replace(ports, destination=destination, transfer=Stepped(ports.transfer, step), promotions=promotions)
        try:
            asked = request(concurrency=1, sign=name in self.signers, **self.options)
            self.ended[name] = promote(asked, ports, check_mode=False, signer=self.signers.get(name))
        except Exception as error:  # noqa: BLE001 - told by the test
            self.ended[name] = error
        finally:
            self.held.set()


def attestations(results: list[PromotionResult | Exception]) -> set[str]:
    for result in results:
        if isinstance(result, Exception):
            raise result
    return {result.images[0].attestation for result in results if not isinstance(result, Exception)} - {""}


@examples(150)
@given(first=st.integers(1, 90), second=st.integers(1, 90), api=st.booleans())
def test_both_runs_succeed_and_nothing_is_lost(first: int, second: int, api: bool) -> None:
    world = World(destination_api=api)
    made = sample(world)
    made_attestations = attestations(Race(world, first, second).go())
    shelf = world.destination[DESTINATION]
    assert shelf.tags[TAG] == made.root.digest
    assert made_attestations
    assert made_attestations <= set(shelf.manifests)
    if not api:
        referrers = [parse_manifest(shelf.manifests[each]) for each in listed(world.source[SOURCE], made.root)]
        assert {*made_attestations, *(each.digest for each in referrers)} <= set(listed(shelf, made.root))
    assert {line.attestation for line in world.lines} >= made_attestations
    assert world.destination.missing() == []
    assert not run(world).changed


@examples(80)
@given(first=st.integers(1, 110), second=st.integers(1, 110), api=st.booleans(), same=st.booleans())
def test_two_runs_that_sign_lose_no_signature(first: int, second: int, api: bool, same: bool) -> None:
    world = World(destination_api=api)
    made = sample(world)
    signers = {"first": signer(), "second": signer(0 if same else 1)}
    results = Race(world, first, second, signers=signers).go()
    attestations(results)
    for each in signers.values():
        again = run(world, signer=each)
        assert not again.changed
        assert again.images[0].signature in world.destination[DESTINATION].manifests
    shelf = world.destination[DESTINATION]
    digests = {result.images[0].signature for result in results if not isinstance(result, Exception)}
    assert len(digests) == (1 if same else 2)
    if not api:
        assert digests <= set(listed(shelf, made.root))


@pytest.mark.parametrize("second", range(1, 80))
def test_what_a_stale_write_took_from_the_list_is_listed_again(second: int) -> None:
    """The second run reads, the first does all of its work, then the second writes what it had read before."""
    world = World()
    made = sample(world)
    made_attestations = attestations(Race(world, 1, second).go())
    assert made_attestations <= set(listed(world.destination[DESTINATION], made.root))
