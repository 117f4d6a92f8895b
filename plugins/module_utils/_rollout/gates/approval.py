# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``approval``: a person who says yes, by the command line, under the name that AWS knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ..._common.commands import APPROVE
from ..._errors import OperationError
from ..._release.approval import Answer, Question, answers_to
from ..._release.record import timestamp
from .model import Gate, Tally
from .settings import shared_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Scene

#: The name of the gate when it is given none, which `ecs_rollout_approval` answers by default.
DEFAULT_NAME = "approval"
_LONGEST_MESSAGE, _LONGEST_NAME = 500, 100
# A person has half an hour, where no deadline is given.
_USUAL_SECONDS = 1740.0


@dataclass(frozen=True, slots=True)
class ApprovalTally(Tally):
    """``samples`` are the answers, ``failures`` those that say no. ``looks`` counts how often they were read."""

    parts: ClassVar[tuple[type, ...]] = (Answer,)

    looks: int = 0
    version: str = ""
    answers: tuple[Answer, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalGate(Gate[ApprovalTally]):
    """A no ends the release, whatever else was answered. An answer is to this gate of this release alone."""

    kind: ClassVar[str] = "approval"
    options: ClassVar[Mapping[str, Any]] = {"question": {"type": "str"}}
    tally: ClassVar[type[ApprovalTally]] = ApprovalTally
    repeats: ClassVar[bool] = False

    name: str = DEFAULT_NAME
    question: str

    @classmethod
    def read(cls, options: Mapping[str, Any], _url: str) -> ApprovalGate:
        """The gate that validated *options* stand for."""
        shared = shared_fields(cls, options, cls.kind, least_seconds=_USUAL_SECONDS)
        return cls(**shared, question=" ".join((options["question"] or "").split()))

    def problems(self) -> Iterator[str]:
        """No question, or one that is too long."""
        if not self.question:
            yield "question is empty; write what the person is to decide."
        if len(self.question) > _LONGEST_MESSAGE:
            yield f"question is longer than {_LONGEST_MESSAGE} characters."
        if len(self.name) > _LONGEST_NAME or not self.name.isprintable():
            yield f"name must be printable, and at most {_LONGEST_NAME} characters long."

    def in_rollback(self) -> None:
        """A way back waits for nobody."""

    def measure(self, tally: ApprovalTally, scene: Scene) -> ApprovalTally:
        """Ask, and read the answers. Raises OperationError for what is judged without being released."""
        release = scene.release
        if release is None:
            raise OperationError("There is no record of this release, and so nothing that could be answered.")
        approvals = scene.ports.approvals
        if not tally.looks:
            asked_at = timestamp(scene.ports.clock.now())
            approvals.ask(Question(release.service, release.release_id, self.name, self.question, asked_at))
        answers = answers_to(approvals.answers(release.service, release.release_id), self.name)
        refusals = sum(not answer.approved for answer in answers)
        return ApprovalTally(len(answers), refusals, tally.looks + 1, scene.version, answers)

    def seen(self, tally: ApprovalTally) -> str:
        """Who answered what, or how to."""
        if tally.answers:
            return f"{self.question!r} was answered {'; '.join(map(str, tally.answers))}"
        named = "" if self.name == DEFAULT_NAME else f" -e gate={self.name!r}"
        return (
            f"nobody has answered {self.question!r} yet; answer yes or no: "
            f"{APPROVE.format(version=tally.version or '<version>')}{named}"
        )

    def expected(self) -> str:
        """A yes in time, and no no."""
        return f"a yes to {self.question!r} within {self.longest_seconds:g} s, and no no"
