# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workers end with the run that was interrupted, and what they say last is kept for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.plugin_utils._interrupted_run import end_workers, last_words, say_last

if TYPE_CHECKING:
    from pathlib import Path


class FakeWorker:
    """A worker that ends so many seconds after it was asked to; it was asked to for the first time by a signal."""

    def __init__(self, clock: list[float], needs: float) -> None:
        self.clock, self.needs = clock, needs
        self.ends: float | None = None
        self.calls: list[str] = []

    def terminate(self) -> None:
        self.calls.append("terminate")
        self.ends = self.clock[0] + self.needs

    def kill(self) -> None:
        self.calls.append("kill")
        self.ends = self.clock[0]

    def join(self, timeout: float | None = None) -> None:
        assert self.ends is not None
        assert timeout is None or timeout >= 0
        waited = self.ends - self.clock[0]
        self.clock[0] += max(0.0, waited if timeout is None else min(waited, timeout))

    def is_alive(self) -> bool:
        return self.ends is None or self.clock[0] < self.ends


@pytest.mark.parametrize(
    ("needs", "stuck", "took"),
    [
        ([], 0, 0.0),
        ([0.0], 0, 0.0),
        ([2.0, 1.0], 0, 2.0),
        ([1e9], 1, 15.0),
        ([1.0, 1e9, 2.0, 1e9], 2, 15.0),
    ],
)
def test_workers_are_interrupted_and_ended_in_bounded_time(needs: list[float], stuck: int, took: float) -> None:
    clock = [100.0]
    workers = [FakeWorker(clock, seconds) for seconds in needs]
    assert end_workers(workers, 15.0) == stuck
    assert clock[0] == 100.0 + took
    for worker in workers:
        assert not worker.is_alive()
        assert worker.calls == (["terminate", "kill"] if worker.needs > took else ["terminate"])


def test_last_words_are_kept_until_the_run_ends(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert last_words(folder) == []
    say_last("Roll out: it goes on in ECS ä", folder)
    assert last_words(folder) == ["Roll out: it goes on in ECS ä"]
    assert [file.name for file in folder.iterdir()] == [str(os.getpid())]


def test_words_for_a_run_that_has_ended_disturb_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    say_last("too late", tmp_path / "file" / "below")
    assert last_words(tmp_path / "file" / "below") == []
