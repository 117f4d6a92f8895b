# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What descriptions in OpenAPI 3.1 are made of."""

from __future__ import annotations

from typing import Any

from fastbreak_service.api.problem import MEDIA_TYPE, TOLD

type Object = dict[str, Any]

_ALWAYS = (400, 405, 414, 431, 500, 503)


def headers_of(*more: str) -> Object:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("x-fastbreak-version", "x-request-id", *more)}


def answered(status: int, description: str, content: Object, problems: tuple[int, ...] = (), *more: str) -> Object:
    answers: Object = {str(status): {"description": description, "headers": headers_of(*more), "content": content}}
    for code in sorted({*_ALWAYS, *problems}):
        answers[str(code)] = problem_of(code)
    return answers


def problem_of(code: int) -> Object:
    more = {401: ["www-authenticate"], 403: ["www-authenticate"], 429: ["retry-after"]}.get(code, [])
    return {
        "description": TOLD[code],
        "headers": headers_of(*more),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def json_of(name: str) -> Object:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def getting(name: str, summary: str, answers: Object, *parameters: Object) -> Object:
    return {"get": {"operationId": name, "summary": summary, "parameters": list(parameters), "responses": answers}}


def query(name: str, description: str, schema: Object) -> Object:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def number(name: str, description: str, most: int, **more: int) -> Object:
    return query(name, description, {"type": "integer", "minimum": 1, "maximum": most, **more})


def cursor(pattern: str) -> Object:
    return query("after", "The `next` of an earlier page.", {"type": "string", "pattern": pattern})


def numbered(name: str, description: str, most: int) -> Object:
    """A whole number in the path."""
    schema = {"type": "integer", "minimum": 1, "maximum": most}
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}
