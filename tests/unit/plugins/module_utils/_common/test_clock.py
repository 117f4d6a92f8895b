# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work that is done beside other work, and ends with it."""

from __future__ import annotations

import contextvars
import threading

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock


class Work:
    """Counts how often it is done, and by whom."""

    def __init__(self) -> None:
        self.times, self.thrice = 0, threading.Event()
        self.threads: set[threading.Thread] = set()

    def __call__(self) -> None:
        self.times += 1
        self.threads.add(threading.current_thread())
        if self.times == 3:
            self.thrice.set()


def test_work_is_done_again_and_again_while_its_caller_is_held_up() -> None:
    work = Work()
    with SystemClock().every(0.001, work):
        assert work.thrice.wait(60)
    assert threading.current_thread() not in work.threads


@pytest.mark.parametrize("end", [None, ValueError("x"), KeyboardInterrupt("y")])
def test_its_thread_has_ended_however_the_work_inside_ends(end: BaseException | None) -> None:
    work = Work()

    def inside() -> None:
        with SystemClock().every(0.001, work):
            assert work.thrice.wait(60)
            if end:
                raise end

    if end:
        with pytest.raises(type(end)):
            inside()
    else:
        inside()
    assert [thread for thread in work.threads if thread.is_alive()] == []


def test_it_sees_the_context_of_who_asked_for_it() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")
    variable.set("mine")
    seen, told = [], threading.Event()

    def look() -> None:
        seen.append(variable.get())
        told.set()

    with SystemClock().every(0.001, look):
        assert told.wait(60)
    assert set(seen) == {"mine"}
