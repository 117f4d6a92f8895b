# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock: two rollouts at once, a lock that is lost, and clocks that are wrong."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._common.workers import OneByOne, Threads
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    FastbreakError,
    OperationError,
    RefusedError,
    SupersededError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.lease import LOCK_SECONDS
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Lock, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Migration
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.examples import examples
from tests.unit.plugins.module_utils._rollout.case import deploy, document, make_request, newest, released
from tests.unit.plugins.module_utils._rollout.fakes import World
from tests.unit.plugins.module_utils._rollout.killed import Killed, Mortal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from ansible_collections.fastbreak.aws.plugins.module_utils._common.workers import Workers


def test_lock_is_renewed_and_a_lost_one_ends_the_run(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=200.0)

    def steal() -> None:
        assert world.lock.lease > 10
        world.lock = replace(world.lock, owner="thief")

    world.at.append((world.seconds + 150, steal))
    with pytest.raises(SupersededError, match="taken over by thief"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.IN_PROGRESS
    assert world.lock.owner == "thief"


def kept_alive(world: World, seconds: float) -> None:
    """Somebody else who renews the lock every ten seconds, for *seconds*."""
    world.lock = Lock("other@there:2:bbbb", "2026-01-01T00:00:00.000Z")
    for due in range(10, int(seconds), 10):
        world.at.append((world.seconds + due, lambda: setattr(world, "lock", world.lock.renewed())))


@pytest.mark.parametrize("check_mode", [True, False])
def test_second_run_is_refused_by_the_name_of_a_holder_that_lives(world: World, ports: Ports, check_mode: bool) -> None:
    world.push("1.0.0", "a")
    kept_alive(world, 1000)
    with pytest.raises(RefusedError, match="other@there:2:bbbb"):
        deploy(ports, "1.0.0", check_mode=check_mode)
    assert world.calls == []
    assert world.seconds < 15


@pytest.mark.parametrize("check_mode", [True, False])
def test_lock_that_stands_still_is_taken_over_and_not_before(world: World, ports: Ports, check_mode: bool) -> None:
    world.push("1.0.0", "a")
    world.lock = Lock("dead@there:2:bbbb", "2036-01-01T00:00:00.000Z", 7)
    deploy(ports, "1.0.0", check_mode=check_mode)
    assert world.seconds >= LOCK_SECONDS
    assert (world.lock is None) is not check_mode


def test_run_that_comes_while_another_ends_is_refused_too(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    world.lock = Lock("other@there:2:bbbb", "2026-01-01T00:00:00.000Z")
    world.at.append((world.seconds + 5, lambda: setattr(world, "lock", None)))
    with pytest.raises(RefusedError, match=r"other@there:2:bbbb.*run again"):
        deploy(ports, "1.0.0")
    assert world.calls == []
    assert deploy(ports, "1.0.0").changed


def test_of_two_that_watch_a_dead_lock_one_gets_it(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    world.lock = Lock("dead@there:2:bbbb", "2026-01-01T00:00:00.000Z", 7)
    write = world.write_lock

    def too_late(service: str, lock: Lock, *, seen: Lock | None) -> bool:
        world.write_lock = write
        world.lock = Lock("quicker@there:3:cccc", "2026-01-01T00:00:00.000Z", 8)
        return write(service, lock, seen=seen)

    world.write_lock = too_late
    with pytest.raises(RefusedError, match="quicker@there:3:cccc"):
        deploy(ports, "1.0.0")
    assert world.calls == []


@pytest.mark.parametrize("call", ["register_task_definition", "start", "run_task"])
def test_run_that_lost_its_lock_during_a_slow_call_touches_nothing_more(world: World, ports: Ports, call: str) -> None:
    released(world, ports)
    world.push("1.1.0", "b", migration_seconds=0.0)
    made = getattr(world, call)

    def slow(*args: Any, **kwargs: Any) -> Any:
        answer = made(*args, **kwargs)
        world.seconds += 200
        world.lock = Lock("quicker@there:3:cccc", "2026-01-01T00:00:00.000Z", 8)
        return answer

    setattr(world, call, slow)
    with pytest.raises(SupersededError, match="taken over by quicker@there:3:cccc"):
        deploy(ports, "1.1.0", migration=Migration("service", ("migrate",)))
    assert "update_service()" not in world.calls


class Threaded:
    """The world's clock, whose repeated work is done by a real thread."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.now, self.monotonic, self.sleep = world.now, world.monotonic, world.sleep

    def every(self, _seconds: float, work: Callable[[], None]) -> AbstractContextManager[None]:
        return SystemClock().every(0.001, work)


@pytest.mark.parametrize("end", [None, KeyboardInterrupt(), OperationError("x")])
def test_renewal_that_hangs_holds_nothing_up_and_ends_with_the_run(
    world: World, ports: Ports, end: BaseException | None
) -> None:
    begun, go_on, threads = threading.Event(), threading.Event(), []

    def hang(*_: object, **__: object) -> None:
        threads.append(threading.current_thread())
        begun.set()
        go_on.wait(60)
        raise UnavailableError("the table is away")

    world.renew_lock = hang  # type: ignore[assignment, method-assign]
    session = Session(make_request("1.0.0"), replace(ports, clock=Threaded(world)))
    with suppress(KeyboardInterrupt, OperationError), session.locked():
        assert begun.wait(60)
        assert threads[0] is not threading.current_thread()
        session.sleep(100)
        assert not session.warnings
        go_on.set()
        if end:
            raise end
    assert not threads[0].is_alive()
    assert world.seconds == 100
    assert world.lock is None


class Askew:
    """A controller's clock whose wall time jumps by days each time it is read."""

    def __init__(self, world: World | Mortal, days: list[int]) -> None:
        self._world = world
        self._days = days
        self._reads = 0

    def now(self) -> datetime:
        self._reads += 1
        return self._world.now() + timedelta(days=self._days[self._reads % len(self._days)])

    def monotonic(self) -> float:
        return self._world.monotonic()

    def sleep(self, seconds: float) -> None:
        self._world.sleep(seconds)

    def every(self, seconds: float, work: Callable[[], None]) -> AbstractContextManager[None]:
        return self._world.every(seconds, work)


@cache
def told_by_a_right_clock() -> tuple[Any, ...]:
    return story([0])


def story(days: list[int]) -> tuple[Any, ...]:
    """What several runs decide: two releases, one with other values, a killed one, rollbacks, a lock that lives."""
    return tuple(_story(World(), days))


def _story(world: World, days: list[int]) -> Iterator[Any]:
    for version, digit in (("1.0.0", "a"), ("1.1.0", "b"), ("1.2.0", "c")):
        world.push(version, digit)
    clock = Askew(world, days)
    whole = Ports(*[world] * 8, clock, world, world, world, world)  # type: ignore[arg-type]
    yield deploy(whole, "1.0.0").action
    yield deploy(whole, "1.1.0").action
    yield deploy(whole, "1.1.0", document=document(FASTBREAK_LOG_LEVEL="debug")).action
    mortal = Mortal(world, 20)
    doomed = Ports(*[mortal] * 8, Askew(mortal, days), mortal, mortal, mortal, mortal)  # type: ignore[arg-type]
    with pytest.raises(Killed):
        deploy(doomed, "1.2.0", owner="dead@here:1:dddd")
    began = world.seconds
    for command in ({"version": "", "kind": ROLLBACK}, {"version": "", "kind": ROLLBACK}, {"version": "1.0.0"}):
        try:
            yield deploy(whole, **command).changed
        except FastbreakError as error:
            yield error.message
    world.lock = Lock("other@there:2:bbbb", "2026-01-01T00:00:00.000Z")
    world.at.append((world.seconds + 10, lambda: setattr(world, "lock", world.lock.renewed())))
    with pytest.raises(RefusedError, match="other@there:2:bbbb"):
        deploy(whole, "1.2.0")
    yield world.seconds - began
    yield world.calls
    yield [(release.release_id, release.name, release.kind, release.outcome) for release in world.history("inference")]


@examples(12)
@given(st.lists(st.integers(-400, 400), min_size=1, max_size=9))
def test_whatever_the_clock_says_the_same_is_decided(days: list[int]) -> None:
    assert story(days) == told_by_a_right_clock()


def test_the_story_is_the_expected_one() -> None:
    told = told_by_a_right_clock()
    assert told[:3] == ("create", "deploy", "deploy")
    assert told[3:6] == (True, False, True)
    assert [outcome.value for _id, _name, _kind, outcome in told[-1]] == ["SUCCEEDED"] * 2 + [told[-1][2][3].value] + [
        "SUCCEEDED"
    ] * 3


@pytest.mark.parametrize("workers", [OneByOne(), Threads(8)], ids=["one by one", "threads"])
def test_what_looks_at_once_finds_and_warns_in_order(ports: Ports, workers: Workers) -> None:
    session = Session(make_request("1.0.0"), replace(ports, workers=workers))

    def look(name: str, aside: Session) -> Iterator[str]:
        aside.warn(f"{name} was not checked")
        aside.warn_once("twice")
        yield f"{name} is wrong"
        yield f"{name} is missing"

    found = session.ask_all([partial(look, name) for name in "abc"])
    assert found == [f"{name} is {what}" for name in "abc" for what in ("wrong", "missing")]
    assert session.warnings == ["a was not checked", "twice", "b was not checked", "c was not checked"]


def test_what_others_saw_is_warned_of_although_one_could_not_look(ports: Ports) -> None:
    session = Session(make_request("1.0.0"), ports)

    def fail(_aside: Session) -> Iterator[str]:
        raise UnavailableError("Throttling")

    def warn(aside: Session) -> tuple[str, ...]:
        aside.warn("seen")
        return ()

    with pytest.raises(UnavailableError):
        session.ask_all([warn, fail])
    assert session.warnings == ["seen"]
