# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signals from outside, turned into an end that can say what it leaves."""

from __future__ import annotations

import queue
import select
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.interruption import (
    heard_once,
    interrupted,
    interruptible,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_once_and_the_handlers_are_put_back(number: signal.Signals) -> None:
    before = [signal.getsignal(handled) for handled in (signal.SIGINT, signal.SIGTERM)]
    reached = []

    def interrupted_twice() -> None:
        with interruptible():
            try:
                signal.raise_signal(number)
            except KeyboardInterrupt:
                signal.raise_signal(number)
                reached.append("the end that the first signal began")
                raise

    with pytest.raises(KeyboardInterrupt):
        interrupted_twice()
    assert len(reached) == 1
    assert [signal.getsignal(handled) for handled in (signal.SIGINT, signal.SIGTERM)] == before


def test_it_is_known_whether_the_last_work_was_interrupted() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible():
        signal.raise_signal(signal.SIGINT)
    assert interrupted()
    with interruptible():
        assert not interrupted()
    assert not interrupted()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_does_not_cut_the_last_words_short(number: signal.Signals) -> None:
    heard: list[int] = []
    before = signal.signal(number, lambda came, _frame: heard.append(came))
    try:
        with heard_once():
            signal.raise_signal(number)
            with pytest.raises(KeyboardInterrupt), interruptible():
                signal.raise_signal(number)
            signal.raise_signal(number)
        assert heard == [number], "only what came before the work is for who handled it before"
        signal.raise_signal(number)
        assert heard == [number] * 2
    finally:
        signal.signal(number, before)


SECONDS = 100.0


def hit_this_thread() -> None:
    # By then the main thread most likely waits; if not, it is interrupted before it does.
    time.sleep(0.2)
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)


@pytest.mark.parametrize(
    "wait",
    [
        lambda: threading.Event().wait(SECONDS),
        lambda: queue.SimpleQueue[int]().get(timeout=SECONDS),
        lambda: time.sleep(SECONDS),
        lambda: select.select([], [], [], SECONDS),
    ],
    ids=["event", "queue", "sleep", "select"],
)
def test_a_signal_that_does_not_wake_the_main_thread_ends_its_wait_all_the_same(wait: Callable[[], object]) -> None:
    """As it is when it comes right before the wait begins: another thread gets it here."""
    thread = threading.Thread(target=hit_this_thread)
    began = time.monotonic()
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        interruptible()(wait)()
    thread.join()
    assert interrupted()
    assert time.monotonic() - began < SECONDS, "the wait was over before"


def test_no_thread_and_no_file_is_left() -> None:
    for _ in range(3):
        with interruptible():
            pass
        with pytest.raises(KeyboardInterrupt), interruptible():
            signal.raise_signal(signal.SIGTERM)
    assert signal.set_wakeup_fd(-1) == -1
    assert not any(thread.name == "press interrupts" for thread in threading.enumerate())
