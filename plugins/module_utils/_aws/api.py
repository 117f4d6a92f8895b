# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of an AWS API: made, tried again by botocore when throttled, its errors translated to ours."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .._errors import CredentialsError, FastbreakError, OperationError, UnavailableError
from .deadline import DeadlineError, call_within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Where it is missing, `Connection` says so.
with suppress(ImportError):
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        NoCredentialsError,
        ParamValidationError,
        PartialCredentialsError,
        ValidationError,
    )

#: For botocore's ``Config``: throttled and failed calls are tried again, later and later; no call hangs for long.
ATTEMPTS = 8
CONFIG = {"retries": {"mode": "standard", "max_attempts": ATTEMPTS}, "connect_timeout": 10, "read_timeout": 30}

#: No listing is longer: a service that never ends a listing must not hold a run for ever.
MOST_PAGES = 1000

# What an answer calls the token of the page after it, and what the request for that page calls it.
_PAGE_TOKENS = (
    ("nextToken", "nextToken"),
    ("NextToken", "NextToken"),
    ("NextContinuationToken", "ContinuationToken"),
    ("NextMarker", "Marker"),
    ("Marker", "Marker"),
    ("LastEvaluatedKey", "ExclusiveStartKey"),
)

#: The code of a call that botocore refused before it was sent, since its parameters do not fit the API's model.
UNFIT_PARAMETERS = "ParamValidation"

# How operations that change nothing are named, and how long an interrupt leaves another one to end.
_READING = ("batch_get_", "describe_", "filter_", "get_", "list_", "query", "scan")
_GRACE_SECONDS = 10.0

_MOST_SAID = 300

# Making a client is work of the processor alone, which several at once do no sooner. One may be made of another's.
_MAKING = threading.RLock()

_CREDENTIAL_CODES = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_BUSY_CODES = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "InternalFailure",
        "InternalError",
        "InternalServerError",
        "ServerException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    }
)


class ApiRefusedError(OperationError):
    """The API understood the call and refused it; ``code`` is the API's, or `UNFIT_PARAMETERS` where none was asked."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message, code=code)
        self.code = code


class AwsClient:
    """The face of one AWS service. Its boto3 client is made at the first call, since that takes a while."""

    #: What the service is called in messages.
    label = ""
    #: How long a call may take, with all of its attempts and the whole answer.
    seconds = 300.0

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._made: Any = None

    @property
    def _client(self) -> Any:
        return self._connected()

    def _connected(self) -> Any:
        if self._made is None:
            with _MAKING:
                self._made = self._made or self._connect()
        return self._made

    def prepare(self) -> None:
        """Make the client before it is needed. What is wrong with it is told by the first call."""
        with suppress(FastbreakError):
            self._connected()

    def _call(self, attempted: str, operation: str, **arguments: Any) -> Any:
        """Call *operation*. *attempted* completes the sentence "Tried to ..."."""
        client = self._client
        try:
            # Before anything is undone after an interrupt, a write that was sent should have ended.
            grace = 0.0 if operation.startswith(_READING) else _GRACE_SECONDS
            return call_within(self.seconds, lambda: getattr(client, operation)(**arguments), grace=grace)
        except DeadlineError as error:
            raise UnavailableError(
                f"Tried to {attempted}, but {self.label} had not answered to the end within {self.seconds:g} s, which "
                "no call takes: something in between holds the answer back. Whether it was carried out is not known. "
                "Check the network, HTTPS_PROXY and AWS_ENDPOINT_URL, then run again."
            ) from error
        except ClientError as error:
            raise translate(error, self.label, attempted) from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise CredentialsError(
                f"Tried to {attempted}, but found no usable AWS credentials ({error}). Set AWS_PROFILE, or "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            ) from error
        except (ParamValidationError, ValidationError) as error:
            raise _unfit(error, self.label, attempted) from error
        except BotoCoreError as error:
            raise UnavailableError(
                f"Tried to {attempted}, but {self.label} could not be asked: {_said(error)}. Check the network, the "
                "region and AWS_ENDPOINT_URL, then run again."
            ) from error
        except _unreadable() as error:
            raise no_answer(self.label, attempted, f"{type(error).__name__}: {_said(error)}") from error

    def _find(self, attempted: str, operation: str, missing: frozenset[str], **arguments: Any) -> Any:
        """Call *operation*; None when it answers that there is no such thing."""
        try:
            return self._call(attempted, operation, **arguments)
        except ApiRefusedError as error:
            if error.code in missing:
                return None
            raise

    def _pages(
        self, attempted: str, operation: str, missing: frozenset[str] = frozenset(), /, **arguments: Any
    ) -> Iterator[Any]:
        """Every page that *operation* answers; none when it answers with a code of *missing*.

        Raises OperationError when the pages do not come to an end.
        """
        for _page in range(MOST_PAGES):
            answer = self._find(attempted, operation, missing, **arguments)
            if answer is None:
                return
            yield answer
            following = _next_page(answer)
            if not following:
                return
            if following.items() <= arguments.items():
                raise OperationError(
                    f"Tried to {attempted}, but {self.label} gave the same page again and again. Run again later."
                )
            arguments.update(following)
        raise OperationError(
            f"Tried to {attempted}, but {self.label} had more than {MOST_PAGES} pages, which are not all read. "
            "Delete what is no longer needed there, then run again."
        )


def _unreadable() -> tuple[type[Exception], ...]:
    """How botocore tells that it found no answer of the service in what came."""
    # With it comes most of botocore, which a client has loaded; without one it would take a fifth of a second.
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    return (ResponseParserError, AttributeError, KeyError, TypeError, ValueError)


def _next_page(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The argument that asks for the page after *answer*; empty when that is the last."""
    return {argument: answer[name] for name, argument in _PAGE_TOKENS if answer.get(name)}


