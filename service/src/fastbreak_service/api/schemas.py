# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The objects of the interface in JSON Schema, as OpenAPI 3.1 uses it."""

from __future__ import annotations

from typing import Any

from fastbreak_service.api.cutting import MOST_NAME, MOST_PARTS
from fastbreak_service.api.problem import TYPE
from fastbreak_service.forms import schema_of, schemas_of
from fastbreak_service.movement.values import (
    Baseline,
    Cut,
    Deceleration,
    Finding,
    Jump,
    Landing,
    NoBaseline,
    Reference,
    Shown,
    Value,
    ViewEstimate,
)
from fastbreak_service.people.values import Doubt
from fastbreak_service.store.audit import Action
from fastbreak_service.store.team_reviews import MOST_VERSIONS, Verdict
from fastbreak_service.video.completeness import Completeness
from fastbreak_service.video.facts import Remark
from fastbreak_service.vision.angles import Angle
from fastbreak_service.vision.joints import JOINTS

type Object = dict[str, Any]

# Sixteen digits of microseconds reach to the year 2286.
LIST_CURSOR = r"^[0-9]{1,16}\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
MEASURE_CURSOR = r"^[0-9]{1,9}\.[0-9]{1,9}\.[a-z_]{1,40}$"
SAID_CURSOR = r"^[0-9]{1,9}$"
AUDIT_CURSOR = r"^[1-9][0-9]{0,17}$"
VERSION_CURSOR = r"^[1-9][0-9]{0,2}$"
VERSION = r'^"[0-9]{1,3}"$'
NOTE_CHARACTERS = 2000
PLAYER = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
# No controls but tabs and ends of lines.
PLAIN = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$"
_SCHEMAS = "#/components/schemas/"
_TEXT: Object = {"type": "string"}
_NUMBER: Object = {"type": "number"}
_COUNT: Object = {"type": "integer", "minimum": 0}
_UUID: Object = {"type": "string", "format": "uuid"}
_MOMENT: Object = {"type": ["string", "null"], "format": "date-time"}
_PART: Object = {"type": "integer", "minimum": 1, "maximum": MOST_PARTS}
_POINT: Object = {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}
_VERDICT: Object = {"type": "string", "enum": [str(verdict) for verdict in Verdict]}
_ANGLES = [str(angle) for angle in Angle]


def _object(**members: Object) -> Object:
    return {"type": "object", "required": list(members), "properties": members}


def _ref(name: str) -> Object:
    return {"$ref": f"{_SCHEMAS}{name}"}


def _or_null(schema: Object) -> Object:
    return {"oneOf": [schema, {"type": "null"}]}


def _list(schema: Object) -> Object:
    return {"type": "array", "items": schema}


def _of_person(kind: type, **more: Object) -> Object:
    """The schema of what is said of a person, which has the person's number too, and what there is more."""
    said, added = schema_of(kind, _SCHEMAS), {"person": {"type": "integer", "minimum": 1}, **more}
    return {**said, "required": [*added, *said["required"]], "properties": {**added, **said["properties"]}}


_AWAITS = "How many findings for review nobody has accepted or rejected yet"
_LISTED: Object = {
    "id": _UUID,
    "status": {"type": "string", "enum": ["queued", "running", "succeeded", "failed"]},
    "filename": {"type": ["string", "null"]},
    "created_at": {"type": "string", "format": "date-time"},
    "started_at": _MOMENT,
    "finished_at": _MOMENT,
    "elapsed_seconds": {"type": ["number", "null"]},
    "footage_until": {**_MOMENT, "description": "Until when the video is kept; null when it is here no more."},
    "error": _or_null(_ref("Error")),
    "awaits_review": {
        "type": ["integer", "null"],
        "minimum": 0,
        "description": f"{_AWAITS}; null for whoever may see no results.",
    },
}
_NEXT: Object = {"type": ["string", "null"], "description": "The `after` of the next page; null at the end."}
_QUOTA: Object = {"type": "integer", "minimum": 1}
_USED: Object = _object(used=_COUNT, quota=_QUOTA)
_STORED: Object = _object(used=_COUNT, quota=_QUOTA, frees_at=_MOMENT)
_USED_UNTIL: Object = _object(used=_COUNT, quota=_QUOTA, ends_at={"type": "string", "format": "date-time"})

