# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Curves around a landing as SVG: what was seen as dots, what the filter makes of it as a line, values with error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastbreak_service.movement.values import Side

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fastbreak_service.movement.curves import Curve

_WIDTH, _HEIGHT = 420, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 12, 30
_STEPS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 50, 100)
_MOST_TICKS = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """A value with its error at so many seconds from contact."""

    side: Side
    seconds: float
    value: float
    error: float


@dataclass(frozen=True, slots=True)
class _Scale:
    """From seconds and values to places in the drawing."""

    first: float
    last: float
    low: float
    high: float

    def x(self, seconds: float) -> float:
        share = (seconds - self.first) / max(self.last - self.first, 1e-9)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / max(self.high - self.low, 1e-9)
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)


def plot(title: str, curves: Sequence[Curve], deepest: float, bars: Sequence[Bar], limit: float | None) -> str:
    """The curves of one kind as an SVG; empty where nothing was seen. `limit`: of the reference, if there is one."""
    values = [
        value for curve in curves for series in (curve.seen, curve.smooth) for value in series if value is not None
    ]
    if not values:
        return ""
    values += [edge for bar in bars for edge in (bar.value - bar.error, bar.value + bar.error)]
    values += [] if limit is None else [limit]
    low, high = min(values), max(values)
    edge = 0.06 * max(high - low, 1e-3)
    times = [second for curve in curves for second in curve.seconds]
    scale = _Scale(min(times), max(times), low - edge, high + edge)
    parts = [*_grid(scale), *_marks(scale, deepest, limit)]
    for curve in curves:
        parts += _drawn(curve, scale)
    parts += [part for bar in bars for part in _bar(bar, scale)]
    return (
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title}">'
        f"<title>{title}</title>{''.join(parts)}</svg>"
    )


def _ticks(low: float, high: float) -> list[float]:
    step = next((step for step in _STEPS if (high - low) / step <= _MOST_TICKS), _STEPS[-1])
    return [round(step * number, 6) for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _grid(scale: _Scale) -> Iterator[str]:
    for value in _ticks(scale.low, scale.high):
        y = scale.y(value)
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="tick" x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{value:g}</text>'
    for seconds in _ticks(scale.first, scale.last):
        x = scale.x(seconds)
        yield f'<text class="tick" x="{x}" y="{_HEIGHT - _BOTTOM + 14}" text-anchor="middle">{seconds:g}</text>'
    yield (f'<text class="tick" x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 3}" text-anchor="end">seconds from contact</text>')


def _marks(scale: _Scale, deepest: float, limit: float | None) -> Iterator[str]:
    for word, seconds in (("contact", 0.0), ("deepest", deepest)):
        x = scale.x(seconds)
        yield f'<line class="mark" x1="{x}" x2="{x}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
        yield f'<text class="word" x="{x + 3}" y="{_TOP + 8}">{word}</text>'
    if limit is not None:
        y = scale.y(limit)
        yield f'<line class="limit" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="word" x="{_LEFT + 3}" y="{y - 3}">reference {limit:g}</text>'


def _drawn(curve: Curve, scale: _Scale) -> Iterator[str]:
    for seconds, value in zip(curve.seconds, curve.seen, strict=True):
        if value is not None:
            yield f'<circle class="dot {curve.side}" cx="{scale.x(seconds)}" cy="{scale.y(value)}" r="2.2"/>'
    for run in _runs(curve):
        points = " ".join(f"{scale.x(seconds)},{scale.y(value)}" for seconds, value in run)
        yield f'<polyline class="line {curve.side}" points="{points}"/>'


def _runs(curve: Curve) -> Iterator[list[tuple[float, float]]]:
    """The stretches of the filtered series without a gap: a gap is shown as one."""
    run: list[tuple[float, float]] = []
    for seconds, value in zip(curve.seconds, curve.smooth, strict=True):
        if value is None:
            if run:
                yield run
            run = []
        else:
            run.append((seconds, value))
    if run:
        yield run


def _bar(bar: Bar, scale: _Scale) -> Iterator[str]:
    # Left and right of one moment beside each other.
    x = round(scale.x(bar.seconds) + {Side.LEFT: -2.5, Side.RIGHT: 2.5}.get(bar.side, 0), 1)
    low, high = scale.y(bar.value - bar.error), scale.y(bar.value + bar.error)
    yield f'<path class="bar {bar.side}" d="M{x} {low}V{high}M{x - 3} {low}h6M{x - 3} {high}h6"/>'
    yield f'<circle class="value {bar.side}" cx="{x}" cy="{scale.y(bar.value)}" r="3"/>'
