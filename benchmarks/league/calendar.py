# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A league's weeks: which team plays on which night, and when its footage arrives.

The calendar is an assumption and not a measurement. Games are drawn at random in weeks as the season has them, with
most games on Wednesday and few on Thursday.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR
GAMES_OF_THE_WEEK = (8, 7, 10, 3, 9, 8, 7)
"""From Monday on: 52 games a week, which are 82 of each of 30 teams in 24 weeks."""
ZONES = (0, 0, 0, 1, 1, 2, 3, 3)
"""Hours behind the eastern coast; half of the teams play in the east or beside it."""


@dataclass(frozen=True)
class Assumed:
    """What is assumed of a league. Change any of it on the command line."""

    teams: int = 30
    weeks: int = 2
    cameras: int = 4
    clip_minutes: float = 30.0
    game_hours: float = 2.5
    practice_hours: float = 2.0
    upload_minutes: float = 30.0
    """A session's clips arrive spread over so long after its end."""
    seed: int = 0


@dataclass(frozen=True)
class Clip:
    """A video: when it was accepted, in seconds since the first Monday's midnight, and how many minutes it has."""

    at: float
    minutes: float


@dataclass(frozen=True)
class Session:
    """What a team films in one go: its end in seconds since the first midnight, and its hours."""

    end: float
    hours: float


def sessions(assumed: Assumed) -> list[Session]:
    """Games, filmed by both of their teams, and a practice of each team that does not play; by their ends."""
    drawn = random.Random(assumed.seed)  # noqa: S311 - a calendar, no secret
    zones = [ZONES[team % len(ZONES)] for team in range(assumed.teams)]
    found: list[Session] = []
    for day in range(7 * assumed.weeks):
        midnight = day * DAY
        teams = drawn.sample(range(assumed.teams), assumed.teams)
        games = min(assumed.teams // 2, round(GAMES_OF_THE_WEEK[day % 7] * assumed.teams / 30))
        for home, guest in zip(teams[:games], teams[games : 2 * games], strict=True):
            end = midnight + (19 + zones[home] + assumed.game_hours) * HOUR
            found += [Session(end, assumed.game_hours) for _ in (home, guest)]
        for team in teams[2 * games :]:
            end = midnight + (11 + zones[team] + assumed.practice_hours) * HOUR
            found.append(Session(end, assumed.practice_hours))
    return sorted(found, key=lambda session: session.end)


def clips(assumed: Assumed) -> list[Clip]:
    """All clips of the weeks, by their arrival."""
    drawn = random.Random(assumed.seed + 1)  # noqa: S311 - a calendar, no secret
    found = [
        Clip(session.end + drawn.uniform(0, assumed.upload_minutes * MINUTE), minutes)
        for session in sessions(assumed)
        for _ in range(assumed.cameras)
        for minutes in _cut(60 * session.hours, assumed.clip_minutes)
    ]
    return sorted(found, key=lambda clip: clip.at)


def _cut(minutes: float, most: float) -> Iterator[float]:
    while minutes > 0:
        yield min(minutes, most)
        minutes -= most
