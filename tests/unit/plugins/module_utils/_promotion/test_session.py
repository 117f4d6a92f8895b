"""The threads of a run, and how they end."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion import session as promotion_session
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.session import Session, StoppableClock

from tests.unit.plugins.module_utils._promotion.case import request
from tests.unit.plugins.module_utils._promotion.fakes import World


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
