# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lock that is renewed, lost, or cannot be asked about: what may be written then, and what is said."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    SupersededError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.lease import LOCK_SECONDS, SURE_SECONDS, Lease
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Lock

from tests.unit.plugins.module_utils._rollout.fakes import World

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = Lock("me@here:1:aaaa", "then", 1)
OTHERS = Lock("other@there:2:bbbb", "later", 9)
AWAY = UnavailableError("Tried to take the lock, but DynamoDB could not be asked.")


@pytest.fixture
def world() -> World:
    return World()


def held(world: World) -> Lease:
    world.lock = OURS
    return Lease(world, "inference", OURS, world, world.seconds)


def away(world: World, error: Exception = AWAY) -> Callable[[], None]:
    """Take the table away; what brings it back."""
    write = world.write_lock

    def refuse(*_: object, **__: object) -> None:
        raise error

    world.write_lock = refuse  # type: ignore[assignment, method-assign]

    def bring_back() -> None:
        world.write_lock = write  # type: ignore[method-assign]

    return bring_back


def test_every_renewal_and_every_write_moves_the_lease_on(world: World) -> None:
    lease = held(world)
    lease.renew()
    lease.secure("update_service")
    assert world.lock == Lock(OURS.owner, OURS.started_at, 3)
    assert not lease.lost


@pytest.mark.parametrize(
    ("stands", "said"),
    [
        (OTHERS, r"was taken over by other@there:2:bbbb \(since later\), because it was not renewed in time"),
        (None, "is gone: another run took it over and has ended, or somebody deleted it"),
    ],
)
def test_lost_lock_stays_lost_and_says_to_whom(world: World, stands: Lock | None, said: str) -> None:
    lease = held(world)
    world.lock = stands
    lease.renew()
    world.lock = OURS
    for attempt in (lease.check, lambda: lease.secure("update_service"), lambda: lease.secure("stop_task", own=True)):
        with pytest.raises(SupersededError, match=said):
            attempt()
    assert world.lock == OURS
    assert lease.lost


def test_lock_that_cannot_be_renewed_is_not_lost_and_lets_writes_through_while_nobody_can_take_it(
    world: World,
) -> None:
    lease = held(world)
    away(world)
    world.seconds += SURE_SECONDS
    lease.secure("update_service")
    lease.check()
    assert world.seconds == SURE_SECONDS
    assert "DynamoDB could not be asked" in lease.problem
    assert SURE_SECONDS + 40 <= LOCK_SECONDS


def test_write_waits_for_a_lock_that_another_run_may_hold_and_is_not_made(world: World) -> None:
    lease = held(world)
    away(world)
    world.seconds += SURE_SECONDS + 1
    lease.secure("stop_service_deployment", own=True)
    assert world.seconds == SURE_SECONDS + 1
    with pytest.raises(UnavailableError, match=r"put_rule was not called: .* not be renewed for 106 s.*Run the same"):
        lease.secure("put_rule")
    waited = world.seconds
    with pytest.raises(UnavailableError, match="update_service was not called"):
        lease.secure("update_service")
    assert world.seconds == waited


@pytest.mark.parametrize("stands", [OURS, OTHERS])
def test_write_that_waits_goes_on_or_stops_as_soon_as_the_table_answers(world: World, stands: Lock) -> None:
    lease = held(world)
    bring_back = away(world)
    world.seconds += SURE_SECONDS + 1
    world.at.append((world.seconds + 10, bring_back))
    world.lock = stands
    if stands is OURS:
        lease.secure("put_rule")
        assert lease.problem == ""
    else:
        with pytest.raises(SupersededError, match="taken over by other"):
            lease.secure("put_rule")
    assert 10 <= world.seconds - SURE_SECONDS - 1 <= 13


def test_table_that_was_deleted_lets_nobody_take_a_lock(world: World) -> None:
    lease = held(world)
    away(world, OperationError("no such table", code="ResourceNotFoundException"))
    world.seconds += 1000
    lease.secure("put_rule")
    assert world.seconds == 1000


def test_renewal_whose_answer_was_lost_is_known_again(world: World) -> None:
    lease = held(world)
    write = world.write_lock

    def unanswered(service: str, lock: Lock, *, seen: Lock | None) -> bool:
        write(service, lock, seen=seen)
        raise AWAY

    world.write_lock = unanswered  # type: ignore[method-assign]
    lease.renew()
    # As the table tells it: the very item stands already.
    world.write_lock = lambda service, lock, *, seen: world.lock == lock or write(service, lock, seen=seen)  # type: ignore[method-assign]
    lease.secure("put_rule")
    lease.secure("put_rule")
    assert world.lock == Lock(OURS.owner, OURS.started_at, 3)


def test_fault_of_the_thread_that_renews_is_raised_where_the_run_sees_it(world: World) -> None:
    lease = held(world)
    away(world, ZeroDivisionError("a fault"))
    thread = threading.Thread(target=lease.renew)
    thread.start()
    thread.join()
    with pytest.raises(ZeroDivisionError, match="a fault"):
        lease.check()


def test_patient_write_waits_longer_once_and_says_so(world: World) -> None:
    lease, said = held(world), []
    away(world)
    world.seconds += SURE_SECONDS + 1
    with pytest.raises(UnavailableError):
        lease.secure("put_rule", waits=said.append)
    lease.be_patient(600)
    began = world.seconds
    with pytest.raises(UnavailableError, match="update_service was not called"):
        lease.secure("update_service", waits=said.append)
    assert world.seconds == began + 600
    lease.be_patient(600)
    with pytest.raises(UnavailableError):
        lease.secure("put_rule", waits=said.append)
    assert world.seconds == began + 600
    assert said == [
        f"before {write}, at most {seconds} s are waited until the lock can be renewed"
        for write, seconds in (("put_rule", 60), ("update_service", 600))
    ]
