# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The interface in OpenAPI 3.1, as the service describes itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastbreak_service.api import schemas
from fastbreak_service.api.cutting import MOST_PARTS
from fastbreak_service.api.describing import (
    answered,
    cursor,
    getting,
    headers_of,
    json_of,
    number,
    numbered,
    problem_of,
    query,
)
from fastbreak_service.api.linked_paths import linked_paths
from fastbreak_service.api.naming_paths import naming_paths
from fastbreak_service.api.parameters import NAME_HEADER
from fastbreak_service.store.person_erasures import Remains
from fastbreak_service.vision.angles import Angle

if TYPE_CHECKING:
    from fastbreak_service.identity.issuer import IssuerSettings

type Object = dict[str, Any]

_AWAITS_REVIEW = "Those alone that wait for a reviewer, or do not. It tells nothing to whoever may see no results."


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
        "paths": {
            **_health(),
            **_analyses(),
            **_uploads(),
            **linked_paths(_IDENTITY, _UPLOAD, _NUMBER),
            **_audit(),
            **_usage(),
        },
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
                operation["responses"][str(code)] = problem_of(code)
    return described


_HEADERS: Object = {
    "x-fastbreak-version": {"description": "The release that answers.", "schema": {"type": "string"}},
    "x-request-id": {"description": "The request's id in the service's log.", "schema": {"type": "string"}},
    "retry-after": {"description": "Seconds.", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
    "www-authenticate": {"description": "What to send (RFC 6750).", "schema": {"type": "string"}},
    "etag": {"description": "The version.", "schema": {"type": "string", "pattern": schemas.VERSION}},
    "location": {"description": "The path of what was made.", "schema": {"type": "string"}},
}


def _health() -> Object:
    text = {"text/plain": {"schema": _TEXT}}
    anything = {"application/json": {"schema": {"type": "object", "required": ["openapi", "info", "paths"]}}}
    return {
        "/healthz": getting("isAlive", "Whether the process runs", answered(200, "It does.", json_of("Status"))),
        "/readyz": getting(
            "isReady",
            "Whether requests can be served",
            answered(200, "They can.", json_of("Ready")),
            query(
                "asked",
                "What the answer has to repeat; it then says what the database says of itself at this moment.",
                {"type": "string", "pattern": "^[0-9a-f]{0,64}$"},
            ),
        ),
        "/metrics": getting("getMetrics", "Metrics in Prometheus's format", answered(200, "All of them.", text)),
        "/v1/openapi.json": getting("describe", "This document", answered(200, "OpenAPI 3.1.", anything)),
    }


def _analyses() -> Object:
    listing = getting(
        "listAnalyses",
        "The newest analyses first",
        answered(200, "A page of analyses.", json_of("Analyses")),
        number("limit", "How many at most.", 100, default=20),
        query("awaits_review", _AWAITS_REVIEW, {"type": "boolean"}),
        cursor(schemas.LIST_CURSOR),
    )
    one = answered(200, "The analysis with what was found so far.", json_of("Analysis"), (404,))
    events = answered(200, "A page of landings, jumps, cuts and decelerations.", json_of("Events"), (404,))
    findings = answered(200, "A page of findings.", json_of("Findings"), (404,))
    doubts = answered(200, "A page of doubts.", json_of("Doubts"), (404,))
    poses = answered(200, "A page of poses.", json_of("Poses"), (404,))
    said = (
        _IDENTITY,
        number("person", "Of this person alone.", 2**31 - 1),
        number("limit", "How many at most.", 1000, default=100),
        cursor(schemas.SAID_CURSOR),
    )
    return {
        **naming_paths(_IDENTITY, _PERSON, _SEEN),
        "/v1/analyses": {**listing, "post": _upload()},
        "/v1/analyses/{id}/events": getting("listEvents", "Jumps, landings, cuts and stops of persons", events, *said),
        "/v1/analyses/{id}/findings": getting("listFindings", "What is for review, by person", findings, *said),
        "/v1/analyses/{id}/doubts": getting("listDoubts", "Where it is in doubt who is who", doubts, *said),
        "/v1/analyses/{id}/corrections": _corrections(),
        "/v1/analyses/{id}/poses": getting("listPoses", "Where everybody's joints were, by frame", poses, *said),
        "/v1/analyses/{id}/progress": _following(),
        "/v1/analyses/{id}": {
            **getting("getAnalysis", "An analysis and its result", one, _IDENTITY),
            "delete": _erasing(),
        },
        "/v1/analyses/{id}/persons/{person}": {"delete": _erasing_a_person()},
        "/v1/analyses/{id}/footage-links": {"post": _link()},
        "/v1/analyses/{id}/measures": _measures(),
        "/v1/analyses/{id}/findings/{number}/reviews": _reviews(),
    }


def _following() -> Object:
    events = {"text/event-stream": {"schema": {"type": "object"}}}
    answers = answered(200, "Events `status` and `erased`, until it ends, for some minutes.", events, (404, 429))
    answers["204"] = {"description": "It has ended, and the caller has seen that.", "headers": headers_of()}
    seen = {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "The id of the last event that was seen.",
        "schema": _TEXT,
    }
    return getting(
        "followAnalysis", "How far an analysis is, as it changes (server-sent events)", answers, _IDENTITY, seen
    )


def _measures() -> Object:
    return getting(
        "listMeasures",
        "Every measure by person, frame and angle",
        answered(200, "A page of measures.", json_of("Measures"), (404,)),
        _IDENTITY,
        number("person", "Of this person alone.", 2**31 - 1),
        query("angle", "This angle alone.", {"type": "string", "enum": [str(angle) for angle in Angle]}),
        number("limit", "How many at most.", 10_000, default=1000),
        cursor(schemas.MEASURE_CURSOR),
    )


def _audit() -> Object:
    listed = getting(
        "listAudit",
        "Who saw, sent and reviewed what, newest first",
        answered(200, "A page of entries.", json_of("Entries")),
        query("analysis", "About this analysis alone.", {"type": "string", "format": "uuid"}),
        number("limit", "How many at most.", 1000, default=100),
        cursor(schemas.AUDIT_CURSOR),
    )
    erased = getting(
        "listErasures",
        "What was erased, newest first",
        answered(200, "A page of certificates.", json_of("Erasures")),
        number("limit", "How many at most.", 1000, default=100),
        cursor(schemas.LIST_CURSOR),
    )
    return {"/v1/audit": listed, "/v1/erasures": erased}


def _usage() -> Object:
    answers = answered(200, "So far.", json_of("Usage"))
    return {"/v1/usage": getting("getUsage", "What the team has used of its quota", answers)}


def _erasing() -> Object:
    return {
        "operationId": "eraseAnalysis",
        "summary": "Erase an analysis with its video and all that was found and said",
        "description": "What is erased already may be erased again, and gives the same certificate.",
        "parameters": [_IDENTITY],
        "responses": answered(200, "The certificate: all of it is gone.", json_of("Erasure"), (404,)),
    }


def _erasing_a_person() -> Object:
    done = answered(200, "The certificate: all of it is gone.", json_of("Erasure"), (404, 409))
    return {
        "operationId": "erasePerson",
        "summary": "Erase a person of an analysis: what was found and said of them, and them in the video",
        "description": "The others stay. Who is erased already may be erased again, and has the same certificate.",
        "parameters": [_IDENTITY, _PERSON, _REMAINS],
        "responses": {**done, "202": answered(202, "The video is being blurred.", json_of("Erasure"))["202"]},
    }


def _reviews() -> Object:
    listed = getting(
        "listReviews",
        "What was said of a finding, newest first",
        answered(200, "A page of reviews.", json_of("Reviews"), (404,)),
        _IDENTITY,
        _NUMBER,
        number("limit", "How many at most.", 1000, default=100),
        cursor(schemas.VERSION_CURSOR),
    )
    saying = {
        "operationId": "addReview",
        "summary": "Say what is to be thought of a finding",
        "description": "Nothing that was said before is changed. The same may be sent again when no answer was heard.",
        "parameters": [_IDENTITY, _NUMBER, _SEEN],
        "requestBody": {"required": True, "content": json_of("NewReview")},
        "responses": answered(201, "It is recorded.", json_of("Review"), (404, 408, 409, 412, 413, 415, 428), "etag"),
    }
    return {**listed, "post": saying}


def _corrections() -> Object:
    refused = (404, 408, 409, 412, 413, 415, 422, 428, 429)
    listed = getting(
        "listCorrections",
        "What was said of who is who, newest first",
        answered(200, "A page of corrections.", json_of("Corrections"), (404,), "etag"),
        _IDENTITY,
        number("limit", "How many at most.", 1000, default=100),
        cursor(schemas.VERSION_CURSOR),
    )
    seen = 'The version of the corrections that the caller saw, `"0"` where there is none; 412 if somebody said more.'
    saying = {
        "operationId": "correctPersons",
        "summary": "Say who is who, or undo what was said; results follow",
        "description": "Persons' numbers are those of now. The same may be sent again when no answer was heard.",
        "parameters": [_IDENTITY, _KEY, {**_SEEN, "description": seen}],
        "requestBody": {"required": True, "content": json_of("NewCorrection")},
        "responses": answered(201, "It is recorded, and results follow.", json_of("Correction"), refused, "etag"),
    }
    return {**listed, "post": saying}


def _link() -> Object:
    return {
        "operationId": "createFootageLink",
        "summary": "Make a link under which anybody may have the video for some minutes",
        "parameters": [_IDENTITY],
        "responses": answered(201, "The link.", json_of("FootageLink"), (404, 409, 410)),
    }


def _uploads() -> Object:
    """Sending a video to the storage itself, in parts."""
    began = answered(201, "It may be sent.", json_of("Upload"), (403, 404, 408, 410, 413, 415, 422, 429), "location")
    begin = {
        "operationId": "beginUpload",
        "summary": "Announce a video that is sent in parts",
        "parameters": [_KEY],
        "requestBody": {"required": True, "content": json_of("NewUpload")},
        "responses": began,
    }
    shown = getting(
        "getUpload", "How far an upload is", answered(200, "So far.", json_of("Upload"), (404, 410)), _UPLOAD
    )
    given_up = {
        "operationId": "giveUpUpload",
        "summary": "Give an upload up, and erase what arrived of it",
        "parameters": [_UPLOAD],
        "responses": answered(204, "Nothing of it is left.", {}, (404,)),
    }
    listed = getting(
        "listUploads",
        "Uploads under way, newest first: the caller's, and for administrators their team's",
        answered(200, "A page of uploads.", json_of("Uploads")),
        number("limit", "How many at most.", 100, default=50),
        cursor(schemas.LIST_CURSOR),
    )
    return {
        "/v1/uploads": {**listed, "post": begin},
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
            query("after", "From the part after this one on.", after),
            number("limit", "How many at most.", 100, default=100),
        ],
        "responses": answered(201, "The links.", json_of("PartLinks"), (404, 410, 415, 422)),
    }


