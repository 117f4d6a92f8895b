# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A team's year, hour by hour: how many tasks its footage keeps busy, and what capacity is paid for beside that.

The calendar is an assumption and not a measurement: 30 weeks of season from week 0 on, then 22 weeks without games.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

HOURS_A_DAY = 24
DAYS_A_WEEK = 7
WEEKS_A_YEAR = 52
# `rest_after_seconds` of the workers.
REST_HOURS = 0.25


@dataclass(frozen=True)
class Session:
    """Footage that comes together: on these days of the week (0 is Monday), at this hour, so many hours of it."""

    name: str
    days: tuple[int, ...]
    hour: int
    footage_hours: float


@dataclass(frozen=True)
class Load:
    """What is assumed of a team. Change any of it on the command line."""

    season_weeks: int = 30
    games_a_week: int = 3
    cameras: int = 4
    frames_a_second: float = 30.0
    """Of the footage."""
    analysed_a_second: float = 15.0
    """Frames that a vCPU analyses a second."""
    ready_after_hours: int = 2
    """How soon after its arrival a session's footage is analysed."""

    def sessions(self, week: int) -> list[Session]:
        """What a week brings: games of 2.5 hours in the evening, practices of 2; workouts of 1.5 without games."""
        if week >= self.season_weeks:
            return [Session("workout", (0, 2, 4), 12, 1.5 * self.cameras)]
        games = (1, 3, 5, 0, 2, 4, 6)[: self.games_a_week]
        practices = tuple(day for day in range(DAYS_A_WEEK - 1) if day not in games)
        return [
            Session("game", games, 22, 2.5 * self.cameras),
            Session("practice", practices, 15, 2.0 * self.cameras),
        ]


@dataclass(frozen=True)
class Capacity:
    """Tasks of the service: their size, and between which numbers they scale."""

    vcpu: float
    minimum: int
    maximum: int


@dataclass(frozen=True)
class Year:
    """Task-hours of a year: busy ones, and those paid for with scaling and with what the busiest hour needs, always."""

    busy: float
    scaled: float
    fixed: float
    peak: int

    @property
    def idle_scaled(self) -> float:
        return self.scaled - self.busy

    @property
    def idle_fixed(self) -> float:
        return self.fixed - self.busy


def simulate(load: Load, capacity: Capacity) -> Year:
    """The year under scaling that follows the load within the hour, beside capacity that stands for the peak."""
    demand = list(_demand(load, capacity.vcpu))
    peak = min(capacity.maximum, max(capacity.minimum, math.ceil(max(demand))))
    busy = scaled = backlog = 0.0
    tasks = 0
    for wanted in demand:
        backlog += wanted
        before = tasks
        tasks = min(capacity.maximum, max(capacity.minimum, math.ceil(backlog)))
        done = min(backlog, float(tasks))
        backlog -= done
        busy += done
        # Where none need run, the last one waits for a while before it goes.
        scaled += tasks or (REST_HOURS if before else 0.0)
    return Year(busy, scaled, float(peak * len(demand)), peak)


def _demand(load: Load, vcpu: float) -> Iterator[float]:
    """Task-hours of work that each hour of the year brings: a session's are spread over the hours until it is ready."""
    hours = [0.0] * (WEEKS_A_YEAR * DAYS_A_WEEK * HOURS_A_DAY + load.ready_after_hours)
    per_footage_hour = load.frames_a_second / load.analysed_a_second / vcpu
    for week in range(WEEKS_A_YEAR):
        for session in load.sessions(week):
            work = session.footage_hours * per_footage_hour / load.ready_after_hours
            for day in session.days:
                first = (week * DAYS_A_WEEK + day) * HOURS_A_DAY + session.hour
                for hour in range(first, first + load.ready_after_hours):
                    hours[hour] += work
    yield from hours
