# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Where links to videos and to their parts lead, as the service describes it: with a bucket, to the bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastbreak_service.api.cutting import MOST_PARTS
from fastbreak_service.api.describing import answered, getting, query
from fastbreak_service.footage import tickets
from fastbreak_service.footage.kinds import KINDS, OTHER

if TYPE_CHECKING:
    from fastbreak_service.api.describing import Object

_TICKET = query("ticket", "Of the link.", {"type": "string", "pattern": tickets.PATTERN})


def linked_paths(identity: Object, upload: Object, part: Object) -> Object:
    """The paths, by how an analysis, an upload and a part are named in them."""
    return {**_footage(identity), **_part(upload, part)}


def _footage(identity: Object) -> Object:
    """Where links lead to without a bucket. The ticket stands for a token."""
    video = {kind: {"schema": {"type": "string", "contentMediaType": kind}} for kind in ("video/*", OTHER)}
    answers = answered(200, "The video.", video, (403, 404, 409, 410, 416))
    answers["206"] = {**answers["200"], "description": "A range of it."}
    asked = (query("kind", "Of the link.", {"type": "string", "enum": list(KINDS)}), _TICKET)
    return {"/v1/analyses/{id}/footage": getting("getFootage", "A video, by a link to it", answers, identity, *asked)}


def _part(upload: Object, numbered: Object) -> Object:
    """Where links to parts lead to without a bucket. The ticket stands for a token."""
    whole = {"type": "integer", "minimum": 1}
    text: Object = {"type": "string"}
    part = {
        "operationId": "putPart",
        "summary": "Send a part, by a link to it",
        "parameters": [
            upload,
            {**numbered, "description": "The part's number.", "schema": {**whole, "maximum": MOST_PARTS}},
            query("size", "Of the link.", whole),
            _TICKET,
        ],
        "requestBody": {"required": True, "content": {OTHER: {"schema": {**text, "contentMediaType": OTHER}}}},
        "responses": answered(200, "It has arrived.", {}, (403, 404, 408, 410, 429)),
    }
    return {"/v1/uploads/{id}/parts/{number}": {"put": part}}
