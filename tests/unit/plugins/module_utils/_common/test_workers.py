# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several questions at once."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.interruption import interrupt, interruptible
from ansible_collections.fastbreak.aws.plugins.module_utils._common.workers import (
    AsideThreads,
    AtOnce,
    OneByOne,
    Threads,
    all_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.fastbreak.aws.plugins.module_utils._common.workers import Workers

DEADLINE = 300.0
KNOWN: ContextVar[str] = ContextVar("KNOWN", default="nothing")


def says(number: int) -> Callable[[], int]:
    return lambda: number


def fails(text: str) -> Callable[[], int]:
    def work() -> int:
        raise ValueError(text)

    return work


@pytest.mark.parametrize("workers", [OneByOne(), Threads(1), Threads(4), Threads(100)], ids=["none", "1", "4", "100"])
def test_answers_are_in_the_order_of_the_questions(workers: Workers) -> None:
    assert all_of(workers, [says(number) for number in range(50)]) == list(range(50))
    assert all_of(workers, []) == []


def test_one_by_one_nothing_is_asked_whose_answer_nobody_wants() -> None:
    asked: list[int] = []
    answer = OneByOne().begin(lambda: asked.append(1))
    assert asked == []
    answer()
    assert asked == [1]


def test_as_many_are_asked_at_once_as_may_be_and_no_more() -> None:
    # Nobody gets through before four are there, and a fifth would break the barrier's count.
    meeting, inside, most = threading.Barrier(4), list[int](), list[int]()

    def meet() -> None:
        inside.append(1)
        meeting.wait(DEADLINE)
        most.append(len(inside))
        meeting.wait(DEADLINE)
        inside.pop()
        meeting.wait(DEADLINE)

    all_of(Threads(4), [meet] * 8)
    assert max(most) == 4


@pytest.mark.parametrize("workers", [OneByOne(), Threads(1), Threads(4)], ids=["none", "1", "4"])
def test_the_first_question_s_error_is_raised(workers: Workers) -> None:
    with pytest.raises(ValueError, match="first"):
        all_of(workers, [says(1), fails("first"), fails("second")])


def test_questions_know_what_who_asks_knows() -> None:
    token = KNOWN.set("something")
    try:
        assert all_of(Threads(2), [KNOWN.get] * 3) == ["something"] * 3
    finally:
        KNOWN.reset(token)


def test_an_interrupt_waits_for_no_answer() -> None:
    held, over = threading.Event(), list[str]()

    def hang() -> None:
        held.wait(DEADLINE)
        over.append("waited")

    try:
        with pytest.raises(KeyboardInterrupt), interruptible():
            all_of(Threads(2), [hang, interrupt, hang])
        assert over == []
    finally:
        held.set()


def test_what_is_done_aside_tells_its_outcome_when_it_is_there() -> None:
    held = threading.Event()
    outcome = AsideThreads().begin(lambda: held.wait(DEADLINE))
    assert outcome() is None
    held.set()
    while (found := outcome()) is None:
        pass
    assert found == (True,)
    assert AtOnce().begin(says(7))() == (7,)


def test_what_fails_aside_is_raised_where_it_is_asked_for() -> None:
    outcome = AsideThreads().begin(fails("aside"))

    def wait() -> None:
        while outcome() is None:
            pass

    with pytest.raises(ValueError, match="aside"):
        wait()