def _unfit(error: Any, label: str, attempted: str) -> ApiRefusedError:
    """Our error for parameters that botocore does not send: nothing is wrong with the network."""
    report = error.kwargs.get("report") or str(error)
    return ApiRefusedError(
        f"Tried to {attempted}, but the call was not sent, since it does not fit {label}'s API: "
        f"{'; '.join(str(report).splitlines())}. Nothing was changed by it. Correct the option that this parameter "
        "comes from. An option that is right and newer than the installed botocore needs a newer boto3; anything else "
        "is a fault of the collection fastbreak.aws: please report it with this message.",
        UNFIT_PARAMETERS,
    )


def _said(error: Exception) -> str:
    """What botocore says, without the whole of the answer that it may quote below."""
    return str(error).partition("\n")[0].removesuffix(" Further retries may succeed:")[:_MOST_SAID].rstrip(".")


def no_answer(label: str, attempted: str, seen: str) -> UnavailableError:
    """Our error for what no service of AWS answers."""
    return UnavailableError(
        f"Tried to {attempted}, but what answered was not {label} ({seen}). A proxy or a login page may be in between: "
        "check HTTPS_PROXY, NO_PROXY and AWS_ENDPOINT_URL, then run again."
    )


def translate(error: Any, label: str, attempted: str) -> Exception:
    """Our error for a `ClientError`."""
    told = error.response.get("Error") or {}
    code, text = told.get("Code") or "", told.get("Message") or ""
    if code in _CREDENTIAL_CODES:
        return CredentialsError(
            f"Tried to {attempted}, but AWS refused the credentials ({code}: {text}). Renew them, then run again."
        )
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    if not code or code.isdigit():
        return no_answer(label, attempted, f"HTTP status {status}, without an error of AWS")
    if code in _BUSY_CODES or status >= 500:
        return UnavailableError(
            f"Tried to {attempted}, but {label} was busy to the end of {ATTEMPTS} attempts "
            f"({code}: {text}). Run again later."
        )
    if code.startswith(("AccessDenied", "UnauthorizedOperation")):
        return ApiRefusedError(f"Tried to {attempted}, but these credentials may not: {text}", code)
    return ApiRefusedError(f"Tried to {attempted}, but {label} refused ({code}): {text}", code)
