# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release's gates over time, as SVG: when each measured, what it said, how many of its samples failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

_WIDTH = 860
_LEFT = 240
_RIGHT = 130
_ROW = 26
_HEAD = 22
_TICKS = 4
_LONGEST_NAME = 34


def seconds_between(began: Any, ended: Any) -> float | None:
    """Seconds from one ISO 8601 time to another; None when either is none, or when it ends before it begins."""
    try:
        passed = (datetime.fromisoformat(str(ended)) - datetime.fromisoformat(str(began))).total_seconds()
    except (ValueError, TypeError):
        return None
    return passed if passed >= 0 else None


def timeline(release: Mapping[str, Any]) -> str:
    """The SVG of a release as `ecs_rollout_info` returns it; empty when it has no gate with times."""
    began, total = release.get("started_at"), seconds_between(release.get("started_at"), release.get("finished_at"))
    gates = [gate for gate in release.get("gates") or [] if isinstance(gate, Mapping)]
    spans = [(gate, _span(began, gate)) for gate in gates]
    rows = [(gate, span) for gate, span in spans if span is not None]
    if not rows:
        return ""
    scale = max(total or 0.0, *(end for _gate, (_start, end) in rows), 1.0)
    height = _HEAD + _ROW * len(rows) + 8
    parts = [f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="Gates over time">', _axis(scale, height)]
    parts += [_row(gate, span, scale, _HEAD + _ROW * number) for number, (gate, span) in enumerate(rows)]
    return "".join([*parts, "</svg>"])


def _span(began: Any, gate: Mapping[str, Any]) -> tuple[float, float] | None:
    start, end = seconds_between(began, gate.get("started_at")), seconds_between(began, gate.get("finished_at"))
    return (start, end) if start is not None and end is not None and start <= end else None


def _x(seconds: float, scale: float) -> float:
    return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * seconds / scale, 1)


def _axis(scale: float, height: int) -> str:
    ticks = [scale * number / _TICKS for number in range(_TICKS + 1)]
    return "".join(
        f'<line class="tick" x1="{_x(tick, scale)}" x2="{_x(tick, scale)}" y1="16" y2="{height - 4}"/>'
        f'<text class="soft" x="{_x(tick, scale)}" y="11" text-anchor="middle">{tick:.0f} s</text>'
        for tick in ticks
    )


def _row(gate: Mapping[str, Any], span: tuple[float, float], scale: float, top: int) -> str:
    name = str(gate.get("gate", ""))
    stage = f" at {gate['stage']}" if gate.get("stage") else ""
    shown = f"{name}{stage}"
    shown = shown if len(shown) <= _LONGEST_NAME else f"{shown[: _LONGEST_NAME - 1]}…"
    left, right = _x(span[0], scale), _x(span[1], scale)
    verdict = word(gate.get("verdict")) + (" dry" if gate.get("dry_run") else "")
    told = f"{name}{stage}: {gate.get('verdict', '')}, seen {gate.get('seen', '')}, expected {gate.get('expected', '')}"
    return (
        f"<g><title>{escape(told)}</title>"
        f'<text x="{_LEFT - 10}" y="{top + 16}" text-anchor="end">{escape(shown)}</text>'
        f'<rect class="bar {verdict}" x="{left}" y="{top + 5}" width="{max(2.0, right - left):.1f}" height="15"/>'
        f'<text class="soft" x="{_WIDTH - _RIGHT + 8}" y="{top + 16}">{escape(_failures(gate))}</text></g>'
    )


def _failures(gate: Mapping[str, Any]) -> str:
    samples, failures = gate.get("samples"), gate.get("failures")
    return f"{failures} of {samples} failed" if samples else ""


def word(value: Any) -> str:
    """*value* as the name of a CSS class: letters alone, so that no record puts anything else into an attribute."""
    letters = "".join(letter for letter in str(value).lower() if "a" <= letter <= "z")
    return letters or "unknown"
