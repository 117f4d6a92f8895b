# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often a release is told right by how long it takes beside the running version: drawn at random, from a seed.

Latencies are log-normal: of the answers of the running version one in ten takes 3.6 times as long as the median.
"""

from collections import Counter
from dataclasses import dataclass
from math import ceil
from random import Random
from statistics import median

from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http_limits import AnswerLimits
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http_tally import MOST_LATEST, HttpTally

SHARES = (0.01, 0.03, 0.10)
TIMES = (1.0, 2.0, 4.0, 8.0)
SPREAD = 1.0


@dataclass(frozen=True)
class Setting:
    """Requests to both sides: at least ``baked``, at most ``most``; how many releases are drawn."""

    releases: int = 2000
    baked: int = 600
    most: int = 1200
    minimum: int = 100
    quantile: float = 0.9
    increase: float = 1.0


@dataclass(frozen=True)
class Told:
    """Of all releases: the part of each verdict, and the median number of requests before a refusal."""

    passed: float
    refused: float
    inconclusive: float
    requests: float | None


def draw(setting: Setting, share: float, times: float, seed: str) -> Told:
    """What becomes of releases that get a *share* of the requests and take so many *times* as long."""
    made = Random(seed)  # noqa: S311 - a simulation
    minimum = max(5, ceil(setting.minimum * share))
    limits = AnswerLimits(minimum, 0.05, None, setting.quantile, setting.increase)
    verdicts: Counter[Verdict] = Counter()
    refusals: list[int] = []
    for _ in range(setting.releases):
        verdict, requests = _release(setting, limits, share, times, made)
        verdicts[verdict] += 1
        if verdict is Verdict.UNHEALTHY:
            refusals.append(requests)
    return Told(
        passed=verdicts[Verdict.HEALTHY] / setting.releases,
        refused=verdicts[Verdict.UNHEALTHY] / setting.releases,
        inconclusive=verdicts[Verdict.INCONCLUSIVE] / setting.releases,
        requests=median(refusals) if refusals else None,
    )


def _release(setting: Setting, limits: AnswerLimits, share: float, times: float, made: Random) -> tuple[Verdict, int]:
    """Its verdict, and after how many requests. It is looked at after each that completes a block."""
    tally = HttpTally(samples=limits.minimum_samples, latest="." * MOST_LATEST)
    verdict = Verdict.INCONCLUSIVE
    for number in range(1, setting.most + 1):
        ours = made.random() < share
        seconds = made.lognormvariate(0.0, SPREAD) * (times if ours else 1.0)
        after = tally.timed(seconds, is_ours=ours, quantile=limits.latency_quantile, increase=setting.increase)
        looked, tally = after.compared > tally.compared or number == setting.baked, after
        if looked:
            verdict = limits.verdict(tally, baked=number >= setting.baked)
        if verdict is not Verdict.INCONCLUSIVE:
            return verdict, number
    return verdict, setting.most


def table(setting: Setting) -> list[str]:
    """The lines of the table: for each share of the release, what becomes of it by how much slower it is."""
    heads = ["share", *(f"{times:g} times as long: passes / refused (requests)" for times in TIMES)]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for share in SHARES:
        told = [draw(setting, share, times, f"{share} {times}") for times in TIMES]
        lines.append(f"| {share:.0%} | {' | '.join(map(_cell, told))} |")
    return lines


def _cell(told: Told) -> str:
    return f"{told.passed:.1%} / {told.refused:.2%}" + (f" ({told.requests:g})" if told.requests is not None else "")
