# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release asks of a person, and the answers: rows of the release table (docs/contracts.md). Values only."""

from __future__ import annotations

from dataclasses import dataclass

QUESTION_PREFIX = "Q#"
ANSWER_PREFIX = "A#"


@dataclass(frozen=True, slots=True)
class Question:
    """What the gate *gate* of a release asks. ``release`` is the id of the release's record."""

    service: str
    release: str
    gate: str
    message: str
    asked_at: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person answered. ``by`` is the ARN that AWS knows the caller by."""

    service: str
    release: str
    gate: str
    approved: bool
    by: str
    at: str
    comment: str = ""

    def __str__(self) -> str:
        said = f": {self.comment}" if self.comment else ""
        return f"{'yes' if self.approved else 'no'} by {self.by} at {self.at}{said}"


def answers_to(answers: tuple[Answer, ...], gate: str) -> tuple[Answer, ...]:
    """Those of *answers* that are to the question of *gate*."""
    return tuple(answer for answer in answers if answer.gate == gate)
