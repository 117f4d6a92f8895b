# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How probably a watch ends which way, for a release that fails a known share of its requests.

Nothing is drawn at random: the probabilities of all courses that a watch can take are added up.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http_tally import MOST_LATEST, HttpTally

Rule = Callable[[int, int, bool], Verdict]
"""The verdict on so many failures among so many samples, after the bake time or before."""


@dataclass(slots=True)
class Course:
    """How a watch can end, as probabilities; and of how many samples a refusal took, how probably."""

    passed: float = 0.0
    refused: float = 0.0
    inconclusive: float = 0.0
    refused_after: dict[int, float] = field(default_factory=dict)

    @property
    def median_samples(self) -> int | None:
        """Within how many samples half of the refusals have come; None without any."""
        total = 0.0
        for samples, probability in self.refused_after.items():
            total += probability
            if total >= self.refused / 2 > 0:
                return samples
        return None


def course(rule: Rule, share: float, *, baked_after: int, most: int) -> Course:
    """What becomes of a release that fails this *share*: one look a sample, at most *most* of them."""
    made = Course()
    ways = {0: 1.0}
    for samples in range(1, most + 1):
        after: dict[int, float] = defaultdict(float)
        for failures, probability in ways.items():
            after[failures] += probability * (1 - share)
            after[failures + 1] += probability * share
        ways = {}
        for failures, probability in after.items():
            verdict = rule(failures, samples, samples >= baked_after)
            if verdict is Verdict.UNHEALTHY:
                made.refused += probability
                made.refused_after[samples] = made.refused_after.get(samples, 0.0) + probability
            elif verdict is Verdict.HEALTHY:
                made.passed += probability
            else:
                ways[failures] = probability
    made.inconclusive = sum(ways.values())
    return made


def of_gate(gate: HttpGate) -> Rule:
    """The rule of ours. Counts do not tell which answers were the latest: they are taken for good ones."""
    latest = "." * MOST_LATEST
    return lambda failures, samples, baked: gate.assess(HttpTally(samples, failures, latest=latest), baked=baked)


def at_each_look(limit: float, minimum: int) -> Rule:
    """The usual rule: refused as soon as more failed than the fewest samples may hold."""

    def rule(failures: int, samples: int, baked: bool) -> Verdict:
        if failures > limit * max(samples, minimum):
            return Verdict.UNHEALTHY
        return Verdict.HEALTHY if baked and samples >= minimum else Verdict.INCONCLUSIVE

    return rule
