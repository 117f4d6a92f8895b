# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Reading what a caller wrote into the address."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote
from uuid import UUID

from fastbreak_service.api.errors import ApiError
from fastbreak_service.store.person_erasures import Remains
from fastbreak_service.store.team_analyses import MeasureQuery, SaidQuery
from fastbreak_service.store.team_reviews import MOST_VERSIONS
from fastbreak_service.vision.angles import Angle

if TYPE_CHECKING:
    from starlette.requests import Request

NAME_HEADER = "X-Fastbreak-Filename"
"""Whose file it is may be in its name, and addresses are in access logs, which no erasure reaches."""
_ENCODED = re.compile(r"[!-~]*")
_CURSOR = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([a-z_]{1,40})")
# Sixteen digits of microseconds reach to the year 2286.
_LIST_CURSOR = re.compile(r"([0-9]{1,16})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_KEY = re.compile(r"[!-~]{1,255}")
_SAID_CURSOR = re.compile(r"[0-9]{1,9}")
_AUDIT_CURSOR = re.compile(r"[1-9][0-9]{0,17}")
_VERSION = re.compile(r'"([0-9]{1,3})"')
_BAD_CURSOR = "after must be the next of an earlier page."
_QUESTION = re.compile(r"[0-9a-f]{0,64}")
_MAX_INTEGER = 2**31 - 1


def question(request: Request) -> str:
    """What the answer has to repeat, so that it is none of before; empty: nothing. Raises ApiError 400."""
    text = request.query_params.get("asked", "")
    if not _QUESTION.fullmatch(text):
        raise ApiError(400, "bad_parameter", "asked must be at most 64 hexadecimal digits.")
    return text


def analysis_id(request: Request) -> UUID:
    """The id in the path. Raises ApiError 404: what is no id names no analysis."""
    try:
        return UUID(request.path_params["id"])
    except ValueError as error:
        raise no_such_analysis() from error


def no_such_analysis() -> ApiError:
    """The answer for an id that nothing has."""
    return ApiError(404, "not_found", "There is no analysis with this id. GET /v1/analyses lists the newest.")


def upload_id(request: Request) -> UUID:
    """The id of an upload in the path. Raises ApiError 404."""
    try:
        return UUID(request.path_params["id"])
    except ValueError as error:
        raise no_such_upload() from error


def no_such_upload() -> ApiError:
    """The answer for an upload that is not there, or not the caller's."""
    return ApiError(404, "not_found", "There is no upload with this id. POST /v1/uploads begins one.")


def key_reused() -> ApiError:
    """The answer to something else under a key that is taken."""
    return ApiError(
        422,
        "idempotency_key_reused",
        "Another video or another name was sent under this Idempotency-Key before. Make a key for each video.",
    )


def finding_number(request: Request) -> int:
    """The number in the path. Raises ApiError 404."""
    text = request.path_params["number"]
    if not _SAID_CURSOR.fullmatch(text):
        raise no_such_finding()
    return int(text)


def no_such_finding() -> ApiError:
    """The answer for a finding that is not there, of an analysis that may not be there either."""
    return ApiError(404, "not_found", "There is no such finding. GET /v1/analyses/{id}/findings lists an analysis's.")


def version_seen(request: Request, what: str) -> int:
    """The version in If-Match: what the caller saw before they judged. Raises ApiError."""
    given = request.headers.getlist("if-match")
    if not given:
        raise ApiError(
            428,
            "precondition_required",
            f'Send If-Match with the version of the newest {what} that you have seen, such as "3", or "0" where there '
            "is none.",
        )
    found = _VERSION.fullmatch(given[0])
    if len(given) > 1 or found is None:
        raise ApiError(400, "bad_parameter", f'If-Match must be one version from "0" to "{MOST_VERSIONS}".')
    return int(found[1])


def person_number(request: Request) -> int:
    """The number in the path. Raises ApiError 404."""
    text = request.path_params["person"]
    if not re.fullmatch(r"[0-9]{1,10}", text) or not 1 <= int(text) <= _MAX_INTEGER:
        raise no_such_person()
    return int(text)


def no_such_person() -> ApiError:
    """The answer for a person who is not there, of an analysis that may not be there either."""
    return ApiError(404, "not_found", "There is no such person. GET /v1/analyses/{id} lists an analysis's persons.")


def remains(request: Request) -> Remains:
    """What becomes of a video that somebody is erased from. Raises ApiError 400."""
    try:
        return Remains(request.query_params.get("footage", ""))
    except ValueError as error:
        raise ApiError(
            400,
            "bad_parameter",
            "footage must be blur (the person is made unknowable in the video) or delete (the video goes).",
        ) from error


def flag(request: Request, name: str) -> bool | None:
    """Whether something is wanted; None where nothing is said. Raises ApiError 400."""
    text = request.query_params.get(name)
    if text not in {None, "true", "false"}:
        raise ApiError(400, "bad_parameter", f"{name} must be true or false.")
    return None if text is None else text == "true"


def integer(request: Request, name: str, default: int, most: int) -> int:
    """A whole number from 1 to `most`. Raises ApiError 400."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,10}", text) or not 1 <= int(text) <= most:
        raise ApiError(400, "bad_parameter", f"{name} must be a whole number from 1 to {most}.")
    return int(text)


def list_cursor(request: Request) -> tuple[datetime, UUID] | None:
    """The creation time and id of the analysis after which a page begins. Raises ApiError 400."""
    text = request.query_params.get("after")
    if text is None:
        return None
    found = _LIST_CURSOR.fullmatch(text)
    if found is None:
        raise ApiError(400, "bad_parameter", _BAD_CURSOR)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(found[1])), UUID(found[2])


def audit_cursor(request: Request) -> int | None:
    """The id of the entry after which a page begins. Raises ApiError 400."""
    text = request.query_params.get("after")
    if text is None:
        return None
    if not _AUDIT_CURSOR.fullmatch(text):
        raise ApiError(400, "bad_parameter", _BAD_CURSOR)
    return int(text)


def analysis_wanted(request: Request) -> UUID | None:
    """The analysis that a list is to be about, whether there is one or not. Raises ApiError 400."""
    text = request.query_params.get("analysis")
    try:
        return None if text is None else UUID(text)
    except ValueError as error:
        raise ApiError(400, "bad_parameter", "analysis must be the id of an analysis.") from error


def filename(request: Request) -> str | None:
    """The video's name: of the header, or of the address, where callers of before have it. Raises ApiError 400."""
    given = request.headers.getlist(NAME_HEADER)
    if not given:
        return plain_name(request.query_params.get("filename", ""))
    if len(given) > 1 or not _ENCODED.fullmatch(given[0]):
        raise ApiError(400, "bad_parameter", f"{NAME_HEADER} must be given once, percent-encoded (UTF-8).")
    return plain_name(unquote(given[0]))


def plain_name(text: str) -> str | None:
    """A video's name: the last part of a path, at most 255 characters, without control characters."""
    last = re.split(r"[/\\]", text)[-1]
    return "".join(c for c in last if c.isprintable())[:255] or None


def idempotency_key(request: Request) -> str | None:
    """The key under which something is sent, None without one. Raises ApiError 400."""
    given = request.headers.getlist("idempotency-key")
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise ApiError(
            400,
            "bad_parameter",
            "Idempotency-Key must be given once, with 1 to 255 characters of ASCII, none of them a space.",
        )
    return given[0]


def measure_query(request: Request) -> MeasureQuery:
    """Which measures are asked for. Raises ApiError 400."""
    params = request.query_params
    angle = params.get("angle")
    if angle is not None and angle not in set(Angle):
        raise ApiError(400, "bad_parameter", f"angle must be one of {', '.join(Angle)}.")
    after = None
    if "after" in params:
        found = _CURSOR.fullmatch(params["after"])
        if found is None:
            raise ApiError(400, "bad_parameter", _BAD_CURSOR)
        after = (int(found[1]), int(found[2]), found[3])
    person = integer(request, "person", 0, _MAX_INTEGER) or None
    return MeasureQuery(integer(request, "limit", 1000, 10_000), person, angle, after)


def said_query(request: Request) -> SaidQuery:
    """Which events, findings or poses are asked for. Raises ApiError 400."""
    after = request.query_params.get("after", "0")
    if not _SAID_CURSOR.fullmatch(after):
        raise ApiError(400, "bad_parameter", _BAD_CURSOR)
    person = integer(request, "person", 0, _MAX_INTEGER) or None
    return SaidQuery(integer(request, "limit", 100, 1000), person, int(after))
