# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of things in words."""

from __future__ import annotations


def amount(number: float, thing: str, things: str = "") -> str:
    """*number* with its *thing*: ``1 task``, ``2 tasks``; *things*, where its plural is not the same with an s."""
    counted = f"{number:g}" if isinstance(number, float) else str(number)
    return f"{counted} {thing if number == 1 else things or f'{thing}s'}"
