# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions and answers of the release table (docs/contracts.md, "The release record") through boto3."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .._errors import OperationError
from .approval import ANSWER_PREFIX, QUESTION_PREFIX, Answer, Question
from .rows import read_answer, read_question
from .sequence import SequencedTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    T = TypeVar("T")


class ApprovalsClient(SequencedTable):
    """The questions and answers of one release table. Both are written once and never changed."""

    def ask(self, question: Question) -> None:
        """Write the question, unless it is there."""
        key = f"{QUESTION_PREFIX}{question.release}#{question.gate}"
        item = {**asdict(question), "release_id": key}
        self._put(f"ask for approval of {question.release}", item, "attribute_not_exists(release_id)", {})

    def questions(self, service: str, release: str) -> tuple[Question, ...]:
        """What was asked about the release with this id."""
        attempted = f"read what is asked about {release}"
        rows = self._records(attempted, service, f"{QUESTION_PREFIX}{release}#")
        return tuple(self._read(attempted, row, read_question) for row in rows)

    def answer(self, answer: Answer) -> None:
        """Write the answer behind those that are there."""
        self._append(f"answer about {answer.release}", f"{ANSWER_PREFIX}{answer.release}#", asdict(answer))

    def answers(self, service: str, release: str) -> tuple[Answer, ...]:
        """What was answered about the release with this id, the oldest first."""
        attempted = f"read the answers about {release}"
        rows = self._records(attempted, service, f"{ANSWER_PREFIX}{release}#")
        return tuple(reversed([self._read(attempted, row, read_answer) for row in rows]))

    def _read(self, attempted: str, row: Mapping[str, Any], read: Callable[[Mapping[str, Any]], T]) -> T:
        try:
            return read(row)
        except ValueError as error:
            raise OperationError(
                f"Tried to {attempted}, but the row {row['release_id']} of release table {self._table} cannot be read: "
                f"{error}. Look at it, and delete it if nobody knows who wrote it; then answer again.",
                row=row["release_id"],
            ) from error
