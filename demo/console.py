# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person sees while the demo works: steps with elapsed times, details, tables."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class DemoError(Exception):
    """A step that could not be done; the message says what was attempted, seen, and what to do next."""


@dataclass
class Console:
    """Prints steps; `times` keeps each step's title and its seconds, in order."""

    started: float = field(default_factory=time.monotonic)
    times: list[tuple[str, float]] = field(default_factory=list)

    def detail(self, text: str) -> None:
        for line in text.splitlines() or [""]:
            print(f"        {line}", flush=True)

    @contextmanager
    def step(self, letter: str, title: str) -> Iterator[None]:
        """Announce a step, and say how long it took, also when it failed."""
        begun = time.monotonic()
        print(f"\n[{clock(begun - self.started)}] {letter}. {title}", flush=True)
        outcome = "failed"
        try:
            yield
            outcome = "done"
        finally:
            seconds = time.monotonic() - begun
            self.times.append((f"{letter}. {title}", seconds))
            print(f"        {outcome} in {seconds:.1f} s", flush=True)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a column of text, then columns of numbers."""
        widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
        for row in [header, *rows]:
            numbers = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
            self.detail("  ".join([row[0].ljust(widths[0]), *numbers]))

    def pairs(self, rows: Mapping[str, str]) -> None:
        """Print names, each with its text beside it."""
        width = max(map(len, rows))
        for name, text in rows.items():
            self.detail(f"{name.ljust(width)}  {text}")


def clock(seconds: float) -> str:
    """Minutes and seconds, as mm:ss.

    >>> clock(75.4)
    '01:15'
    """
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"


def fail(message: str) -> None:
    """Print an error to standard error, apart from the steps."""
    print(f"\nerror: {message}", file=sys.stderr, flush=True)
