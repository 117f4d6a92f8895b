# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to make of a registry's answer: its refusals as our errors, and when the same request is sent again."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..._common.amount import amount
from ..._common.backoff import BackoffPolicy, delay_seconds, parse_retry_after
from ..._errors import CredentialsError, FastbreakError, OperationError, UnavailableError
from .wire import BrokenConnectionError, TooLongError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..._common.clock import Clock
    from .wire import Response

#: Answers after which the same request may be sent again.
BUSY = frozenset({408, 429, 500, 502, 503, 504})
_BODY_BYTES = 1 << 16
_TEXT_LIMIT = 400
#: Control characters; halves of surrogate pairs, which cannot be printed or sent; and what turns a line's direction.
_CONTROL = re.compile(r"[^\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\uffff]+")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a registry said: its status, the first error's code and all codes, and its text, made safe to show."""

    status: int
    code: str = ""
    text: str = ""
    codes: frozenset[str] = frozenset()

    def __str__(self) -> str:
        said = ": ".join(part for part in (self.code, self.text) if part)
        return f"{self.status}{f' ({said})' if said else ''}"


def read_refusal(response: Response) -> Refusal:
    """The refusal in an answer, which is read to its end."""
    body = _body(response)
    try:
        document = json.loads(body)
        errors = [error for error in document["errors"] if isinstance(error, dict)]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Refusal(response.status, "", clean(body.decode("utf-8", "replace")))
    codes = [clean(_said(error.get("code"))) for error in errors]
    texts = [_said(error.get("message")) + _detail(error.get("detail")) for error in errors]
    return Refusal(response.status, codes[0] if codes else "", clean("; ".join(texts)), frozenset(codes))


def _body(response: Response) -> bytes:
    if response.said is None:
        try:
            response.said = response.read(_BODY_BYTES)
        except (BrokenConnectionError, TooLongError):
            response.said = b""
    return response.said


def _said(value: object) -> str:
    return str(value) if isinstance(value, str | int) else ""


def _detail(detail: object) -> str:
    return f" ({detail})" if isinstance(detail, str) and detail else ""


def clean(text: str) -> str:
    """*text* without what cannot be shown, and not long."""
    return _CONTROL.sub(" ", text).strip()[:_TEXT_LIMIT]


def refused(attempted: str, host: str, answer: Refusal, /, **details: str) -> FastbreakError:
    """Our error. *attempted* completes the sentence "Tried to ..."."""
    if answer.status == 401:
        return CredentialsError(
            f"Tried to {attempted}, but {host} refused the credentials ({answer}). Check the user, the password or "
            "the AWS credentials of this side, then run again."
        )
    if answer.status == 403:
        return CredentialsError(
            f"Tried to {attempted}, but these credentials may not, {host} says ({answer}). Grant them access, or use "
            "others, then run again."
        )
    return OperationError(
        f"Tried to {attempted}, but {host} refused: {answer}.", code=answer.code, status=answer.status, **details
    )


def unavailable(attempted: str, host: str, seen: str) -> UnavailableError:
    """The registry could not be asked."""
    return UnavailableError(
        f"Tried to {attempted}, but {host} could not be asked: {clean(seen)}. Check the host, the network and its TLS "
        "options, then run again."
    )


def asked_seconds(response: Response) -> float | None:
    """How long the server asks to wait before the next request; None when it does not."""
    return parse_retry_after(response.header("Retry-After"), response.header("Date"))


@dataclass(frozen=True, slots=True)
class Retrier:
    """Sends again what may be sent again, and waits in between."""

    clock: Clock
    policy: BackoffPolicy = field(default_factory=BackoffPolicy)
    fraction: Callable[[], float] = random.random

    def wait(self, attempt: int, asked_seconds: float | None = None) -> None:
        """Wait after the failed *attempt*, at least as long as the server asks, see `asked_seconds`."""
        self.clock.sleep(delay_seconds(self.policy, attempt, self.fraction(), asked_seconds))

    def is_last(self, attempt: int) -> bool:
        """Whether *attempt* is the last."""
        return attempt >= self.policy.attempts

    def answer(self, attempted: str, host: str, ask: Callable[[], Response]) -> Response:
        """The first answer to *ask* of a host that is neither busy nor out of reach.

        Raises `UnavailableError` when it is busy or out of reach to the end of the attempts.
        """
        attempt = 1
        while True:
            asked = None
            try:
                response = ask()
                if response.status not in BUSY:
                    return response
                asked, seen = asked_seconds(response), f"it answered {read_refusal(response)}"
            except BrokenConnectionError as error:
                seen = str(error)
                if error.final:
                    raise unavailable(attempted, host, seen) from error
            if self.is_last(attempt):
                raise unavailable(attempted, host, f"{seen}, to the end of {amount(attempt, 'attempt')}")
            self.wait(attempt, asked)
            attempt += 1
