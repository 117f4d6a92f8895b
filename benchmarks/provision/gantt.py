# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""When each stack was made: its chart, and the shortest time in which the graph could have been made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

_ROW, _LABEL, _WIDTH, _TOP = 28, 120, 760, 40


@dataclass(frozen=True)
class Bar:
    """A stack, in seconds since the run's begin, and the stacks that it depends on."""

    name: str
    begun: float
    ended: float
    after: Sequence[str] = ()
    modelled: bool = False
    """Nothing here took this time; it is what another place would have taken."""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.begun


def critical_path(bars: Sequence[Bar]) -> Sequence[str]:
    """The chain of stacks whose times add up to most, first to last."""
    by_name = {bar.name: bar for bar in bars}
    chains: dict[str, tuple[float, tuple[str, ...]]] = {}

    def longest(name: str) -> tuple[float, tuple[str, ...]]:
        if name not in chains:
            bar = by_name[name]
            seconds, chain = max((longest(other) for other in bar.after if other in by_name), default=(0.0, ()))
            chains[name] = seconds + bar.seconds, (*chain, name)
        return chains[name]

    return max((longest(bar.name) for bar in bars), default=(0.0, ()))[1]


def critical_seconds(bars: Sequence[Bar]) -> float:
    """What the critical path takes."""
    seconds: Mapping[str, float] = {bar.name: bar.seconds for bar in bars}
    return sum(seconds[name] for name in critical_path(bars))


def draw(bars: Sequence[Bar], wall: float, title: str, label: int = _LABEL) -> str:
    """The chart as SVG: a row for each stack in the order of their begins.

    The critical path is darker, what is modelled grey. *label* is how wide names are.
    """
    critical, scale = set(critical_path(bars)), (_WIDTH - label - 70) / wall
    height = _TOP + _ROW * len(bars) + 30
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif"'
    lines = [
        f'{head} font-size="13" role="img"><title>{escape(title)}</title>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="8" y="20" fill="#111111">{escape(title)}</text>',
    ]
    for row, bar in enumerate(sorted(bars, key=lambda bar: (bar.begun, bar.name))):
        y, x, width = _TOP + row * _ROW, label + bar.begun * scale, max(2.0, bar.seconds * scale)
        color = "#9ca3af" if bar.modelled else "#1d4ed8" if bar.name in critical else "#93c5fd"
        lines += [
            f'<text x="8" y="{y + 17}" fill="#111111">{escape(bar.name)}</text>',
            f'<rect x="{x:.1f}" y="{y + 4}" width="{width:.1f}" height="18" rx="2" fill="{color}"/>',
            f'<text x="{x + width + 5:.1f}" y="{y + 17}" fill="#444444">{bar.seconds:.1f} s</text>',
        ]
    base = _TOP + _ROW * len(bars) + 6
    lines.append(f'<line x1="{label}" x2="{label + wall * scale:.1f}" y1="{base}" y2="{base}" stroke="#444444"/>')
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if wall / step <= 12)
    for second in range(0, int(wall) + 1, step):
        lines.append(f'<text x="{label + second * scale:.1f}" y="{base + 16}" fill="#444444">{second}</text>')
    return "\n".join([*lines, "</svg>", ""])
