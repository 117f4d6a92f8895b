# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the person sees who watches: lines, and on a terminal a board that stays where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Board:
    """How work stands. ``facts`` have a name each; the first row of ``table`` is its head."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    table: tuple[tuple[str, ...], ...] = ()


class Progress(Protocol):
    """Where the lines go."""

    def say(self, text: str) -> None:
        """Show a line."""


class LiveProgress(Progress, Protocol):
    """Where lines and a board go. ``live``: a board is shown."""

    live: bool

    def draw(self, board: Board) -> None:
        """Show *board* in the place of the one before."""


class Silence:
    """Where nothing can be shown while a module works."""

    live = False

    def say(self, text: str) -> None:
        """Show nothing."""

    def draw(self, board: Board) -> None:
        """Show nothing."""
