# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A registry's refusals as our errors."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..._errors import CredentialsError, FastbreakError, OperationError, UnavailableError
from .wire import BrokenConnectionError, TooLongError

if TYPE_CHECKING:
    from .wire import Response

_BODY_BYTES = 1 << 16
_TEXT_LIMIT = 400
_CONTROL = re.compile(r"[^\x20-\x7e\xa0-\uffff]+")


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
        errors = [one for one in document["errors"] if isinstance(one, dict)]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Refusal(response.status, "", clean(body.decode("utf-8", "replace")))
    codes = [clean(str(one.get("code", ""))) for one in errors]
    texts = [str(one.get("message", "")) + _detail(one.get("detail")) for one in errors]
    return Refusal(response.status, codes[0] if codes else "", clean("; ".join(texts)), frozenset(codes))


def _body(response: Response) -> bytes:
    if response.said is None:
        try:
            response.said = response.read(_BODY_BYTES)
        except (BrokenConnectionError, TooLongError):
            response.said = b""
    return response.said


def _detail(detail: object) -> str:
    return f" ({detail})" if isinstance(detail, str) and detail else ""


def clean(text: str) -> str:
    """*text* without control characters, and not long."""
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
