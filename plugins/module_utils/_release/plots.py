# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release went through, as SVG: its share of the users over time, and each gate's samples beside its bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from math import isfinite
from typing import Any

from .timeline import seconds_between, word

_WIDTH, _HEIGHT = 860, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 14, 30
_SMALL, _SMALL_HEIGHT = 420, 170
_ALL = 100.0

Point = tuple[float, float]


def weights(release: Mapping[str, Any]) -> str:
    """The share of the users over time, with the stages where it stood; empty when none is told."""
    began = release.get("started_at")
    steps = [step for point in _mappings(release.get("course")) if (step := _step(began, point))]
    if not any(weight is not None for _seconds, weight, _label in steps):
        return ""
    total = seconds_between(began, release.get("finished_at"))
    longest = max(total or 0.0, *(seconds for seconds, _weight, _label in steps), 1.0)
    told = [(seconds, weight or 0.0, label) for seconds, weight, label in steps]
    corners: list[Point] = []
    for (seconds, weight, _label), (until, _next, _said) in pairwise([*told, (longest, told[-1][1], "")]):
        corners += [(seconds, weight), (until, weight)]
    frame = _Frame(_WIDTH, _HEIGHT, (0.0, longest), (0.0, _ALL))
    marks = "".join(
        f'<circle class="mark" cx="{frame.x(seconds)}" cy="{frame.y(weight)}" r="3">'
        f"<title>{escape(label)} at {seconds:.0f} s</title></circle>"
        for seconds, weight, label in told
    )
    return _figure("Share of the users on the new revision, %", frame, frame.line(corners, "curve") + marks)


def samples(gate: Mapping[str, Any]) -> str:
    """What a gate measured over time, with its bounds; empty when it keeps no numbers."""
    series = gate.get("series")
    found = series if isinstance(series, Mapping) else {}
    points = [pair for point in _sequence(found.get("points")) if (pair := _pair(point))]
    if not points:
        return ""
    bounds = [bound for name in ("lowest", "highest") if (bound := _number(found.get(name))) is not None]
    values = [value for _seconds, value in points] + bounds
    low, high = min([0.0, *values]), max(values)
    room = (high - low or 1.0) * 0.08
    frame = _Frame(_SMALL, _SMALL_HEIGHT, (0.0, max(points[-1][0], 1.0)), (low, high + room))
    lines = "".join(frame.bound(bound) for bound in bounds)
    dots = "".join(f'<circle class="dot" cx="{frame.x(at)}" cy="{frame.y(value)}" r="2"/>' for at, value in points)
    stage = f" at {gate['stage']}" if gate.get("stage") else ""
    title = f"{gate.get('gate', '')}{stage}: {found.get('measured', '')}"
    return _figure(title, frame, lines + frame.line(points, "curve") + dots, word(gate.get("verdict")))


def _figure(title: str, frame: _Frame, inner: str, kind: str = "plain") -> str:
    return f'<figure class="{kind}"><figcaption>{escape(title)}</figcaption>{frame.drawn(title, inner)}</figure>'


class _Frame:
    """Axes of *width* by *height* pixels, for *across* and *up* as the smallest and the largest value."""

    def __init__(self, width: int, height: int, across: Point, up: Point) -> None:
        self._width, self._height = width, height
        self._across, self._up = across, up

    def x(self, value: float) -> float:
        return round(_LEFT + (self._width - _LEFT - _RIGHT) * _share(value, self._across), 1)

    def y(self, value: float) -> float:
        inner = self._height - _TOP - _BOTTOM
        return round(_TOP + inner * (1 - _share(value, self._up)), 1)

    def line(self, points: Sequence[Point], kind: str) -> str:
        drawn = " ".join(f"{self.x(across)},{self.y(up)}" for across, up in points)
        return f'<polyline class="{kind}" points="{drawn}"/>'

    def bound(self, value: float) -> str:
        up, right = self.y(value), self._width - _RIGHT
        return (
            f'<line class="bound" x1="{_LEFT}" x2="{right}" y1="{up}" y2="{up}"/>'
            f'<text class="soft" x="{right}" y="{max(10.0, up - 4)}" text-anchor="end">bound {value:.4g}</text>'
        )

    def drawn(self, title: str, inner: str) -> str:
        (begin, end), (low, high) = self._across, self._up
        bottom, right = self._height - _BOTTOM, self._width - _RIGHT
        return (
            f'<svg viewBox="0 0 {self._width} {self._height}" role="img" aria-label="{escape(title)}">'
            f"<title>{escape(title)}</title>"
            f'<line class="tick" x1="{_LEFT}" x2="{right}" y1="{bottom}" y2="{bottom}"/>'
            f'<line class="tick" x1="{_LEFT}" x2="{_LEFT}" y1="{_TOP}" y2="{bottom}"/>'
            f'<text class="soft" x="{_LEFT - 6}" y="{bottom}" text-anchor="end">{low:.4g}</text>'
            f'<text class="soft" x="{_LEFT - 6}" y="{_TOP + 8}" text-anchor="end">{high:.4g}</text>'
            f'<text class="soft" x="{right}" y="{bottom + 14}" text-anchor="end">{end - begin:.0f} s</text>'
            f"{inner}</svg>"
        )


def _share(value: float, span: Point) -> float:
    low, high = span
    return (value - low) / (high - low) if high > low else 0.0


def _step(began: Any, point: Mapping[str, Any]) -> tuple[float, float | None, str] | None:
    seconds = seconds_between(began, point.get("at"))
    weight = _number(point.get("weight"))
    paused = ", paused" if point.get("paused") else ""
    return None if seconds is None else (seconds, weight, f"{point.get('stage') or 'stage not told'}{paused}")


def _pair(point: Any) -> Point | None:
    pair = [_number(value) for value in _sequence(point)]
    if len(pair) != 2 or pair[0] is None or pair[1] is None:
        return None
    return pair[0], pair[1]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # What no plot has room for is left out.
    return float(value) if isfinite(value) and abs(value) < 1e15 else None


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in _sequence(value) if isinstance(each, Mapping)]
