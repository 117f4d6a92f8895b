# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registries that do not know for a moment what they have taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError, OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.parse import parse_manifest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.patience import patiently, write_manifest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.session import Session

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import DESTINATION, request
from tests.unit.plugins.module_utils._promotion.fakes import World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def world() -> World:
    return World(destination_api=True)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with Session(request(), world.ports()) as opened:
        yield opened


def test_what_is_not_so_yet_is_looked_at_again(world: World, session: Session) -> None:
    answers = iter("aab")
    found = patiently(session, lambda: next(answers), lambda seen: seen == "b", otherwise=FastbreakError)
    assert found == "b"
    assert world.elapsed == pytest.approx(0.5)


def test_what_stays_wrong_is_told_with_what_was_seen_last(world: World, session: Session) -> None:
    answers = iter("abcdefgh")
    with pytest.raises(FastbreakError, match=r"^e$"):
        patiently(session, lambda: next(answers), lambda _seen: False, otherwise=FastbreakError)
    assert world.elapsed == pytest.approx(8.0)


@pytest.mark.parametrize(("moments", "fails"), [(0, False), (4, False), (5, True)])
def test_content_that_is_not_known_for_a_moment_is_waited_for(
    world: World, session: Session, moments: int, fails: bool
) -> None:
    shelf = world.destination[DESTINATION]
    image = samples.image(shelf, "a")
    signature = parse_manifest(samples.referrer(shelf, image, "b", "application/spdx+json"))
    refusals = iter(["missing"] * moments)
    world.destination.refuses = lambda _reference, _raw: next(refusals, "")
    address = Address(DESTINATION, signature.digest)
    if fails:
        with pytest.raises(OperationError, match="refuses"):
            write_manifest(session, address, signature)
    else:
        assert write_manifest(session, address, signature) == image.digest


def test_any_other_refusal_is_final(world: World, session: Session) -> None:
    image = parse_manifest(samples.image(world.destination[DESTINATION], "a"))
    world.destination.refuses = lambda _reference, _raw: "unsupported"
    with pytest.raises(OperationError, match="refuses"):
        write_manifest(session, Address(DESTINATION, image.digest), image)
    assert world.elapsed == 0
    assert world.destination.writes == 1
