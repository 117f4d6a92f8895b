# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a queue of messages does. Every method may block, and raises QueueError."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from uuid import UUID

    from fastbreak_service.messages.content import Message


class QueueError(Exception):
    """The queue did not do what was asked; the message says what, where and why. Nothing is lost by it."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message that was received: what it says, and by what name it is deleted or left."""

    text: str
    handle: str


class MessageQueue(Protocol):
    """See messages.sqs.SqsQueue."""

    def send(self, messages: Sequence[Message], delay_seconds: float = 0) -> None:
        """Say that there is work, after a while."""

    def receive(self, wait_seconds: int, hidden_seconds: float) -> Received | None:
        """The next message, which nobody else sees for a while; None when none comes within some seconds."""

    def leave(self, received: Received, hidden_seconds: float) -> None:
        """Let it be seen after a while, counted from now."""

    def delete(self, received: Received) -> None:
        """It has done its duty."""

    def bury(self, message: Message, code: str) -> None:
        """Send a dead letter, with the kind of its end."""

    def erase(self, analyses: Collection[UUID]) -> Mapping[UUID, int]:
        """Delete the dead letters of some analyses, as far as they are found; of which how many.

        An analysis of which this does not know is left out.
        """
