# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A board on the terminal that ansible-playbook was started at: drawn again in its place, never scrolled.

No mode of the terminal is changed and the cursor rests below the board, so that a run that is killed at any moment
leaves it as it was.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import termios
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..module_utils._common.progress import Board

_USUAL = (80, 24)
_LINES_KEPT = 40
_UP, _CLEAR_BELOW = "\x1b[{}A", "\r\x1b[J"
_GAP = "  "


@cache
def terminal() -> str:
    """The path of the terminal that this run writes to; empty when it writes elsewhere, or to one that only prints.

    It is asked before workers are forked: these have no terminal of their own.
    """
    try:
        shown = os.environ.get("TERM", "dumb") not in ("", "dumb", "unknown") and sys.stdout.isatty()
        return os.ttyname(sys.stdout.fileno()) if shown else ""
    except (OSError, ValueError):
        return ""


def size_of(path: str) -> tuple[int, int]:
    """Columns and rows of the terminal *path*, as it is now."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            rows, columns = struct.unpack("HHHH", fcntl.ioctl(opened, termios.TIOCGWINSZ, bytes(8)))[:2]
        finally:
            os.close(opened)
    except OSError:
        return _USUAL
    return (columns, rows) if columns and rows else _USUAL


def rendered(board: Board, said: Sequence[str], width: int, height: int) -> list[str]:
    """*board* and the latest lines *said*, as at most *height* - 1 lines of less than *width* characters.

    A line that filled its row would move the cursor to the next one on some terminals and not on others.
    """
    names = max((len(name) for name, _value in board.facts), default=0)
    facts = [f"{name.ljust(names)}{_GAP}{value}" for name, value in board.facts]
    lines = [board.title, *facts, *(["", *_aligned(board.table)] if board.table else [])]
    room = max(1, height - 1)
    left = room - len(lines) - 1
    tail = ["", *said[-left:]] if left > 0 and said else []
    return [_fitted(line, width - 1) for line in [*lines[:room], *tail]]


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    """The rows of *table*, of which the last column may be as long as it is."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)][:-1]
    return [
        _GAP.join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), *row[-1:]]) for row in table
    ]


def _fitted(line: str, width: int) -> str:
    """*line* in at most *width* characters that each take one column: a terminal is told nothing by a record."""
    plain = "".join(letter if " " <= letter <= "~" else "?" for letter in line).rstrip()
    return plain if len(plain) <= width else plain[: max(0, width - 3)] + "..."[: max(0, width)]


class Screen:
    """Draws boards by *show*, on a terminal whose size *measure* tells. What is said is shown below the board.

    *log* keeps what is said for a log file, if there is any.
    """

    live = True

    def __init__(
        self, show: Callable[[str], None], log: Callable[[str], None], measure: Callable[[], tuple[int, int]]
    ) -> None:
        self._show = show
        self._log = log
        self._measure = measure
        self._board: Board | None = None
        self._drawn: list[str] = []
        self._said: list[str] = []

    def say(self, text: str) -> None:
        """Show a line: by itself as long as there is no board."""
        if self._board is None:
            self._show(text)
            return
        self._log(text)
        self._said = [*self._said, text][-_LINES_KEPT:]
        self.draw(self._board)

    def draw(self, board: Board) -> None:
        """Show *board* in the place of the one before."""
        self._board = board
        width, height = self._measure()
        # A terminal that was made narrower has broken the lines that are there.
        rows = sum(max(1, -(-len(line) // max(1, width))) for line in self._drawn)
        lines = rendered(board, self._said, width, height)
        back = _UP.format(min(rows, max(1, height - 1))) if rows else ""
        if lines != self._drawn:
            self._show(back + _CLEAR_BELOW + "\n".join(lines))
        self._drawn = lines
