# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting, by a clock of the test's own: it ends when something is seen, or in the end."""

from collections.abc import Callable
from types import ModuleType

import pytest

import sandbox.wait
import tools.wait


@pytest.fixture(params=[sandbox.wait, tools.wait], ids=["sandbox", "tools"])
def wait(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            return self.now

        def sleep(self, seconds: float) -> None:
            self.now += seconds

    monkeypatch.setattr(request.param, "time", Clock())
    module: ModuleType = request.param
    return module


def looks(*seen: object) -> Callable[[], object]:
    rest = iter(seen)
    return lambda: next(rest)


def test_what_is_seen_first_costs_no_time(wait: ModuleType) -> None:
    assert wait.until(looks("up"), 0, pause=1) == "up"
    assert wait.time.now == 0


def test_it_is_looked_for_again_until_it_is_seen(wait: ModuleType) -> None:
    assert wait.until(looks(None, 0, "", "up"), 10, pause=2) == "up"
    assert wait.time.now == 6


def test_what_never_comes_is_given_up_and_the_last_look_is_told(wait: ModuleType) -> None:
    assert wait.until(list, 10, pause=4) == []
    assert wait.time.now == 12


def test_what_a_look_raises_ends_the_wait(wait: ModuleType) -> None:
    def look() -> bool:
        raise ValueError("it has ended")

    with pytest.raises(ValueError, match="it has ended"):
        wait.until(look, 10, pause=1)
    assert wait.time.now == 0
