# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A player's landings beside their own earlier ones, as words and as a drawing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from fastbreak_service.movement.values import View
from fastbreak_service.reporting.words import LEGS, MEASURES, SIDES, UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastbreak_service.movement.values import Baseline, Finding
    from fastbreak_service.reporting.document import Document

_SAME_SIDE = " It holds only if all were filmed from the same side of the player, which nobody checked."
_WIDTH, _ROW, _EDGE, _TOP = 420, 14, 12, 22


def baseline_part(finding: Finding, own: Baseline) -> str:
    """The range, what it stands on, and a drawing of both."""
    unit = UNITS[finding.unit]
    rows = "".join(
        f'<tr><td>{escape(one.analysis)}</td><td class="number">{one.values}</td>'
        f'<td class="number">{one.mean:.1f}{unit}</td></tr>'
        for one in own.earlier
    )
    return (
        f"<p><strong>Own range, {LEGS[own.legs]}:</strong> {own.low:.1f} to {own.high:.1f}{unit} (mean {own.mean:.1f}, "
        f"error of the earlier values ± {own.error:.1f}). It is where 95 % of this player's single landings of a next "
        f"recording are expected, from {escape(finding.reference.population)}. No published value stands behind it."
        f"{_SAME_SIDE if own.view == View.SAGITTAL else ''}</p>"
        f"<figure>{drawing(finding, own)}<figcaption>Grey: the own range, and around it the error of the earlier "
        "values; ticks are earlier recordings, points with whiskers this one.</figcaption></figure>"
        '<div class="scroll"><table><thead><tr><th>Earlier recording</th><th>Landings</th><th>Mean</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def drawing(finding: Finding, own: Baseline) -> str:
    """The range as a band with the earlier recordings' means, and below it each repetition with its error."""
    edges = [own.low - own.error, own.high + own.error]
    edges += [edge for shown in finding.shown for edge in (shown.value - shown.error, shown.value + shown.error)]
    low, high = min(edges), max(edges)
    wide = max(high - low, 1e-3)

    def x(value: float) -> float:
        return round(_EDGE + (value - low) / wide * (_WIDTH - 2 * _EDGE), 1)

    height = _TOP + _ROW * len(finding.shown) + 18
    title = f"{MEASURES[finding.measure]}: own range {own.low:.1f} to {own.high:.1f}{UNITS[finding.unit]}"
    parts = [
        _band("range-error", x(own.low - own.error), x(own.high + own.error), height),
        _band("range", x(own.low), x(own.high), height),
        *(f'<line class="mark" x1="{x(one.mean)}" x2="{x(one.mean)}" y1="4" y2="{_TOP - 6}"/>' for one in own.earlier),
    ]
    for place, shown in enumerate(finding.shown):
        y = _TOP + _ROW * place + _ROW // 2
        begin, end = x(shown.value - shown.error), x(shown.value + shown.error)
        parts.append(f'<path class="bar {finding.side}" d="M{begin} {y}H{end}M{begin} {y - 3}v6M{end} {y - 3}v6"/>')
        parts.append(f'<circle class="value {finding.side}" cx="{x(shown.value)}" cy="{y}" r="3"/>')
    parts += [
        f'<text class="tick" x="{x(edge)}" y="{height - 4}" text-anchor="{where}">{edge:.0f}</text>'
        for edge, where in ((low, "start"), (high, "end"))
    ]
    return (
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{title}"><title>{title}</title>'
        f"{''.join(parts)}</svg>"
    )


def _band(name: str, begin: float, end: float, height: int) -> str:
    wide = max(round(end - begin, 1), 1)
    return f'<rect class="{name}" x="{begin}" y="2" width="{wide}" height="{height - 20}"/>'


def no_baselines(found: Document) -> str:
    """Of which measures there is no own range, and why; empty where nothing was to be held against one."""
    if found.movement.no_baseline:
        return f"<h3>No own range</h3><p>{escape(found.movement.no_baseline)}</p>"
    rows = "".join(_missing(found))
    if not rows:
        return ""
    return (
        '<h3>No own range</h3><div class="scroll"><table><thead><tr><th>Person</th><th>Measure</th><th>Side</th>'
        f"<th>Landing</th><th>Why</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _missing(found: Document) -> Iterator[str]:
    for moved in found.movement.persons:
        for one in moved.no_baseline:
            yield (
                f"<tr><td>{moved.person}</td><td>{MEASURES[one.measure]}</td><td>{SIDES[one.side]}</td>"
                f'<td>{LEGS[one.legs]}, {one.view}</td><td class="soft">{escape(one.words)}</td></tr>'
            )
