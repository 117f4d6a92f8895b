# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What gates make of releases that fail a share of their requests, beside the usual rules.

For a limit (the gate http) nothing is drawn at random: the probabilities of all courses that a watch can take are added
up. What counts do not tell, which answers were the latest, is drawn from a seed, as are releases beside the running
version (the gates canary and http).
"""

import sys
from collections.abc import Sequence

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate

from benchmarks.gates import canary, drawn, latency
from benchmarks.gates.courses import at_each_look, course, of_gate
from tools.command_line import parser

SHARES = (0.0, 0.001, 0.01, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
RARE = 0.0005
"""Below this the table shows 0.0%: when such a refusal comes says nothing."""


def table(gate: HttpGate) -> list[str]:
    """The lines of the table for *gate*."""
    span = {
        "baked_after": round(gate.bake_seconds / gate.interval_seconds),
        "most": round(gate.deadline_seconds / gate.interval_seconds),
    }
    lines = [
        "| really failing | passes | refused | inconclusive | refused within (median) | limit at each look: refused |"
    ]
    lines.append("|---|---|---|---|---|---|")
    usual = at_each_look(gate.maximum_failure_ratio, gate.minimum_samples)
    for share in SHARES:
        ours, peer = course(of_gate(gate), share, **span), course(usual, share, **span)
        samples = ours.median_samples
        within = (
            ""
            if samples is None or ours.refused < RARE
            else f"{samples} requests, {samples * gate.interval_seconds:g} s"
        )
        lines.append(
            f"| {share:.1%} | {ours.passed:.1%} | {ours.refused:.1%} | {ours.inconclusive:.1%} | {within} | "
            f"{peer.refused:.1%} |"
        )
    return lines


def main(words: Sequence[str]) -> int:
    """Print the table."""
    made = parser("benchmarks.gates", __doc__)
    made.add_argument("--limit", type=float, default=0.05, help="maximum_failure_ratio (default: %(default)s)")
    made.add_argument("--minimum", type=int, default=20, help="minimum_samples (default: %(default)s)")
    made.add_argument("--interval", type=float, default=0.5, help="interval_seconds (default: %(default)s)")
    made.add_argument("--bake", type=float, default=30.0, help="bake_seconds (default: %(default)s)")
    made.add_argument("--deadline", type=float, default=90.0, help="deadline_seconds (default: %(default)s)")
    made.add_argument("--releases", type=int, default=2000, help="releases drawn for each cell (default: %(default)s)")
    made.add_argument("--margin", type=float, default=0.01, help="maximum_increase of canaries (default: %(default)s)")
    given = made.parse_args(words)
    gate = HttpGate(
        name="http",
        url="http://localhost/",
        maximum_failure_ratio=given.limit,
        minimum_samples=given.minimum,
        interval_seconds=given.interval,
        bake_seconds=given.bake,
        deadline_seconds=given.deadline,
    )
    if problems := list(gate.problems()):
        made.error(" ".join(problems))
    if given.releases < 1 or not 0 < given.margin < 1:
        made.error("--releases must be at least 1, and --margin a share between 0 and 1.")
    print("\n".join(table(gate)))
    print("", *drawn.table(gate, given.releases), sep="\n")
    setting = canary.Setting(releases=given.releases, margin=given.margin)
    print("", *canary.table(setting), sep="\n")
    print("", *latency.table(latency.Setting(releases=given.releases)), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
