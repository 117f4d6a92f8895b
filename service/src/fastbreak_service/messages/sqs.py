# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Amazon SQS, with the credentials of the task: a queue of messages, and the one of its dead letters."""

from __future__ import annotations

import os
import re
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import structlog
from botocore.config import Config

from fastbreak_service.messages.content import letter, read, written
from fastbreak_service.messages.ports import QueueError, Received

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from uuid import UUID

    from fastbreak_service.messages.content import Message

_REGION = re.compile(r"sqs\.([a-z0-9-]+)\.")
_BATCH = 10
_MOST_DELAY_SECONDS = 900
_LONGEST_POLL_SECONDS = 20
# Enough for two thousand dead letters.
_MOST_LOOKS = 200
_LOOKED_AT_SECONDS = 20
_SOON = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
# An answer comes when there is a message, or when the time is over. Whoever asks asks again.
_BRIEF = Config(connect_timeout=3, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 1})
_PATIENT = Config(
    connect_timeout=3,
    read_timeout=_LONGEST_POLL_SECONDS + 5,
    retries={"mode": "standard", "total_max_attempts": 1},
)
log = structlog.get_logger()


def _made_client(url: str, config: Config) -> Any:
    """A client of the region that the address names; elsewhere of the task's own, which boto3 does not look for."""
    found = _REGION.match(urlsplit(url).hostname or "")
    return boto3.client("sqs", region_name=found[1] if found else os.environ.get("AWS_REGION"), config=config)


class SqsQueue:
    """See MessageQueue."""

    def __init__(self, url: str, dead_letter_url: str, client: Any = None) -> None:
        self._url = url
        self._dead_letter_url = dead_letter_url
        self._asking = client or _made_client(url, _SOON)
        self._briefly = client or _made_client(url, _BRIEF)
        self._waiting = client or _made_client(url, _PATIENT)

    def send(self, messages: Sequence[Message], delay_seconds: float = 0) -> None:
        """See MessageQueue."""
        delay = min(round(delay_seconds), _MOST_DELAY_SECONDS)
        for begin in range(0, len(messages), _BATCH):
            entries = [
                {"Id": str(number), "MessageBody": written(message), "DelaySeconds": delay}
                for number, message in enumerate(messages[begin : begin + _BATCH])
            ]
            with _speaking("send to", self._url):
                answer = self._asking.send_message_batch(QueueUrl=self._url, Entries=entries)
                failed = answer.get("Failed")
                why = failed and (failed[0].get("Message") or failed[0].get("Code"))
            if failed:
                raise QueueError(f"Tried to send to {self._url}: {len(failed)} of {len(entries)} failed: {why}")

    def receive(self, wait_seconds: int, hidden_seconds: float) -> Received | None:
        """See MessageQueue."""
        with _speaking("receive from", self._url):
            found = (
                (self._waiting if wait_seconds > 1 else self._briefly)
                .receive_message(
                    QueueUrl=self._url,
                    MaxNumberOfMessages=1,
                    WaitTimeSeconds=min(wait_seconds, _LONGEST_POLL_SECONDS),
                    VisibilityTimeout=round(hidden_seconds),
                )
                .get("Messages", [])
            )
            return Received(str(found[0]["Body"]), found[0]["ReceiptHandle"]) if found else None

    def leave(self, received: Received, hidden_seconds: float) -> None:
        """See MessageQueue."""
        with _speaking("leave a message in", self._url):
            self._asking.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=received.handle, VisibilityTimeout=round(hidden_seconds)
            )

    def delete(self, received: Received) -> None:
        """See MessageQueue."""
        with _speaking("delete a message of", self._url):
            self._asking.delete_message(QueueUrl=self._url, ReceiptHandle=received.handle)

    def bury(self, message: Message, code: str) -> None:
        """See MessageQueue."""
        with _speaking("send to", self._dead_letter_url):
            self._asking.send_message(QueueUrl=self._dead_letter_url, MessageBody=letter(message, code))

    def erase(self, analyses: Collection[UUID]) -> Mapping[UUID, int]:
        """See MessageQueue. Those of others are not seen by anybody meanwhile, so that each is looked at once."""
        erased: Counter[UUID] = Counter()
        others: list[str] = []
        try:
            self._look(analyses, erased, others)
        except QueueError as error:
            if not erased:
                raise
            # What went is said; of the others nobody knows.
            log.warning("not all dead letters looked at", reason=str(error))
            return erased
        finally:
            self._show_dead_letters(others)
        return {analysis: erased[analysis] for analysis in analyses}

    def _look(self, analyses: Collection[UUID], erased: Counter[UUID], others: list[str]) -> None:
        for _ in range(_MOST_LOOKS):
            found = self._dead_letters()
            if not found:
                return
            for one in found:
                said = read(one.text)
                if said is not None and said.analysis in analyses:
                    self._delete_dead_letter(one.handle)
                    erased[said.analysis] += 1
                else:
                    others.append(one.handle)

    def _dead_letters(self) -> list[Received]:
        with _speaking("look for dead letters in", self._dead_letter_url):
            answer = self._asking.receive_message(
                QueueUrl=self._dead_letter_url,
                MaxNumberOfMessages=_BATCH,
                # Without waiting some of SQS's servers are not asked.
                WaitTimeSeconds=1,
                VisibilityTimeout=_LOOKED_AT_SECONDS,
            )
            return [Received(str(one["Body"]), one["ReceiptHandle"]) for one in answer.get("Messages", [])]

    def _delete_dead_letter(self, handle: str) -> None:
        with _speaking("delete a dead letter of", self._dead_letter_url):
            self._asking.delete_message(QueueUrl=self._dead_letter_url, ReceiptHandle=handle)

    def _show_dead_letters(self, handles: Sequence[str]) -> None:
        """Let them be seen at once; those that cannot be are after a while."""
        try:
            for begin in range(0, len(handles), _BATCH):
                entries = [
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(handles[begin : begin + _BATCH])
                ]
                with _speaking("leave dead letters in", self._dead_letter_url):
                    self._asking.change_message_visibility_batch(QueueUrl=self._dead_letter_url, Entries=entries)
        except QueueError as error:
            log.warning("dead letters hidden for a while", seconds=_LOOKED_AT_SECONDS, reason=str(error))


@contextmanager
def _speaking(what: str, url: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # Whatever answers there, and be it no SQS: botocore raises many things for an answer that it cannot read.
        raise QueueError(f"Tried to {what} {url}: {error}") from error
