# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines for the person who watches."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Where the lines go."""

    def say(self, text: str) -> None:
        """Show a line."""


class Silence:
    """Where nothing can be shown while a module works."""

    def say(self, text: str) -> None:
        """Show nothing."""
