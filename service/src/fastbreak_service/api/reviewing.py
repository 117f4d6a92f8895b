# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Reviews of findings: what was said of one so far, and saying more."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fastbreak_service.api import parameters, views
from fastbreak_service.api.asking import CALLER_SECONDS, ask, note
from fastbreak_service.api.bodies import bad_body, json_object
from fastbreak_service.api.errors import ApiError
from fastbreak_service.api.schemas import NOTE_CHARACTERS
from fastbreak_service.identity.caller import Role
from fastbreak_service.store.audit import Action
from fastbreak_service.store.team_reviews import MOST_VERSIONS, Said, Verdict

if TYPE_CHECKING:
    from sqlalchemy import RowMapping
    from starlette.requests import Request

    from fastbreak_service.api.parts import Parts

PATH = "/v1/analyses/{id}/findings/{number}/reviews"


def review_routes(parts: Parts) -> list[Route]:
    """The routes of one finding's reviews."""

    async def list_reviews(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.REVIEWER)
        limit = parameters.integer(request, "limit", 100, 1000)
        before = parameters.integer(request, "after", 0, MOST_VERSIONS) or None
        analysis, finding = parameters.analysis_id(request), parameters.finding_number(request)
        rows = await ask(CALLER_SECONDS, parts.reviews(caller).of, analysis, finding, limit, before)
        if rows is None:
            raise parameters.no_such_finding()
        await note(parts.trail, caller, Action.REVIEWS_READ, analysis)
        page = rows[:limit]
        following = str(page[-1]["version"]) if len(rows) > limit else None
        return JSONResponse({"reviews": [views.review(row) for row in page], "next": following})

    async def add_review(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.REVIEWER)
        analysis, finding = parameters.analysis_id(request), parameters.finding_number(request)
        try:
            said = read_said(await json_object(request), parameters.version_seen(request, "review"))
        except ClientDisconnect:
            return Response(status_code=499)
        outcome = await ask(CALLER_SECONDS, parts.reviews(caller).add, analysis, finding, said)
        if outcome is None:
            raise parameters.no_such_finding()
        if outcome.newest is None or not outcome.taken:
            raise _refused(outcome.newest)
        entry = views.review(outcome.newest)
        return JSONResponse(entry, status_code=201, headers={"etag": f'"{entry["version"]}"'})

    return [Route(PATH, list_reviews, methods=["GET"]), Route(PATH, add_review, methods=["POST"])]


def read_said(body: dict[str, Any], before: int) -> Said:
    """What a body says of a finding. Raises ApiError."""
    if unknown := body.keys() - {"verdict", "note"}:
        raise bad_body(f"there is no {min(unknown)[:40]!r} in it")
    verdict, note = body.get("verdict"), body.get("note")
    if not isinstance(verdict, str) or verdict not in set(Verdict):
        raise bad_body(f"verdict must be one of {', '.join(Verdict)}")
    if not (note is None or (isinstance(note, str) and len(note) <= NOTE_CHARACTERS and _is_plain(note))):
        raise bad_body(f"note must be plain text of at most {NOTE_CHARACTERS} characters")
    return Said(Verdict(verdict), (note or "").strip() or None, before)


def _is_plain(text: str) -> bool:
    """Whether a text has lines and no other controls, and no halves of characters, which no database takes."""
    return all(character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cs"} for character in text)


def _refused(newest: RowMapping | None) -> ApiError:
    if newest is not None and newest["version"] == MOST_VERSIONS:
        return ApiError(409, "reviews_full", f"A finding has {MOST_VERSIONS} reviews at most, which this one has.")
    return ApiError(
        412,
        "review_changed",
        "Somebody has reviewed this finding since, or nobody has. Read its newest review, and decide again.",
    )