_NUMBER_OF_PERSON: Object = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
_AT: Object = {"type": "number", "minimum": 0, "maximum": 1_000_000}
_PERSONS: Object = {**_list(_NUMBER_OF_PERSON), "minItems": 2, "maxItems": 50, "uniqueItems": True}
_CORRECTIONS: dict[str, Object] = {
    "merge": {"persons": _PERSONS},
    "split": {"person": _NUMBER_OF_PERSON, "seconds": _AT},
    "exchange": {"person": _NUMBER_OF_PERSON, "other": _NUMBER_OF_PERSON, "seconds": _AT},
    "apart": {"person": _NUMBER_OF_PERSON, "other": _NUMBER_OF_PERSON, "seconds": _AT},
    "undo": {"correction": {"type": "integer", "minimum": 1, "maximum": MOST_VERSIONS}},
}
_RECORDED: Object = {
    "version": {**_COUNT, "minimum": 1, "maximum": MOST_VERSIONS, "description": "Counted through an analysis's."},
    "words": _TEXT,
    "undone": {"type": "boolean", "description": "Whether it does not stand any more."},
    "reviewer": {**_TEXT, "description": "The `sub` of the reviewer's token."},
    "corrected_at": {"type": "string", "format": "date-time"},
}


def _said_as(kind: str, **more: Object) -> Object:
    """What is said of who is who, of one kind."""
    return _object(kind={"const": kind}, **_CORRECTIONS[kind], **more)


