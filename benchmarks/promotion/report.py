# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables, readable at a glance."""

from collections.abc import Mapping

from benchmarks.promotion.cases import Results
from benchmarks.promotion.figures import Line

_HEAD = ("case", "ours", "skopeo", "docker", "targets", "")


def text(results: Results, machine: Mapping[str, str], runs: int) -> str:
    """All of it, as it is printed."""
    parts = [_machine(machine, runs)]
    parts += [f"{title}\n{_table(lines)}" for title, lines in results.lines.items()]
    if failed := _failures(results):
        parts.append(failed)
    return "\n\n".join(parts)


def _machine(machine: Mapping[str, str], runs: int) -> str:
    words = "; ".join(f"{name} {value}" for name, value in machine.items())
    return f"Medians of {runs} runs, the tools in turns. {words}"


def _table(lines: list[Line]) -> str:
    rows = [_HEAD, *((line.case, line.ours, line.skopeo, line.docker, _targets(line), line.note) for line in lines)]
    widths = [max(len(row[number]) for row in rows) for number in range(len(_HEAD))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if 1 <= number <= 3 else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _targets(line: Line) -> str:
    return ", ".join(str(target) for target in line.targets)


def _failures(results: Results) -> str:
    lines = [
        f"{tool} cannot do `{case}`: {why}"
        for case, samples in results.samples.items()
        for tool, why in samples.failed.items()
    ]
    return "\n".join(lines)
