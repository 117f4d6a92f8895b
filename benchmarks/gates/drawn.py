# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the gate http makes of releases whose answers are drawn one by one, from a seed.

The gate lets nothing in whose latest answers fail, and counts do not tell which answers were the latest. So this says
what that rule costs good releases, and what it keeps out: releases that begin to fail late in the bake time.
"""

from collections import Counter
from dataclasses import dataclass, replace
from random import Random

from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http_tally import MOST_LATEST, HttpTally

THROUGHOUT = (0.0, 0.01, 0.03, 0.05, 0.1)
LATE = (0.1, 0.3, 0.5, 1.0)
LONG_BAKE_SECONDS = 600.0
"""So many good answers come before that counts alone would let in whatever comes last."""
_ANSWER = HttpTally(0, 0).answered("200", passed=True), HttpTally(0, 0).answered("500", passed=False)


@dataclass(frozen=True, slots=True)
class Kind:
    """Releases that fail so large a share of their answers, from one of them on."""

    share: float
    since: int = 0


def draw(gate: HttpGate, kind: Kind, releases: int, *, latest: bool = True) -> Counter[Verdict]:
    """The verdicts on so many releases; not *latest*: by the counts alone."""
    made = Random(f"{kind}")  # noqa: S311 - a simulation
    return Counter(_verdict(gate, kind, made, latest=latest) for _ in range(releases))


def _verdict(gate: HttpGate, kind: Kind, made: Random, *, latest: bool) -> Verdict:
    baked_after = round(gate.bake_seconds / gate.interval_seconds)
    failures, signs = 0, ""
    for samples in range(1, round(gate.deadline_seconds / gate.interval_seconds) + 1):
        failed = samples > kind.since and made.random() < kind.share
        failures += failed
        signs = (signs + _ANSWER[failed].latest)[-MOST_LATEST:] if latest else "." * MOST_LATEST
        verdict = gate.assess(HttpTally(samples, failures, latest=signs), baked=samples >= baked_after)
        if verdict is not Verdict.INCONCLUSIVE:
            return verdict
    return Verdict.INCONCLUSIVE


def table(gate: HttpGate, releases: int) -> list[str]:
    """The lines of the table: of releases that fail throughout, and of those that begin with the last answers needed.

    For the long bake time a tenth as many are drawn.
    """
    lines = ["| really failing | bake time | passes | refused | inconclusive | by the counts alone: passes |"]
    lines.append("|---|---|---|---|---|---|")
    lines += [_line(gate, Kind(share), "throughout", releases) for share in THROUGHOUT]
    long = replace(gate, bake_seconds=LONG_BAKE_SECONDS, deadline_seconds=2 * LONG_BAKE_SECONDS)
    for baking, drawn in ((gate, releases), (long, -(-releases // 10))):
        late = max(0, round(baking.bake_seconds / baking.interval_seconds) - baking.minimum_samples)
        lines += [_line(baking, Kind(share, late), f"after {late} answers", drawn) for share in LATE]
    return lines


def _line(gate: HttpGate, kind: Kind, since: str, releases: int) -> str:
    told, counted = (draw(gate, kind, releases, latest=latest) for latest in (True, False))
    parts = [told[verdict] / releases for verdict in (Verdict.HEALTHY, Verdict.UNHEALTHY, Verdict.INCONCLUSIVE)]
    shares = " | ".join(f"{part:.1%}" for part in (*parts, counted[Verdict.HEALTHY] / releases))
    return f"| {kind.share:.0%} {since} | {gate.bake_seconds:g} s | {shares} |"