def _completion() -> Object:
    refused = (403, 404, 409, 410, 415, 422, 429)
    return {
        "operationId": "completeUpload",
        "summary": "Have the video analysed, once all parts have arrived",
        "description": "May be sent again, and gives the same analysis.",
        "parameters": [_UPLOAD],
        "responses": answered(
            202, "It is accepted: stored, recorded and queued.", json_of("Accepted"), refused, "location"
        ),
    }


def _upload() -> Object:
    video = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
    return {
        "operationId": "createAnalysis",
        "summary": "Send a video to be analysed",
        "parameters": [_NAME, _OLD_NAME, _KEY],
        "requestBody": {
            "required": True,
            "description": "The video's bytes.",
            "content": {"application/octet-stream": video, "video/*": video},
        },
        "responses": answered(
            202,
            "It is accepted: stored, recorded and queued.",
            json_of("Accepted"),
            (403, 408, 413, 415, 422, 429),
            "location",
        ),
    }


_TEXT: Object = {"type": "string"}
_NAME: Object = {
    "name": NAME_HEADER,
    "in": "header",
    "description": "The video's name, for people: percent-encoded, so that it is in no address and no log of them.",
    "schema": {"type": "string", "pattern": "^[!-~]*$"},
}
_OLD_NAME: Object = {
    **query("filename", f"Use {NAME_HEADER}: addresses are in access logs.", _TEXT),
    "deprecated": True,
}
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
_NUMBER: Object = numbered("number", "The finding's number.", 999_999_999)
_PERSON: Object = numbered("person", "The person's id in the analysis.", 2**31 - 1)
_REMAINS_SAID = "What becomes of the video: the person is made unknowable in it, or all of it goes."
_REMAINS_KINDS: Object = {"type": "string", "enum": [str(one) for one in Remains]}
_REMAINS: Object = {**query("footage", _REMAINS_SAID, _REMAINS_KINDS), "required": True}
_SEEN: Object = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": 'The version of the newest review that the caller saw, `"0"` where there is none. If somebody said '
    "more meanwhile, the answer is 412.",
    "schema": {"type": "string", "pattern": schemas.VERSION},
}
