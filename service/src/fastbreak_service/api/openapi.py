# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The interface in OpenAPI 3.1, as the service describes itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastbreak_service.api import schemas
from fastbreak_service.api.cutting import MOST_PARTS
from fastbreak_service.api.problem import MEDIA_TYPE, TOLD
from fastbreak_service.footage.kinds import OTHER
from fastbreak_service.store.person_erasures import Remains
from fastbreak_service.vision.angles import Angle

if TYPE_CHECKING:
    from fastbreak_service.identity.issuer import IssuerSettings

type Object = dict[str, Any]

_AWAITS_REVIEW = "Those alone that wait for a reviewer, or do not. It tells nothing to whoever may see no results."
_ALWAYS = (400, 405, 414, 431, 500, 503)


def document(version: str, issuer: IssuerSettings | None) -> Object:
    """The whole document, for the release `version` and whoever issues its tokens, if anybody does."""
    described: Object = {
        "openapi": "3.1.0",
        "info": {
            "title": "Fastbreak inference",
            "version": version,
            "description": "Joint angles of the persons in a video, how they land, and what of it is for review.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {**_health(), **_analyses(), **_uploads(), **_footage(), **_part(), **_audit(), **_usage()},
        "components": {"schemas": schemas.SCHEMAS, "headers": _HEADERS},
    }
    return described if issuer is None else _guarded(described, issuer)


def _guarded(described: Object, issuer: IssuerSettings) -> Object:
    """The document of a service that asks for tokens."""
    where = f"{issuer.issuer.rstrip('/')}/.well-known/openid-configuration"
    scheme = {"type": "openIdConnect", "openIdConnectUrl": where, "description": f"Audience: {issuer.audience}"}
    described["components"]["securitySchemes"] = {"token": scheme}
    for path in (*_analyses(), *_uploads(), *_audit(), *_usage()):
        for operation in described["paths"][path].values():
            operation["security"] = [{"token": []}]
            for code in (401, 403):
                operation["responses"][str(code)] = _problem(code)
    return described


_HEADERS: Object = {
    "x-fastbreak-version": {"description": "The release that answers.", "schema": {"type": "string"}},
    "x-request-id": {"description": "The request's id in the service's log.", "schema": {"type": "string"}},
    "retry-after": {"description": "Seconds.", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
    "www-authenticate": {"description": "What to send (RFC 6750).", "schema": {"type": "string"}},
    "etag": {"description": "The version.", "schema": {"type": "string", "pattern": schemas.VERSION}},
    "location": {"description": "The path of what was made.", "schema": {"type": "string"}},
}


def _headers(*more: str) -> Object:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("x-fastbreak-version", "x-request-id", *more)}


def _answers(status: int, description: str, content: Object, problems: tuple[int, ...] = (), *more: str) -> Object:
    answers: Object = {str(status): {"description": description, "headers": _headers(*more), "content": content}}
    for code in sorted({*_ALWAYS, *problems}):
        answers[str(code)] = _problem(code)
    return answers


def _problem(code: int) -> Object:
    more = {401: ["www-authenticate"], 403: ["www-authenticate"], 429: ["retry-after"]}.get(code, [])
    return {
        "description": TOLD[code],
        "headers": _headers(*more),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _json(name: str) -> Object:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _get(name: str, summary: str, answers: Object, *parameters: Object) -> Object:
    return {"get": {"operationId": name, "summary": summary, "parameters": list(parameters), "responses": answers}}


def _health() -> Object:
    text = {"text/plain": {"schema": _TEXT}}
    anything = {"application/json": {"schema": {"type": "object", "required": ["openapi", "info", "paths"]}}}
    return {
        "/healthz": _get("isAlive", "Whether the process runs", _answers(200, "It does.", _json("Status"))),
        "/readyz": _get("isReady", "Whether requests can be served", _answers(200, "They can.", _json("Status"))),
        "/metrics": _get("getMetrics", "Metrics in Prometheus's format", _answers(200, "All of them.", text)),
        "/v1/openapi.json": _get("describe", "This document", _answers(200, "OpenAPI 3.1.", anything)),
    }


def _analyses() -> Object:
    listing = _get(
        "listAnalyses",
        "The newest analyses first",
        _answers(200, "A page of analyses.", _json("Analyses")),
        _number("limit", "How many at most.", 100, default=20),
        _query("awaits_review", _AWAITS_REVIEW, {"type": "boolean"}),
        _cursor(schemas.LIST_CURSOR),
    )
    one = _answers(200, "The analysis with what was found so far.", _json("Analysis"), (404,))
    events = _answers(200, "A page of landings, jumps, cuts and decelerations.", _json("Events"), (404,))
    findings = _answers(200, "A page of findings.", _json("Findings"), (404,))
    poses = _answers(200, "A page of poses.", _json("Poses"), (404,))
    said = (
        _IDENTITY,
        _number("person", "Of this person alone.", 2**31 - 1),
        _number("limit", "How many at most.", 1000, default=100),
        _cursor(schemas.SAID_CURSOR),
    )
    return {
        "/v1/analyses": {**listing, "post": _upload()},
        "/v1/analyses/{id}/events": _get("listEvents", "Jumps, landings, cuts and stops of persons", events, *said),
        "/v1/analyses/{id}/findings": _get("listFindings", "What is for review, by person", findings, *said),
        "/v1/analyses/{id}/poses": _get("listPoses", "Where everybody's joints were, by frame", poses, *said),
        "/v1/analyses/{id}/progress": _following(),
        "/v1/analyses/{id}": {
            **_get("getAnalysis", "An analysis and its result", one, _IDENTITY),
            "delete": _erasing(),
        },
        "/v1/analyses/{id}/persons/{person}": {"delete": _erasing_a_person()},
        "/v1/analyses/{id}/footage-links": {"post": _link()},
        "/v1/analyses/{id}/measures": _measures(),
        "/v1/analyses/{id}/findings/{number}/reviews": _reviews(),
    }


def _following() -> Object:
    events = {"text/event-stream": {"schema": {"type": "object"}}}
    answers = _answers(200, "Events `status` and `erased`, until it ends, for some minutes.", events, (404, 429))
    answers["204"] = {"description": "It has ended, and the caller has seen that.", "headers": _headers()}
    seen = {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "The id of the last event that was seen.",
        "schema": _TEXT,
    }
    return _get(
        "followAnalysis", "How far an analysis is, as it changes (server-sent events)", answers, _IDENTITY, seen
    )


def _measures() -> Object:
    return _get(
        "listMeasures",
        "Every measure by person, frame and angle",
        _answers(200, "A page of measures.", _json("Measures"), (404,)),
        _IDENTITY,
        _number("person", "Of this person alone.", 2**31 - 1),
        _query("angle", "This angle alone.", {"type": "string", "enum": [str(angle) for angle in Angle]}),
        _number("limit", "How many at most.", 10_000, default=1000),
        _cursor(schemas.MEASURE_CURSOR),
    )


def _audit() -> Object:
    listed = _get(
        "listAudit",
        "Who saw, sent and reviewed what, newest first",
        _answers(200, "A page of entries.", _json("Entries")),
        _query("analysis", "About this analysis alone.", {"type": "string", "format": "uuid"}),
        _number("limit", "How many at most.", 1000, default=100),
        _cursor(schemas.AUDIT_CURSOR),
    )
    erased = _get(
        "listErasures",
        "What was erased, newest first",
        _answers(200, "A page of certificates.", _json("Erasures")),
        _number("limit", "How many at most.", 1000, default=100),
        _cursor(schemas.LIST_CURSOR),
    )
    return {"/v1/audit": listed, "/v1/erasures": erased}


def _usage() -> Object:
    answers = _answers(200, "So far.", _json("Usage"))
    return {"/v1/usage": _get("getUsage", "What the team has used of its quota", answers)}


def _erasing() -> Object:
    return {
        "operationId": "eraseAnalysis",
        "summary": "Erase an analysis with its video and all that was found and said",
        "description": "What is erased already may be erased again, and gives the same certificate.",
        "parameters": [_IDENTITY],
        "responses": _answers(200, "The certificate: all of it is gone.", _json("Erasure"), (404,)),
    }


def _erasing_a_person() -> Object:
    done = _answers(200, "The certificate: all of it is gone.", _json("Erasure"), (404, 409))
    return {
        "operationId": "erasePerson",
        "summary": "Erase a person of an analysis: what was found and said of them, and them in the video",
        "description": "The others stay. Who is erased already may be erased again, and has the same certificate.",
        "parameters": [_IDENTITY, _PERSON, _REMAINS],
        "responses": {**done, "202": _answers(202, "The video is being blurred.", _json("Erasure"))["202"]},
    }


def _reviews() -> Object:
    listed = _get(
        "listReviews",
        "What was said of a finding, newest first",
        _answers(200, "A page of reviews.", _json("Reviews"), (404,)),
        _IDENTITY,
        _NUMBER,
        _number("limit", "How many at most.", 1000, default=100),
        _cursor(schemas.VERSION_CURSOR),
    )
    saying = {
        "operationId": "addReview",
        "summary": "Say what is to be thought of a finding",
        "description": "Nothing that was said before is changed. The same may be sent again when no answer was heard.",
        "parameters": [_IDENTITY, _NUMBER, _SEEN],
        "requestBody": {"required": True, "content": _json("NewReview")},
        "responses": _answers(201, "It is recorded.", _json("Review"), (404, 408, 409, 412, 413, 415, 428), "etag"),
    }
    return {**listed, "post": saying}


def _link() -> Object:
    return {
        "operationId": "createFootageLink",
        "summary": "Make a link under which anybody may have the video for some minutes",
        "parameters": [_IDENTITY],
        "responses": _answers(201, "The link.", _json("FootageLink"), (404, 409, 410)),
    }


def _footage() -> Object:
    """Where links lead to without a bucket. The ticket stands for a token."""
    video = {kind: {"schema": {"type": "string", "contentMediaType": kind}} for kind in ("video/*", OTHER)}
    answers = _answers(200, "The video.", video, (403, 404, 409, 410, 416))
    answers["206"] = {**answers["200"], "description": "A range of it."}
    text = {"type": "string"}
    asked = (_query("kind", "Of the link.", text), _query("ticket", "Of the link.", text))
    return {"/v1/analyses/{id}/footage": _get("getFootage", "A video, by a link to it", answers, _IDENTITY, *asked)}


def _uploads() -> Object:
    """Sending a video to the storage itself, in parts."""
    began = _answers(201, "It may be sent.", _json("Upload"), (403, 404, 408, 410, 413, 415, 422, 429), "location")
    begin = {
        "operationId": "beginUpload",
        "summary": "Announce a video that is sent in parts",
        "parameters": [_KEY],
        "requestBody": {"required": True, "content": _json("NewUpload")},
        "responses": began,
    }
    shown = _get("getUpload", "How far an upload is", _answers(200, "So far.", _json("Upload"), (404, 410)), _UPLOAD)
    given_up = {
        "operationId": "giveUpUpload",
        "summary": "Give an upload up, and erase what arrived of it",
        "parameters": [_UPLOAD],
        "responses": _answers(204, "Nothing of it is left.", {}, (404,)),
    }
    return {
        "/v1/uploads": {"post": begin},
        "/v1/uploads/{id}": {**shown, "delete": given_up},
        "/v1/uploads/{id}/part-links": {"post": _part_links()},
        "/v1/uploads/{id}/completion": {"post": _completion()},
    }


def _part_links() -> Object:
    after = {"type": "integer", "minimum": 1, "maximum": MOST_PARTS}
    return {
        "operationId": "createPartLinks",
        "summary": "Make links to which anybody may send the parts for some minutes",
        "parameters": [
            _UPLOAD,
            _query("after", "From the part after this one on.", after),
            _number("limit", "How many at most.", 100, default=100),
        ],
        "responses": _answers(201, "The links.", _json("PartLinks"), (404, 410, 415, 422)),
    }


def _completion() -> Object:
    refused = (403, 404, 409, 410, 415, 422, 429)
    return {
        "operationId": "completeUpload",
        "summary": "Have the video analysed, once all parts have arrived",
        "description": "May be sent again, and gives the same analysis.",
        "parameters": [_UPLOAD],
        "responses": _answers(
            202, "It is accepted: stored, recorded and queued.", _json("Accepted"), refused, "location"
        ),
    }


def _part() -> Object:
    """Where links to parts lead to without a bucket. The ticket stands for a token."""
    whole = {"type": "integer", "minimum": 1}
    text: Object = {"type": "string"}
    part = {
        "operationId": "putPart",
        "summary": "Send a part, by a link to it",
        "parameters": [
            _UPLOAD,
            {**_NUMBER, "description": "The part's number.", "schema": {**whole, "maximum": MOST_PARTS}},
            _query("size", "Of the link.", whole),
            _query("ticket", "Of the link.", text),
        ],
        "requestBody": {"required": True, "content": {OTHER: {"schema": {**text, "contentMediaType": OTHER}}}},
        "responses": _answers(200, "It has arrived.", {}, (403, 404, 408, 410, 429)),
    }
    return {"/v1/uploads/{id}/parts/{number}": {"put": part}}


def _upload() -> Object:
    video = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
    return {
        "operationId": "createAnalysis",
        "summary": "Send a video to be analysed",
        "parameters": [_query("filename", "The video's name, for people.", {"type": "string"}), _KEY],
        "requestBody": {
            "required": True,
            "description": "The video's bytes.",
            "content": {"application/octet-stream": video, "video/*": video},
        },
        "responses": _answers(
            202,
            "It is accepted: stored, recorded and queued.",
            _json("Accepted"),
            (403, 408, 413, 415, 422, 429),
            "location",
        ),
    }


_TEXT: Object = {"type": "string"}
_KEY: Object = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Of the caller's making. What is sent again under it is accepted once.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}
_IDENTITY: Object = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The analysis's id.",
    "schema": {"type": "string", "format": "uuid"},
}
_UPLOAD: Object = {**_IDENTITY, "description": "The upload's id."}
_NUMBER: Object = {
    "name": "number",
    "in": "path",
    "required": True,
    "description": "The finding's number.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
}
_PERSON: Object = {
    "name": "person",
    "in": "path",
    "required": True,
    "description": "The person's id in the analysis.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
}
_REMAINS: Object = {
    "name": "footage",
    "in": "query",
    "required": True,
    "description": "What becomes of the video: the person is made unknowable in it, or all of it goes.",
    "schema": {"type": "string", "enum": [str(one) for one in Remains]},
}
_SEEN: Object = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": 'The version of the newest review that the caller saw, `"0"` where there is none. If somebody said '
    "more meanwhile, the answer is 412.",
    "schema": {"type": "string", "pattern": schemas.VERSION},
}


def _query(name: str, description: str, schema: Object) -> Object:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _number(name: str, description: str, most: int, **more: int) -> Object:
    return _query(name, description, {"type": "integer", "minimum": 1, "maximum": most, **more})


def _cursor(pattern: str) -> Object:
    return _query("after", "The `next` of an earlier page.", {"type": "string", "pattern": pattern})
