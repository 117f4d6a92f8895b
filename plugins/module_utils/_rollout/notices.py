# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others are told of a release: that it began, how it was judged, how it ended or was left. Pure.

A notice holds no value of the user's and no name of a person: who released is in the record and in CloudTrail.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from .._release.record import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What EventBridge knows notices by.
SOURCE, DETAIL_TYPE = "fastbreak.ecs_rollout", "Fastbreak Release State Change"
# SNS takes so much of a subject; nobody reads more of what was seen.
_LONGEST_SUBJECT, _LONGEST_SEEN = 100, 1000


class Moment(Enum):
    """When others are told. REFUSED: by a gate, and its users are on their way back.

    NOT_BEGUN: refused beforehand, or failed before a release had its record.

    A run that leaves its release to another one tells the word of its result.
    """

    NOT_BEGUN = "not_begun"
    BEGUN = "begun"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    ROLLED_BACK = "rolled_back"
    STOPPED = "stopped"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    ROLLBACK_FAILED = "rollback_failed"
    HANDED_OVER = "handed_over"
    HELD = "held"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"
    LEFT_OPEN = "left_open"


#: What is told of a release that was undone, by how that ended.
UNDONE: Mapping[Outcome, Moment] = {
    Outcome.ROLLED_BACK: Moment.ROLLED_BACK,
    Outcome.STOPPED: Moment.STOPPED,
    Outcome.SUPERSEDED: Moment.SUPERSEDED,
    Outcome.FAILED: Moment.ROLLBACK_FAILED,
}

_WORDS = {
    Moment.NOT_BEGUN: "did not begin",
    Moment.BEGUN: "began",
    Moment.REFUSED: "was refused and goes back",
    Moment.ACCEPTED: "was accepted",
    Moment.ROLLED_BACK: "was rolled back",
    Moment.STOPPED: "was stopped, with nothing to go back to",
    Moment.SUPERSEDED: "was superseded",
    Moment.FAILED: "failed",
    Moment.ROLLBACK_FAILED: "FAILED TO ROLL BACK",
    Moment.HANDED_OVER: "waits for a run to go on with it",
    Moment.HELD: "is held for a person",
    Moment.TIMED_OUT: "could not be judged in time",
    Moment.INTERRUPTED: "was left by an interrupted run",
    Moment.LEFT_OPEN: "was left open",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell. ``gate`` and ``verdict`` are of the gate that decided; empty for none. ``seen`` is why."""

    state: Moment
    service: str
    cluster: str
    version: str
    digest: str
    strategy: str
    kind: str
    release_id: str
    deployment_id: str = ""
    gate: str = ""
    verdict: str = ""
    seen: str = ""


def detail(notice: Notice) -> dict[str, Any]:
    """*notice* as the detail of an event."""
    return {**asdict(notice), "state": notice.state.value, "seen": notice.seen[:_LONGEST_SEEN]}


def subject(notice: Notice) -> str:
    """One line, as SNS takes it: ASCII, without control characters, at most 100 characters."""
    line = f"{notice.service}: {notice.kind} of {notice.version} {_WORDS[notice.state]}"
    return "".join(letter if " " <= letter <= "~" else "?" for letter in line)[:_LONGEST_SUBJECT]


def message(notice: Notice) -> str:
    """What a person reads, and below it what a program does."""
    seen = notice.seen[:_LONGEST_SEEN]
    why = f"Gate {notice.gate} is {notice.verdict}: {seen}\n" if notice.gate else f"{seen}\n" if seen else ""
    said = f"The {notice.kind} of {notice.version} to {notice.service} ({notice.cluster}) {_WORDS[notice.state]}."
    return f"{said}\n{why}\n{json.dumps(detail(notice), indent=2)}\n"


class Nobody:
    """Where nothing is to be told."""

    def topic_problem(self) -> str:
        """There is no topic."""
        return ""

    def tell(self, notice: Notice) -> None:
        """Tell nobody."""

    def untold(self) -> tuple[str, ...]:
        """Everything was told that was to be."""
        return ()
