# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The threads of a run, and how they end."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.time_span import UNKNOWN_TIME, TimeSpan
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion import session as promotion_session
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.session import Session, StoppableClock

from tests.unit.plugins.module_utils._promotion.case import request
from tests.unit.plugins.module_utils._promotion.fakes import World


def test_an_interruption_ends_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promotion_session, "_TICK_SECONDS", 0.01)

    def interrupt() -> None:
        raise KeyboardInterrupt

    def go(session: Session) -> None:
        with session:
            clock = StoppableClock(session)
            session.each(lambda _item: _wait(clock), range(20), tick=interrupt)

    with pytest.raises(KeyboardInterrupt):
        go(Session(request(), World().ports()))
    for thread in threading.enumerate():
        if thread.name == "promotion":
            thread.join(30)
            assert not thread.is_alive()


MARCH, APRIL, MAY = (
    TimeSpan(moment, moment) for moment in (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4, 5))
)


@pytest.mark.parametrize(
    ("there", "here", "span"),
    [
        (MARCH, APRIL, TimeSpan(MARCH.earliest, APRIL.latest)),
        (APRIL, MARCH, TimeSpan(MARCH.earliest, APRIL.latest)),
        (TimeSpan(MARCH.earliest, MAY.latest), APRIL, TimeSpan(MARCH.earliest, MAY.latest)),
        (MARCH, None, MARCH),
        (None, MARCH, MARCH),
        (None, None, UNKNOWN_TIME),
    ],
)
def test_the_time_of_day_is_what_both_sides_tell(there: TimeSpan | None, here: TimeSpan | None, span: TimeSpan) -> None:
    world = World()
    world.destination.told_time, world.source.told_time = lambda: there, lambda: here
    with Session(request(), world.ports()) as session:
        assert session.told_time() == span


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


class Stuck:
    """Work that waits for a registry, until that hangs up; or for ever."""

    def __init__(self, world: World, *, hears: bool = True) -> None:
        self.begun, self.hung_up, self.ended = threading.Event(), threading.Event(), threading.Event()
        if hears:
            world.source.hang_up = self.hung_up.set  # type: ignore[method-assign]

    def __call__(self, _item: object) -> None:
        self.begun.set()
        self.hung_up.wait(30)
        self.ended.set()


STEPS = ("_TICK_SECONDS", "_AFTER_INTERRUPTION_SECONDS", "_AFTER_CUT_SECONDS")


def test_an_interruption_takes_at_most_two_seconds() -> None:
    assert sum(getattr(promotion_session, name) for name in STEPS) <= 2


@pytest.mark.parametrize("hears", [True, False])
@pytest.mark.parametrize("items", [1, 3])
def test_an_interruption_ends_the_run_whatever_a_thread_waits_for(
    hears: bool, items: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in STEPS:
        monkeypatch.setattr(promotion_session, name, 0.05)
    world = World()
    stuck = Stuck(world, hears=hears)

    def interrupt() -> None:
        assert stuck.begun.wait(60)
        raise KeyboardInterrupt

    with Session(request(), world.ports()) as session, pytest.raises(KeyboardInterrupt):
        session.each(stuck, range(items), tick=interrupt)
    assert stuck.ended.wait(60) if hears else not stuck.ended.is_set()
    stuck.hung_up.set()


def test_a_failure_ends_the_run_whatever_another_thread_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promotion_session, "_AFTER_FAILURE_SECONDS", 0.1)
    world = World()
    stuck = Stuck(world)

    def work(number: int) -> None:
        if number == 0:
            assert stuck.begun.wait(60)
            raise UnavailableError("gone")
        stuck(number)

    with Session(request(), world.ports()) as session, pytest.raises(UnavailableError, match="gone"):
        session.each(work, range(2))
    assert stuck.ended.is_set()


def test_a_run_whose_controller_is_gone_ends_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promotion_session, "_TICK_SECONDS", 0.01)
    world = World()
    stuck = Stuck(world)

    def gone(_seconds: float) -> None:
        raise KeyboardInterrupt("The ansible-playbook run that this belonged to has ended.")

    world.sleep = gone  # type: ignore[method-assign]
    with Session(request(), world.ports()) as session, pytest.raises(KeyboardInterrupt, match="has ended"):
        session.each(stuck, range(1))
    assert stuck.ended.is_set()


def test_work_within_work_does_not_wait_for_a_thread() -> None:
    with Session(request(concurrency=2), World().ports()) as session:
        found = session.each(lambda number: session.each(lambda other: number * other, range(3)), range(4))
    assert found == [[0, 0, 0], [0, 1, 2], [0, 2, 4], [0, 3, 6]]


def test_threads_are_used_again() -> None:
    with Session(request(concurrency=3), World().ports()) as session:
        seen = {name for _round in range(20) for name in session.each(lambda _item: threading.get_ident(), range(10))}
    assert len(seen) < 30
