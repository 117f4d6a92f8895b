# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What OpenAPI says of players."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastbreak_service.api.describing import answered, getting, json_of

if TYPE_CHECKING:
    from fastbreak_service.api.describing import Object


def naming_paths(identity: Object, person: Object, seen: Object) -> Object:
    """The paths, by the parameters that name an analysis, a person, and the version that was seen."""
    listed = getting(
        "listPlayers",
        "Which players persons are, and what differs from their own earlier landings",
        answered(200, "All who are named.", json_of("Players"), (404,)),
        identity,
    )
    newest = 'The version of the corrections that the caller saw, `"0"` where there is none.'
    parameters = [identity, person, {**seen, "description": newest}]
    put = {
        "operationId": "namePlayer",
        "summary": "Say which player of the team a person is, and compare them with the player's own",
        "description": "Naming the same again compares anew. Whoever is corrected later is named no more.",
        "parameters": parameters,
        "requestBody": {"required": True, "content": json_of("NewPlayer")},
        "responses": answered(200, "It is so.", json_of("Player"), (404, 408, 412, 413, 415, 428)),
    }
    delete = {
        "operationId": "unnamePlayer",
        "summary": "Say that nobody knows which player a person is",
        "parameters": parameters,
        "responses": answered(204, "It is so.", {}, (404, 412, 428)),
    }
    return {
        "/v1/analyses/{id}/players": listed,
        "/v1/analyses/{id}/persons/{person}/player": {"put": put, "delete": delete},
    }
