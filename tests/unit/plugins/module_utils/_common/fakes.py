# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clock that only moves when somebody sleeps, and a place for lines of progress."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    """``monotonic`` and ``now`` have nothing to do with each other, as on a real machine."""

    def __init__(self, began: float = 1000.0) -> None:
        self.time = self.began = began
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.time - self.began)

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.sleeps.append(seconds)
        self.time += seconds


class Lines(list[str]):
    """What was said, line by line."""

    live = False

    def draw(self, board: object) -> None:
        """Nobody watches."""

    def say(self, text: str) -> None:
        self.append(text)
