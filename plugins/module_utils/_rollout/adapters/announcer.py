# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Telling EventBridge and an SNS topic of releases, beside the release: it waits for none of it."""

from __future__ import annotations

import json
import queue
import threading
from typing import TYPE_CHECKING, Any

from ..._aws.api import AwsClient
from ..._errors import FastbreakError, OperationError
from ..notices import DETAIL_TYPE, SOURCE, detail, message, subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..notices import Notice

_MISSING = frozenset({"NotFound", "NotFoundException", "ResourceNotFoundException"})
# One call may take so long, and the run waits so long in its end for all that is still to be told.
_CALL_SECONDS, _LAST_SECONDS = 10.0, 15.0


class Events(AwsClient):
    """EventBridge."""

    label = "EventBridge"
    seconds = _CALL_SECONDS

    def put(self, bus: str, notice: Notice) -> None:
        """Put *notice* on the bus. Raises OperationError when EventBridge does not take it."""
        entry = {
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Detail": json.dumps(detail(notice)),
            "EventBusName": bus,
        }
        answer = self._call(f"put an event on bus {bus}", "put_events", Entries=[entry])
        for refused in (each for each in answer.get("Entries", []) if each.get("ErrorCode")):
            raise OperationError(f"EventBridge refused the event ({refused['ErrorCode']}): {refused['ErrorMessage']}")


class Topics(AwsClient):
    """Simple Notification Service."""

    label = "SNS"
    seconds = _CALL_SECONDS

    def problem(self, arn: str) -> str:
        """Why nobody can be told by the topic; empty when somebody can."""
        answer = self._find(f"look at topic {arn}", "get_topic_attributes", _MISSING, TopicArn=arn)
        return "" if answer else f"topic {arn} does not exist"

    def publish(self, arn: str, notice: Notice) -> None:
        """Send *notice* to the topic's subscribers."""
        state = {"DataType": "String", "StringValue": notice.state.value}
        self._call(
            f"publish to topic {arn}",
            "publish",
            TopicArn=arn,
            Subject=subject(notice),
            Message=message(notice),
            MessageAttributes={"state": state},
        )


class Announcer:
    """Tells *topic_arn* and *bus*, each of which may be empty. *connect* makes a boto3 client by the service's name."""

    def __init__(self, connect: Callable[[str], Any], *, topic_arn: str = "", bus: str = "") -> None:
        self._events = Events(lambda: connect("events"))
        self._topics = Topics(lambda: connect("sns"))
        self._topic_arn, self._bus = topic_arn, bus
        self._waiting: queue.SimpleQueue[Notice | None] = queue.SimpleQueue()
        self._problems: list[str] = []
        self._teller: threading.Thread | None = None

    def topic_problem(self) -> str:
        """Why nobody can be told by the topic; empty when somebody can, or there is none."""
        return self._topics.problem(self._topic_arn) if self._topic_arn else ""

    def tell(self, notice: Notice) -> None:
        """Have it told, after those before it. It returns at once and raises nothing."""
        if not (self._topic_arn or self._bus):
            return
        if self._teller is None:
            # A daemon: a run that is ended waits for nobody who is told.
            self._teller = threading.Thread(target=self._tell_all, daemon=True, name="tell of releases")
            self._teller.start()
        self._waiting.put(notice)

    def untold(self) -> tuple[str, ...]:
        """Why some of it could not be told, or was not within seconds. Nothing more is told after that."""
        if self._teller is None:
            return ()
        self._waiting.put(None)
        self._teller.join(_LAST_SECONDS)
        late = self._teller.is_alive()
        self._teller = None
        return (*self._problems, *([f"it was not told within {_LAST_SECONDS:g} s"] if late else []))

    def _tell_all(self) -> None:
        while (notice := self._waiting.get()) is not None:
            if self._bus:
                self._try(lambda notice: self._events.put(self._bus, notice), notice)
            if self._topic_arn:
                self._try(lambda notice: self._topics.publish(self._topic_arn, notice), notice)

    def _try(self, tell: Callable[[Notice], None], notice: Notice) -> None:
        try:
            tell(notice)
        except FastbreakError as error:
            self._problems.append(error.message)
        except Exception as fault:  # noqa: BLE001 - a thread has nobody to raise it to, and the release goes on
            self._problems.append(f"{type(fault).__name__}: {fault}")
