# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a message says: which work there is, by the contract that whoever does it has to know. Nothing of a person."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

MOST_CHARACTERS = 1024
"""A longer message is none of ours."""


@dataclass(frozen=True, slots=True)
class Message:
    """There is work on an analysis, of one segment if named; `contract` says what work that is."""

    contract: int
    analysis: UUID
    segment: int | None = None


def written(message: Message) -> str:
    """As it is sent."""
    return json.dumps(_members(message))


def letter(message: Message, code: str) -> str:
    """As a dead letter: with the kind of its end, and no more of that."""
    return json.dumps({**_members(message), "code": code})


def read(text: str) -> Message | None:
    """What a message says; None when it is none of ours. Members that a later release adds are left alone."""
    if len(text) > MOST_CHARACTERS:
        return None
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _message(said) if isinstance(said, dict) else None


def _message(said: dict[str, Any]) -> Message | None:
    contract, segment = said.get("contract"), said.get("segment")
    # A truth value is a whole number to Python.
    if type(contract) is not int or not (segment is None or type(segment) is int):
        return None
    try:
        return Message(contract, UUID(said.get("analysis")), segment)
    except (AttributeError, TypeError, ValueError):
        return None


def _members(message: Message) -> dict[str, Any]:
    segment = {} if message.segment is None else {"segment": message.segment}
    return {"contract": message.contract, "analysis": str(message.analysis), **segment}