SCHEMAS: Object = {
    "Status": _object(status=_TEXT),
    "Ready": {
        **_object(status=_TEXT),
        "properties": {
            "status": _TEXT,
            "asked": _TEXT,
            "schema": {**_TEXT, "description": "The revision of the database's schema."},
            "migration": {
                **_TEXT,
                "description": "The mark of the last migration, where that was whole and gave one; else empty.",
            },
        },
    },
    "Error": _object(code=_TEXT, message=_TEXT),
    "Problem": {
        **_object(
            type={"type": "string", "format": "uri", "pattern": f"^{TYPE}"},
            title=_TEXT,
            status={"type": "integer"},
            detail=_TEXT,
            error=_ref("Error"),
        ),
        "description": "Problem details (RFC 9457). `error.code` is stable.",
    },
    "Accepted": _object(id=_UUID, status=_TEXT),
    "FootageLink": _object(
        url={**_TEXT, "description": "A whole address, or a path of this service. It is as good as a key: keep it."},
        expires_at={"type": "string", "format": "date-time"},
    ),
    "NewUpload": {
        "type": "object",
        "required": ["size_bytes"],
        "properties": {
            "filename": {"type": ["string", "null"], "maxLength": MOST_NAME, "description": "For people."},
            "size_bytes": {"type": "integer", "minimum": 1, "description": "Of the whole video, exactly."},
        },
        "additionalProperties": False,
    },
    "Upload": _object(
        id={**_UUID, "description": "Also of the analysis that it becomes."},
        status={"type": "string", "enum": ["open", "accepted", "refused"]},
        filename={"type": ["string", "null"]},
        size_bytes=_COUNT,
        part_bytes={**_COUNT, "description": "The size of every part but the last, which has the rest."},
        arrived={**_list(_PART), "description": "The parts of an open upload that need not be sent again."},
        expires_at={**_MOMENT, "description": "Until when an open one has to be complete."},
        error=_or_null(_ref("Error")),
    ),
    "OpenUpload": _object(
        id={**_UUID, "description": "Also of the analysis that it becomes."},
        filename={"type": ["string", "null"]},
        size_bytes={**_COUNT, "description": "As announced: so much of the quota it takes until it ends."},
        sent_by={**_TEXT, "description": "The `sub` of the sender's token."},
        created_at={"type": "string", "format": "date-time"},
        expires_at={"type": "string", "format": "date-time", "description": "Until when it has to be complete."},
    ),
    "Uploads": _object(uploads=_list(_ref("OpenUpload")), next=_NEXT),
    "PartLink": _object(
        number=_PART,
        size_bytes={**_COUNT, "description": "What is sent there has exactly this size."},
        url={**_TEXT, "description": "Where to PUT the part: a whole address, or a path of this service."},
    ),
    "PartLinks": _object(
        parts=_list(_ref("PartLink")),
        next={"type": ["integer", "null"], "description": "The `after` of the next page; null at the end."},
        expires_at={"type": "string", "format": "date-time"},
    ),
    "Listed": _object(**_LISTED),
    "Analyses": _object(
        analyses=_list(_ref("Listed")),
        next=_NEXT,
        own={
            "type": "boolean",
            "description": "Whether it has only what the caller sent, who may see no results.",
        },
    ),
    "Analysis": _object(
        **{**_LISTED, "awaits_review": {**_COUNT, "description": f"{_AWAITS}."}},
        erasable={"type": "boolean", "description": "Whether the caller may erase it."},
        video=_or_null(_ref("Video")),
        model=_or_null(_ref("Model")),
        movement=_or_null(_ref("Movement")),
        segments=_or_null(_ref("Segments")),
        missing={
            **_list(_ref("MissingPart")),
            "description": "The parts of the video that could not be analysed, in order; nothing is known of them.",
        },
        persons=_list(_ref("Person")),
    ),
    "Segments": {
        **_object(count=_COUNT, ended=_COUNT),
        "description": "How many segments a long video is analysed in, and how many ended. Null of one without.",
    },
    "MissingPart": _object(from_seconds=_NUMBER, to_seconds=_NUMBER, code=_TEXT, message=_TEXT),
    "Movement": {
        **_object(
            events=_COUNT,
            findings=_COUNT,
            left_out=_or_null(_COUNT),
            looked_seconds=_or_null({"type": "object", "additionalProperties": _NUMBER}),
        ),
        "description": "How many events and findings there are, and how many events beyond the most that are kept; and "
        "by kind of event for how many seconds it was looked for, over all persons: none in 0 seconds is not none "
        "made (null of analyses of releases that did not keep it). Both sums are null once a person was erased. Null "
        "before the analysis has ended, and where movement was not looked for.",
    },
    "Video": _object(
        **dict.fromkeys(("width", "height"), _COUNT),
        frames_per_second=_NUMBER,
        frames=_COUNT,
        duration_seconds=_NUMBER,
        decode_errors=_COUNT,
        completeness={"type": "string", "enum": [str(value) for value in Completeness]},
        remarks=_list(_ref("Remark")),
    ),
    "Remark": schema_of(Remark, _SCHEMAS),
    "Model": _object(name=_TEXT, sha256=_TEXT),
    "Person": _object(
        id={"type": "integer", "minimum": 1},
        frames=_COUNT,
        first_frame=_COUNT,
        last_frame=_COUNT,
        angles={
            "type": "object",
            "propertyNames": {"enum": _ANGLES},
            "additionalProperties": _ref("Angle"),
        },
    ),
    "Angle": _object(minimum=_NUMBER, maximum=_NUMBER, mean=_NUMBER, samples=_COUNT, unit={"const": "degree"}),
    "Measure": _object(
        person={"type": "integer", "minimum": 1},
        frame=_COUNT,
        time_seconds=_NUMBER,
        angle={"type": "string", "enum": _ANGLES},
        value_degrees=_NUMBER,
        confidence={"type": "number", "minimum": 0, "maximum": 1},
    ),
    "Measures": _object(measures=_list(_ref("Measure")), next=_NEXT),
    "Pose": {
        **_object(
            person={"type": "integer", "minimum": 1},
            frame=_COUNT,
            time_seconds=_NUMBER,
            points={**_list(_or_null(_POINT)), "minItems": len(JOINTS), "maxItems": len(JOINTS)},
        ),
        "description": "Where the joints of a person were: x and y in pixels of the displayed frame, from its top left "
        "corner; null for a joint that was hidden.",
    },
    "Poses": _object(
        poses=_list(_ref("Pose")),
        next=_NEXT,
        joints={
            "type": "array",
            "items": {"type": "string", "enum": list(JOINTS)},
            "description": "Which joint each of the points is, in their order.",
        },
    ),
    **schemas_of((ViewEstimate, Value, Reference, Shown, Baseline), _SCHEMAS),
    "Landing": _of_person(Landing),
    "Jump": _of_person(Jump),
    "Cut": _of_person(Cut),
    "Deceleration": _of_person(Deceleration),
    "Event": {"oneOf": [_ref("Landing"), _ref("Jump"), _ref("Cut"), _ref("Deceleration")]},
    "Events": _object(events=_list(_ref("Event")), next=_NEXT),
    "Finding": _of_person(
        Finding,
        number={**_COUNT, "minimum": 1, "description": "Its own in the analysis; it never changes."},
        review=_or_null(_ref("Review")),
    ),
    "Findings": _object(findings=_list(_ref("Finding")), next=_NEXT),
    "Review": _object(
        version={
            **_COUNT,
            "minimum": 1,
            "maximum": MOST_VERSIONS,
            "description": "Counted through a finding's reviews.",
        },
        verdict=_VERDICT,
        note={"type": ["string", "null"]},
        reviewer={**_TEXT, "description": "The `sub` of the reviewer's token."},
        reviewed_at={"type": "string", "format": "date-time"},
    ),
    **schemas_of((NoBaseline,), _SCHEMAS),
    "OwnFinding": schema_of(Finding, _SCHEMAS),
    "Compared": _object(findings=_list(_ref("OwnFinding")), no_baseline=_list(_ref("NoBaseline"))),
    "Player": _object(
        person=_NUMBER_OF_PERSON,
        player={**_TEXT, "pattern": PLAYER},
        named_by={**_TEXT, "description": "The `sub` of the reviewer's token."},
        named_at={"type": "string", "format": "date-time"},
        compared={
            **_or_null(_ref("Compared")),
            "description": "What differs from the player's own earlier landings, as of `named_at`; null where what "
            "it was told by was erased or unsaid since: name the player again.",
        },
    ),
    "Players": _object(players=_list(_ref("Player"))),
    "NewPlayer": {**_object(player={**_TEXT, "pattern": PLAYER}), "additionalProperties": False},
    "Doubt": schema_of(Doubt, _SCHEMAS),
    "Doubts": _object(doubts=_list(_ref("Doubt")), next=_NEXT),
    "Correction": {
        "oneOf": [
            _said_as(kind, **_RECORDED, **({"number": _NUMBER_OF_PERSON} if kind == "split" else {}))
            for kind in _CORRECTIONS
        ],
        "description": "Of a split, `number` is that of whoever it is from then on.",
    },
    "Corrections": _object(
        corrections=_list(_ref("Correction")),
        next=_NEXT,
        version={**_COUNT, "description": "The newest; 0: nobody has said anything."},
        correctable={
            "type": "boolean",
            "description": "Whether what is kept of the analysis lets persons be corrected; not where it is too much.",
        },
    ),
    "NewCorrection": {
        "oneOf": [{**_said_as(kind), "additionalProperties": False} for kind in _CORRECTIONS],
    },
    "Erasure": _object(
        analysis=_UUID,
        person={"type": ["integer", "null"], "description": "Who of the analysis was erased; null: all of it was."},
        footage={
            "type": "string",
            "enum": ["blurred", "deleted"],
            "description": "What becomes of the video, and has when there is `erased_at`.",
        },
        requested_at={"type": "string", "format": "date-time"},
        erased_at={**_MOMENT, "description": "Null while the storage still has the video as it was."},
        erased={
            "type": "object",
            "additionalProperties": _COUNT,
            "description": "How many rows of each kind, and how many versions of the video (`footage`). "
            "Where dead letters are in a queue as well, how many of them were found there (`dead_letters`).",
        },
        backups_expire_at={**_MOMENT, "description": "When the last copy of the database is gone that may hold it."},
    ),
    "Erasures": _object(erasures=_list(_ref("Erasure")), next=_NEXT),
    "Usage": _object(
        waiting={**_USED, "description": "Analyses that wait or are analysed."},
        day_bytes={**_USED_UNTIL, "description": "Bytes of the videos that were sent in this day (UTC)."},
        month_bytes={**_USED_UNTIL, "description": "Bytes of the videos that were sent in this month (UTC)."},
        stored_bytes={
            **_STORED,
            "description": "Bytes of the videos that are kept, wait or are analysed, and of those that uploads under "
            "way have announced; `frees_at` is when the first of them goes by itself.",
        },
    ),
    "Entry": _object(
        at={"type": "string", "format": "date-time"},
        subject={**_TEXT, "description": "The `sub` of the person's token."},
        action={"type": "string", "enum": [str(action) for action in Action]},
        analysis={"type": ["string", "null"], "format": "uuid"},
        finding={"type": ["integer", "null"]},
    ),
    "Entries": _object(entries=_list(_ref("Entry")), next=_NEXT),
    "Reviews": _object(reviews=_list(_ref("Review")), next=_NEXT),
    "NewReview": {
        "type": "object",
        "required": ["verdict"],
        "properties": {
            "verdict": _VERDICT,
            "note": {
                "type": ["string", "null"],
                "maxLength": NOTE_CHARACTERS,
                "pattern": PLAIN,
                "description": "Plain text.",
            },
        },
        "additionalProperties": False,
    },
}
