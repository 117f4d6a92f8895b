# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which answers the gate ``http`` counts, and which of them are right. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..values import Answer
    from .content import Content
    from .http_tally import HttpTally

_MOST_STATUSES = 100


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an answer has to be.

    ``version_header`` empty: every answer is of the release under judgement. ``only_from`` says from where alone users
    may send the request, if any rule does. ``slowest`` is the longest that an answer may take, in seconds. Of ``fatal``
    statuses one is too many.
    """

    statuses: tuple[int, ...]
    content: Content
    version_header: str
    only_from: str = ""
    slowest: float | None = None
    fatal: tuple[int, ...] = ()

    @property
    def wanted(self) -> str:
        """What an answer has to be, in words."""
        none = f", and none of them {_either(self.fatal)}" if self.fatal else ""
        return f"{_either(self.statuses)}{self.content.wanted}{none}"

    def problems(self) -> Iterator[str]:
        """Statuses by which nothing could pass, or hardly anything could fail."""
        if not self.statuses:
            yield "expected_status is empty, so that no answer could pass; leave it out for 200."
        if any(not 100 <= status <= 599 for status in self.statuses):
            yield "expected_status holds a number that is no status of HTTP (100 to 599)."
        if any(not 100 <= status <= 599 for status in self.fatal):
            yield "fatal_status holds a number that is no status of HTTP (100 to 599)."
        if both := sorted({*self.statuses} & {*self.fatal}):
            yield f"fatal_status and expected_status both hold {_either(both)}: an answer passes, or is one too many."
        if len(set(self.statuses)) > _MOST_STATUSES:
            yield f"expected_status has more than {_MOST_STATUSES} statuses, so that hardly anything could fail."

    def is_timed(self, answer: Answer) -> bool:
        """Whether it says how long its release takes to answer. What is wrong may come sooner or later than that."""
        return bool(answer.version) and answer.status in self.statuses

    def count(self, tally: HttpTally, answer: Answer, version: str) -> HttpTally:
        """The counts with *answer*, while the release *version* is judged."""
        if answer.unreachable:
            return tally.not_sent(answer.problem)
        elsewhere = self.only_from
        if elsewhere and answer.status and not answer.version and answer.status not in self.statuses:
            return tally.not_sent(f"{answer.status} of no release; {elsewhere}, and this machine may be elsewhere")
        if self.version_header and answer.version and answer.version != version:
            return replace(tally, others=tally.others + 1, errors_in_a_row=0)
        attributed = bool(answer.version) or not self.version_header
        right = attributed and answer.status in self.statuses
        if right and self.content.expects and answer.untold_bytes:
            return tally.not_sent(_untold(answer))
        wrong = self.content.mismatch(answer.body) if right else ""
        passed = right and not wrong
        slow = self.slowest is not None and (not answer.status or not answer.seconds <= self.slowest)
        label = f"{answer.status} {wrong}" if wrong else _label(answer, attributed=attributed)
        fatal = answer.status in self.fatal
        counted = tally.answered(label, passed=passed, slow=slow, fatal=fatal, request_id=answer.request_id)
        return replace(counted, redirect=answer.location) if answer.location and not passed else counted


def _either(statuses: Iterable[int]) -> str:
    return " or ".join(str(status) for status in statuses)


def _untold(answer: Answer) -> str:
    """A part of a body would be judged for the whole."""
    return (
        f"{answer.status} with a body of {len(answer.body) + answer.untold_bytes} bytes, of which the task that asks "
        f"(probe_from) tells {len(answer.body)}; judge by a shorter answer, or without body_json and body_pattern"
    )


def _label(answer: Answer, *, attributed: bool) -> str:
    if not answer.status:
        return f"no answer ({answer.problem})"
    return str(answer.status) if attributed else f"{answer.status} without the version header"
