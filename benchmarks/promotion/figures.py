# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Figures: a line of a table each, with what was hoped for and whether it was met."""

from dataclasses import asdict, dataclass
from statistics import median

from benchmarks.promotion.interrupted import Interruption
from benchmarks.promotion.lab import DOCKER, MIB, OURS, SKOPEO, Samples
from benchmarks.promotion.requests import Requests

NOISY_LOAD = 3.0


@dataclass(frozen=True)
class Target:
    """``value`` must be at most, or at least, ``limit``."""

    what: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it was reached."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{self.what} {self.value:.2f} ({sign} {self.limit:g}: {'met' if self.met else 'MISSED'})"


@dataclass(frozen=True)
class Line:
    """A case: a figure for each tool, as text, and its targets."""

    case: str
    ours: str
    skopeo: str = ""
    docker: str = ""
    targets: tuple[Target, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Limits:
    """What is hoped for of a timed case; 0 is nothing."""

    skopeo: float
    docker: float = 0.0


def timed_line(case: str, samples: Samples, limits: Limits) -> Line:
    """Medians of seconds."""
    medians = {tool: _median(samples, tool) for tool in (OURS, SKOPEO, DOCKER)}
    ours, skopeo, docker = (medians[tool] for tool in (OURS, SKOPEO, DOCKER))
    targets = []
    if ours and skopeo:
        targets.append(Target("ours/skopeo", ours / skopeo, limits.skopeo))
    if ours and docker and limits.docker:
        targets.append(Target("docker/ours", docker / ours, limits.docker, at_least=True))
    loads = [sample.load for sample in samples.all]
    note = f"load {min(loads):.1f} to {max(loads):.1f}"
    if median(loads) > NOISY_LOAD:
        note += ", NOISY: repeat it"
    texts = [_seconds(samples, tool) for tool in (OURS, SKOPEO, DOCKER)]
    return Line(case, texts[0], texts[1], texts[2], tuple(targets), note)


def memory_line(case: str, samples: Samples, limit: float) -> Line:
    """The most that any run of ours added, in MiB."""
    runs = [sample.ours for sample in samples.of(OURS) if sample.ours]
    added = [run.added_mib for run in runs]
    before = median(run.before_mib for run in runs)
    return Line(
        case,
        f"{median(added):.1f} MiB",
        targets=(Target("most of all runs", max(added), limit),),
        note=f"on top of {before:.0f} MiB that the idle process holds",
    )


def start_line(samples: list[Samples]) -> Line:
    """What is left out of ours: the interpreter, ansible-core, boto3 and the module, which a worker has loaded."""
    seconds = [sample.ours.start_seconds for each in samples for sample in each.of(OURS) if sample.ours]
    return Line("interpreter and imports", f"{median(seconds):.2f} s", note="not in the times above")


def request_lines(found: list[Requests], limit: float) -> list[Line]:
    """All requests, and how many there are for each manifest when those for blobs are left out."""
    lines = []
    for image in dict.fromkeys(counted.image for counted in found):
        tools = {counted.tool: counted for counted in found if counted.image == image}
        ours = tools[OURS]
        texts = [f"{tools[tool].total} in all" if tool in tools else "" for tool in (OURS, SKOPEO)]
        target = Target("requests a manifest, blobs aside", ours.per_manifest, limit)
        kinds = f"source {_counts(ours.source)}; destination {_counts(ours.destination)}"
        lines.append(Line(f"{image}, {ours.manifests} manifests", texts[0], texts[1], "", (target,), kinds))
    return lines


def interruption_lines(found: list[Interruption], chunk_bytes: int) -> list[Line]:
    """MiB sent twice."""
    lines = []
    for interruption in found:
        text = f"{interruption.sent_again / MIB:.0f} MiB"
        target = Target("MiB", interruption.sent_again / MIB, chunk_bytes / MIB)
        bound = interruption.tool == OURS and interruption.where == "between two chunks"
        note = (
            f"the run again took {interruption.second_seconds:.1f} s and sent {interruption.sent_second / MIB:.0f} MiB"
        )
        ours, skopeo = (text, "") if interruption.tool == OURS else ("", text)
        lines.append(
            Line(f"{interruption.tool} killed {interruption.where}", ours, skopeo, "", (target,) if bound else (), note)
        )
    return lines


def as_data(lines: dict[str, list[Line]]) -> dict[str, object]:
    """For JSON."""
    return {
        title: [
            {**asdict(line), "targets": [{**asdict(target), "met": target.met} for target in line.targets]}
            for line in some
        ]
        for title, some in lines.items()
    }


def samples_data(samples: dict[str, Samples]) -> dict[str, object]:
    """Every single run, for JSON."""
    return {
        case: {"runs": [asdict(sample) for sample in each.all], "failed": each.failed} for case, each in samples.items()
    }


def _median(samples: Samples, tool: str) -> float:
    seconds = [sample.seconds for sample in samples.of(tool)]
    return median(seconds) if seconds else 0.0


def _seconds(samples: Samples, tool: str) -> str:
    if tool in samples.failed:
        return "cannot"
    middle = _median(samples, tool)
    return f"{middle:.2f} s" if middle else ""


def _counts(kinds: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "nothing"
