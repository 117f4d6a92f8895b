# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table, in Markdown."""

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.releases.figures import Cell, Said
from benchmarks.releases.kinds import BY_NAME, KINDS

Cells = Mapping[tuple[str, str, int], Cell]
_HEAD = (
    "| release | by | said | right | to detect | back on the old version | after our verdict | user requests failed "
    "| before the shift | own time | load |"
)
_COLUMNS = 11


def text(cells: Cells, machine: Mapping[str, str], ways: Sequence[str]) -> str:
    """All of it; what was not run is not there, and is counted."""
    lines = [_described(machine), "", _HEAD, f"|{'---|' * _COLUMNS}"]
    lines += [_row(cells[kind.name, way, 0]) for kind in KINDS for way in ways if (kind.name, way, 0) in cells]
    return "\n".join([*lines, "", *_sums(cells, ways)])


def series(cells: Cells, machine: Mapping[str, str], ways: Sequence[str]) -> str:
    """What became of releases in a row: those that were told wrong one by one, the others summed up."""
    lines = [_described(machine), "", *_sums(cells, ways), ""]
    ran = [cell for cell in cells.values() if cell.way in ways]
    requests, failed = sum(cell.requests for cell in ran), sum(cell.failed for cell in ran)
    lines.append(
        f"{len(ran)} releases, {sum(cell.killed for cell in ran)} of them with a killed controller: "
        f"{sum(cell.right for cell in ran)} told right, {sum(cell.said is Said.NOTHING for cell in ran)} stuck, "
        f"{failed} of {requests} user requests failed ({_share(requests - failed, requests)} served)"
    )
    return "\n".join([*lines, *(_row(cell) for cell in ran if not cell.right)])


def _described(machine: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in machine.items())


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3%}" if whole else "none"


def _row(cell: Cell) -> str:
    columns = [
        BY_NAME[cell.kind].title,
        cell.way,
        str(cell.said),
        "yes" if cell.right else "**no**",
        _seconds(cell.to_detect),
        _seconds(cell.to_restore),
        _seconds(cell.verdict_to_restored),
        f"{cell.failed} of {cell.requests}",
        str(cell.failed_before_shift),
        _seconds(cell.own),
        f"{cell.load:.0f}",
    ]
    return f"| {' | '.join(columns)} |"


def _sums(cells: Cells, ways: Sequence[str]) -> Iterator[str]:
    for way in ways:
        ran = [cell for cell in cells.values() if cell.way == way]
        if ran:
            right, failed = sum(cell.right for cell in ran), sum(cell.failed for cell in ran)
            own = [cell.own for cell in ran if cell.own is not None]
            longest = f"; own time of good releases {min(own):.1f} to {max(own):.1f} s" if own else ""
            yield f"{way}: {right} of {len(ran)} told right, {failed} user requests failed{longest}; {_commits(ran)}"


def _commits(cells: Sequence[Cell]) -> str:
    return "commit " + ", ".join(sorted({cell.commit for cell in cells}))


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"
