# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The thread in which a data plane serves."""

import asyncio
import threading

import pytest

from sandbox.loop_thread import LoopThread


class Plane(LoopThread):
    def __init__(self, problem=None):
        super().__init__("plane")
        self.done, self.inside, self.problem = [], 0, problem

    async def open(self):
        self.done.append("open")

    async def close(self):
        self.done.append("close")

    async def apply(self):
        self.inside += 1
        assert self.inside == 1, "two changes at a time"
        await asyncio.sleep(0)
        self.inside -= 1
        self.done.append("apply")
        if self.problem:
            raise self.problem


def test_it_opens_follows_the_records_and_closes():
    plane = Plane()
    plane.sync()
    assert plane.done == []
    plane.start()
    plane.sync()
    plane.stop()
    plane.sync()
    assert plane.done == ["open", "apply", "apply", "close"]


def test_changes_of_two_threads_come_one_after_the_other():
    plane = Plane()
    plane.start()
    callers = [threading.Thread(target=plane.sync) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    plane.stop()
    assert plane.done == ["open", *["apply"] * 9, "close"]


def test_who_asks_for_a_change_hears_why_it_failed():
    plane = Plane(OSError("taken"))
    with pytest.raises(OSError, match="taken"):
        plane.start()
    with pytest.raises(OSError, match="taken"):
        plane.sync()
    plane.stop()
