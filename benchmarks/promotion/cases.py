# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cases by name, and the tables they fill."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from benchmarks.promotion import timed
from benchmarks.promotion.figures import (
    Limits,
    Line,
    interruption_lines,
    memory_line,
    request_lines,
    start_line,
    timed_line,
)
from benchmarks.promotion.interrupted import interrupted
from benchmarks.promotion.lab import DEFAULT_CHUNK_BYTES, OURS, Lab, Samples
from benchmarks.promotion.requests import requests

MEMORY_MIB = 24.0
DELAY_SECONDS = 0.04
REQUESTS_A_MANIFEST = 2.0
COLD = Limits(skopeo=0.75, docker=6.0)
# docker copies one platform of three and none of what belongs to them: it is shown, and not compared with.
COLD_INDEX = Limits(skopeo=0.75)
TIMES = "Seconds, median"
MEMORY = "Memory that the promotion adds"
REQUESTS = "Requests when everything is present"
INTERRUPTED = "Sent again after a kill at 90 % of the large layer"


@dataclass
class Results:
    """What was found: tables of lines by title, and all samples by case. Tiny images are held against no target."""

    with_targets: bool = True
    lines: dict[str, list[Line]] = field(default_factory=dict)
    samples: dict[str, Samples] = field(default_factory=dict)

    def add(self, title: str, *lines: Line) -> None:
        """Lines to a table."""
        kept = lines if self.with_targets else [replace(line, targets=()) for line in lines]
        self.lines.setdefault(title, []).extend(kept)

    def timed(self, case: str, samples: Samples, limits: Limits) -> Samples:
        """A timed case."""
        self.samples[case] = samples
        self.add(TIMES, timed_line(case, samples, limits))
        return samples

    def finish(self) -> None:
        """Add what is known of all cases together."""
        if any(sample.ours for each in self.samples.values() for sample in each.of(OURS)):
            self.add(TIMES, start_line(list(self.samples.values())))


@dataclass(frozen=True)
class Case:
    """A case and how it is run."""

    name: str
    run: Callable[[Lab, Results], object]


def _cold(image: str) -> Callable[[Lab, Results], None]:
    def run(lab: Lab, results: Results) -> None:
        what = lab.sizes.describe(image)
        samples = results.timed(f"cold: {what}", timed.cold(lab, image), COLD_INDEX if image == "index" else COLD)
        results.add(MEMORY, memory_line(what, samples, MEMORY_MIB))

    return run


def _playbook(lab: Lab, results: Results) -> None:
    case = f"cold, the whole ansible-playbook: {lab.sizes.describe('six')}"
    results.timed(case, timed.playbook(lab, "six"), Limits(skopeo=1.2))


def _new_layer(lab: Lab, results: Results) -> None:
    case = f"one new layer: {lab.sizes.describe('six')}"
    results.timed(case, timed.new_layer(lab, "six"), Limits(skopeo=0.9))


def _latency(lab: Lab, results: Results) -> None:
    case = f"cold, 40 ms a request: {lab.sizes.describe('many')}"
    results.timed(case, timed.delayed(lab, "many", DELAY_SECONDS), Limits(skopeo=0.5))


def _present(lab: Lab, results: Results) -> None:
    for image in ("six", "index"):
        case = f"everything present: {lab.sizes.describe(image)}"
        results.timed(case, timed.present(lab, image), Limits(skopeo=1.0))


def _requests(lab: Lab, results: Results) -> None:
    for image in ("six", "index"):
        results.add(REQUESTS, *request_lines(requests(lab, image), REQUESTS_A_MANIFEST))


def _interrupted(lab: Lab, results: Results) -> None:
    results.add(INTERRUPTED, *interruption_lines(interrupted(lab), lab.sizes.chunk_bytes or DEFAULT_CHUNK_BYTES))


CASES = (
    Case("cold-six", _cold("six")),
    Case("cold-many", _cold("many")),
    Case("cold-index", _cold("index")),
    Case("playbook", _playbook),
    Case("new-layer", _new_layer),
    Case("present", _present),
    Case("requests", _requests),
    Case("latency", _latency),
    Case("interrupted", _interrupted),
    Case("cold-single", _cold("single")),
)
