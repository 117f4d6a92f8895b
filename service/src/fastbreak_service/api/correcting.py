# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who is who: what was said of it so far, and saying more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fastbreak_service.api import parameters, views
from fastbreak_service.api.asking import CALLER_SECONDS, InTurn, ask, note
from fastbreak_service.api.bodies import bad_body, json_object
from fastbreak_service.api.errors import ApiError
from fastbreak_service.errors import AnalysisError
from fastbreak_service.forms import fits
from fastbreak_service.identity.caller import Role
from fastbreak_service.people.corrections import Apart, Exchange, Merge, Split
from fastbreak_service.people.history import Undo
from fastbreak_service.store.audit import Action
from fastbreak_service.store.team_corrections import (
    MOST_VERSIONS,
    KeyReusedError,
    ReviewedMeanwhileError,
    TooMuchError,
    UncorrectableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import RowMapping
    from starlette.requests import Request

    from fastbreak_service.api.parts import Parts
    from fastbreak_service.people.history import Said
    from fastbreak_service.store.team_corrections import Corrected

PATH = "/v1/analyses/{id}/corrections"
MOST_PERSONS = 50
"""Who are one, in one correction."""
_MOST_SECONDS = 1e6
_CUT = "Cut the video to the part of interest, and send that."
_FROM_ANEW = "Send the video again, where nothing is withdrawn yet, or the part of interest of it."


def correction_routes(parts: Parts) -> list[Route]:
    """The routes of one analysis's corrections."""
    in_turn = InTurn()

    async def list_corrections(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.REVIEWER)
        limit = parameters.integer(request, "limit", 100, 1000)
        before = parameters.integer(request, "after", 0, MOST_VERSIONS) or None
        analysis = parameters.analysis_id(request)
        page = await ask(CALLER_SECONDS, parts.corrections(caller).of, analysis, limit, before)
        if page is None:
            raise parameters.no_such_analysis()
        await note(parts.trail, caller, Action.CORRECTIONS_READ, analysis)
        rows = page.rows[:limit]
        shown = [views.correction(row, page.undone) for row in rows]
        following = str(rows[-1]["version"]) if len(page.rows) > limit else None
        body = {"corrections": shown, "next": following, "version": page.version, "correctable": page.correctable}
        return JSONResponse(body, headers={"etag": f'"{page.version}"'})

    async def add_correction(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.REVIEWER)
        analysis, before = parameters.analysis_id(request), parameters.version_seen(request, "correction")
        key = parameters.idempotency_key(request)
        try:
            said = read_said(await json_object(request))
        except ClientDisconnect:
            return Response(status_code=499)
        try:
            add = parts.corrections(caller).add
            outcome = await in_turn.ask(caller.team, CALLER_SECONDS, add, analysis, said, before, key)
        except (AnalysisError, UncorrectableError, TooMuchError, ReviewedMeanwhileError, KeyReusedError) as error:
            raise refused(error) from error
        if outcome is None:
            raise parameters.no_such_analysis()
        if outcome.newest is None or not outcome.taken:
            raise _refused(outcome)
        entry = views.correction(outcome.newest, outcome.undone)
        return JSONResponse(entry, status_code=201, headers={"etag": f'"{entry["version"]}"'})

    return [Route(PATH, list_corrections, methods=["GET"]), Route(PATH, add_correction, methods=["POST"])]


def read_said(body: Mapping[str, Any]) -> Said:
    """What a body says of who is who. Raises ApiError."""
    kind = body.get("kind")
    known = _KINDS.get(kind) if isinstance(kind, str) else None
    if known is None:
        raise bad_body(f"kind must be one of {', '.join(_KINDS)}")
    names, make = known
    if unlike := body.keys() ^ {"kind", *names}:
        raise bad_body(f"with the kind {kind} it must have {', '.join(names)}, and {min(unlike)[:40]!r} is not so")
    return make(body)


def _merge(body: Mapping[str, Any]) -> Said:
    persons = body["persons"]
    if not isinstance(persons, list) or not all(map(_is_number, persons)):
        raise bad_body("persons must be a list of persons' numbers")
    if not 2 <= len(set(persons)) == len(persons) <= MOST_PERSONS:
        raise bad_body(f"persons must be 2 to {MOST_PERSONS} numbers, each of them once")
    return Merge(tuple(sorted(persons)))


def _split(body: Mapping[str, Any]) -> Said:
    return Split(_person(body, "person"), _seconds(body))


def _exchange(body: Mapping[str, Any]) -> Said:
    person, other = _person(body, "person"), _person(body, "other")
    if person == other:
        raise bad_body("person and other must be two")
    return Exchange(person, other, _seconds(body))


def _apart(body: Mapping[str, Any]) -> Said:
    person, other = _person(body, "person"), _person(body, "other")
    if person == other:
        raise bad_body("person and other must be two")
    return Apart(person, other, _seconds(body))


def _undo(body: Mapping[str, Any]) -> Said:
    version = body["correction"]
    if not fits(version, int) or not 1 <= version <= MOST_VERSIONS:
        raise bad_body(f"correction must be the version of one, from 1 to {MOST_VERSIONS}")
    return Undo(version)


_KINDS: dict[str, tuple[tuple[str, ...], Callable[[Mapping[str, Any]], Said]]] = {
    "merge": (("persons",), _merge),
    "split": (("person", "seconds"), _split),
    "exchange": (("person", "other", "seconds"), _exchange),
    "apart": (("person", "other", "seconds"), _apart),
    "undo": (("correction",), _undo),
}


def _is_number(value: object) -> bool:
    return fits(value, int) and isinstance(value, int) and 1 <= value < 2**31


def _person(body: Mapping[str, Any], name: str) -> int:
    if not _is_number(body[name]):
        raise bad_body(f"{name} must be a person's number")
    return int(body[name])


def _seconds(body: Mapping[str, Any]) -> float:
    seconds = body["seconds"]
    if not fits(seconds, float) or not 0 <= seconds <= _MOST_SECONDS:
        raise bad_body("seconds must be a time of the video")
    return float(seconds)


def refused(error: Exception) -> ApiError:
    """The answer to what cannot be, or not now."""
    match error:
        case AnalysisError():
            return ApiError(409, error.code, error.message)
        case TooMuchError():
            return ApiError(
                409,
                "too_much_to_correct",
                f"This analysis has {error.much} {error.what}; corrections are made of at most {error.most}. "
                f"{_FROM_ANEW if error.withdrawn else _CUT}",
            )
        case KeyReusedError():
            return ApiError(
                422,
                "idempotency_key_reused",
                "Something else was said of this analysis, or by somebody else, under this Idempotency-Key before. "
                "Make a key for each correction.",
            )
        case ReviewedMeanwhileError():
            return ApiError(
                409,
                "reviewed_meanwhile",
                "Somebody reviewed findings of this analysis each time the correction was about to be written, so "
                "nothing was changed. Say it again in a moment.",
                {"retry-after": "5"},
            )
    return ApiError(
        409,
        "not_correctable",
        "Nothing is kept of this analysis by which persons can be corrected: it is from a release before, or nobody is "
        "in it. Send the video again.",
    )


def _refused(outcome: Corrected) -> ApiError:
    newest: RowMapping | None = outcome.newest
    if newest is not None and newest["version"] == MOST_VERSIONS:
        return ApiError(409, "corrections_full", f"An analysis has {MOST_VERSIONS} corrections at most.")
    return ApiError(
        412,
        "persons_changed",
        "Somebody has said who is who in this analysis since, or erased somebody of it, or nobody has. Read the "
        "corrections, and decide again.",
    )
