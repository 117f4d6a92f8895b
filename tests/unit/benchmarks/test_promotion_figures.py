# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How samples become figures."""

from benchmarks.promotion.figures import Limits, Target, interruption_lines, request_lines, timed_line
from benchmarks.promotion.interrupted import Interruption
from benchmarks.promotion.lab import DOCKER, MIB, OURS, SKOPEO, Sample, Samples
from benchmarks.promotion.requests import Requests


def samples(seconds, load=1.0):
    return Samples([Sample(tool, item, load) for tool, some in seconds.items() for item in some])


def test_a_target_is_met_up_to_its_limit():
    assert Target("ratio", 0.75, 0.75).met
    assert not Target("ratio", 0.76, 0.75).met
    assert Target("ratio", 6.0, 6.0, at_least=True).met
    assert not Target("ratio", 5.9, 6.0, at_least=True).met


def test_a_timed_case_compares_medians():
    line = timed_line("case", samples({OURS: [1, 2, 9], SKOPEO: [4, 4, 4], DOCKER: [20, 6, 20]}), Limits(0.75, 6.0))
    assert (line.ours, line.skopeo, line.docker) == ("2.00 s", "4.00 s", "20.00 s")
    assert [(target.value, target.met) for target in line.targets] == [(0.5, True), (10.0, True)]


def test_a_tool_that_cannot_is_said_so_and_not_compared():
    seen = samples({OURS: [1.0], SKOPEO: [4.0]})
    seen.failed[DOCKER] = "max depth exceeded"
    line = timed_line("case", seen, Limits(0.75, 6.0))
    assert line.docker == "cannot"
    assert len(line.targets) == 1


def test_a_noisy_machine_is_said_beside_the_figure():
    assert "NOISY" in timed_line("case", samples({OURS: [1.0]}, load=3.5), Limits(0.75)).note
    assert "NOISY" not in timed_line("case", samples({OURS: [1.0]}, load=2.5), Limits(0.75)).note


def test_all_requests_count_against_the_manifests_that_are_held():
    seen = Requests(OURS, "six", 3, {"manifests": 1, "tags": 1, "referrers": 1}, {"manifests": 2, "referrers": 1})
    (line,) = request_lines([seen], 2.0)
    assert line.targets[0].value == 2.0


def test_what_is_sent_beyond_the_image_was_sent_again():
    seen = Interruption(OURS, "between two chunks", 96 * MIB, 40 * MIB, 128 * MIB, 1.0)
    (line,) = interruption_lines([seen], 32 * MIB)
    assert line.ours == "8 MiB"
    assert line.targets[0].met
