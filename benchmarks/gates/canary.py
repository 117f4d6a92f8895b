# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often a canary is told right beside the running version: releases drawn at random, from a seed.

Each release takes minutes of requests that fail independently, and is looked at once a minute.
"""

from collections import Counter
from dataclasses import dataclass
from math import sqrt
from random import Random
from statistics import median

from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.statistics.comparison import (
    Comparison,
    Interval,
)

SHARES = (0.01, 0.03, 0.10)
BASE_ERRORS = (0.001, 0.005, 0.01, 0.05)
WORSE_BY = (0.03, 0.10)
Z_LIMIT = 1.6449
"""One-sided, 5 %: what a test at each look commonly asks for."""


@dataclass(frozen=True)
class Setting:
    """Requests a minute to both sides together, minutes of a release, the margin, and how many releases are drawn."""

    requests: int = 3000
    minutes: int = 10
    margin: float = 0.01
    releases: int = 2000


@dataclass(frozen=True)
class Told:
    """Of all releases: the part of each verdict, the median minute of refusals, the part that a z-test refuses."""

    passed: float
    refused: float
    inconclusive: float
    minute: float | None
    by_z: float


def draw(setting: Setting, share: float, rates: tuple[float, float], seed: str) -> Told:
    """What becomes of releases whose canary, with a *share* of requests, and running version fail at these *rates*."""
    made = Random(seed)  # noqa: S311 - a simulation
    verdicts: Counter[Verdict] = Counter()
    minutes: list[int] = []
    by_z = 0
    for _ in range(setting.releases):
        verdict, minute, z = _release(setting, share, rates, made)
        verdicts[verdict] += 1
        by_z += z
        if verdict is Verdict.UNHEALTHY:
            minutes.append(minute)
    return Told(
        passed=verdicts[Verdict.HEALTHY] / setting.releases,
        refused=verdicts[Verdict.UNHEALTHY] / setting.releases,
        inconclusive=verdicts[Verdict.INCONCLUSIVE] / setting.releases,
        minute=median(minutes) if minutes else None,
        by_z=by_z / setting.releases,
    )


def _release(setting: Setting, share: float, rates: tuple[float, float], made: Random) -> tuple[Verdict, int, bool]:
    """Its verdict, the minute of that, and whether a z-test at any minute refuses it."""
    seen, ours, when, by_z = Comparison(setting.margin), Verdict.INCONCLUSIVE, setting.minutes, False
    for minute in range(1, setting.minutes + 1):
        requests = made.binomialvariate(setting.requests, share)
        base = setting.requests - requests
        errors = made.binomialvariate(requests, rates[0]), made.binomialvariate(base, rates[1])
        seen = seen.see(Interval(requests, errors[0], base, errors[1]))
        by_z = by_z or _z(seen) > Z_LIMIT
        if ours is Verdict.INCONCLUSIVE:
            ours, when = seen.verdict(baked=minute == setting.minutes), minute
        if ours is Verdict.UNHEALTHY and by_z:
            break
    return ours, when, by_z


def _z(seen: Comparison) -> float:
    """How many standard errors the canary's share of errors is above the running version's."""
    if not (seen.requests and seen.base_requests):
        return 0.0
    pooled = (seen.errors + seen.base_errors) / (seen.requests + seen.base_requests)
    error = sqrt(pooled * (1 - pooled) * (1 / seen.requests + 1 / seen.base_requests))
    difference = seen.errors / seen.requests - seen.base_errors / seen.base_requests
    return difference / error if error else 0.0


def table(setting: Setting) -> list[str]:
    """The lines of the table: for each share of the canary and each rate of errors, what releases meet."""
    worse = [f"fails {more:.0%} more: refused (median minute)" for more in WORSE_BY]
    heads = [
        "canary",
        "errors",
        "alike: passes",
        "alike: refused",
        "z-test each minute",
        "at the margin: refused",
        *worse,
    ]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for share in SHARES:
        for base in BASE_ERRORS:
            seed = f"{share} {base}"
            alike = draw(setting, share, (base, base), seed)
            limit = draw(setting, share, (base + setting.margin, base), seed)
            bad = [draw(setting, share, (base + more, base), seed) for more in WORSE_BY]
            cells = [f"{share:.0%}", f"{base:.1%}", f"{alike.passed:.1%}", f"{alike.refused:.2%}", f"{alike.by_z:.1%}"]
            cells += [f"{limit.refused:.2%}", *(_refused(each) for each in bad)]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _refused(told: Told) -> str:
    return f"{told.refused:.1%}" + (f" ({told.minute:g})" if told.minute is not None else "")
