# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The objects of the interface in JSON Schema, as OpenAPI 3.1 uses it."""

from __future__ import annotations

from typing import Any

from fastbreak_service.api.problem import TYPE
from fastbreak_service.forms import schema_of, schemas_of
from fastbreak_service.movement.values import Finding, Jump, Landing, Reference, Shown, Value, ViewEstimate
from fastbreak_service.video.completeness import Completeness
from fastbreak_service.vision.angles import Angle
from fastbreak_service.vision.joints import JOINTS

type Object = dict[str, Any]

# Sixteen digits of microseconds reach to the year 2286.
LIST_CURSOR = r"^[0-9]{1,16}\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
MEASURE_CURSOR = r"^[0-9]{1,9}\.[0-9]{1,9}\.[a-z_]{1,40}$"
SAID_CURSOR = r"^[0-9]{1,9}$"
_SCHEMAS = "#/components/schemas/"
_TEXT: Object = {"type": "string"}
_NUMBER: Object = {"type": "number"}
_COUNT: Object = {"type": "integer", "minimum": 0}
_UUID: Object = {"type": "string", "format": "uuid"}
_MOMENT: Object = {"type": ["string", "null"], "format": "date-time"}
_POINT: Object = {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}
_ANGLES = [str(angle) for angle in Angle]


def _object(**members: Object) -> Object:
    return {"type": "object", "required": list(members), "properties": members}


def _ref(name: str) -> Object:
    return {"$ref": f"{_SCHEMAS}{name}"}


def _or_null(schema: Object) -> Object:
    return {"oneOf": [schema, {"type": "null"}]}


def _list(schema: Object) -> Object:
    return {"type": "array", "items": schema}


def _of_person(kind: type) -> Object:
    """The schema of what is said of a person, which has the person's number too."""
    said = schema_of(kind, _SCHEMAS)
    person = {"type": "integer", "minimum": 1}
    return {**said, "required": ["person", *said["required"]], "properties": {"person": person, **said["properties"]}}


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
}
_NEXT: Object = {"type": ["string", "null"], "description": "The `after` of the next page; null at the end."}

SCHEMAS: Object = {
    "Status": _object(status=_TEXT),
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
    "Listed": _object(**_LISTED),
    "Analyses": _object(analyses=_list(_ref("Listed")), next=_NEXT),
    "Analysis": _object(
        **_LISTED,
        video=_or_null(_ref("Video")),
        model=_or_null(_ref("Model")),
        movement=_or_null(_ref("Movement")),
        persons=_list(_ref("Person")),
    ),
    "Movement": {
        **_object(events=_COUNT, findings=_COUNT, left_out=_COUNT),
        "description": "How many events and findings there are, and how many events beyond the most that are kept. "
        "Null before the analysis has ended, and where movement was not looked for.",
    },
    "Video": _object(
        width=_COUNT,
        height=_COUNT,
        frames_per_second=_NUMBER,
        frames=_COUNT,
        duration_seconds=_NUMBER,
        decode_errors=_COUNT,
        completeness={"type": "string", "enum": [str(value) for value in Completeness]},
    ),
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
    **schemas_of((ViewEstimate, Value, Reference, Shown), _SCHEMAS),
    "Landing": _of_person(Landing),
    "Jump": _of_person(Jump),
    "Event": {"oneOf": [_ref("Landing"), _ref("Jump")]},
    "Events": _object(events=_list(_ref("Event")), next=_NEXT),
    "Finding": _of_person(Finding),
    "Findings": _object(findings=_list(_ref("Finding")), next=_NEXT),
}
