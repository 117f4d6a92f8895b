# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``predicates``: what is to be stated about an image, and what cannot be meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._oci.names import shown
from .._release.promotion import PREDICATE_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_URI = re.compile(r"[a-z][a-z0-9+.-]*:[!-~]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Predicate:
    """A statement to attach: its type, a URI, and the command that prints what it says as a JSON object."""

    type: str
    command: tuple[str, ...]


def predicate_spec() -> dict[str, Any]:
    """The suboptions, as an argument spec."""
    return {
        "type": {"type": "str", "required": True},
        "command": {"type": "list", "elements": "str", "required": True},
    }


def read_predicates(options: Sequence[Mapping[str, Any]] | None) -> tuple[Predicate, ...]:
    """The validated option as values."""
    return tuple(Predicate(each["type"], tuple(each["command"])) for each in options or ())


def predicate_problems(options: Sequence[Mapping[str, Any]] | None, *, images: int) -> Iterator[str]:
    """A statement is of one type and about one image."""
    if options is None:
        return
    if not options:
        yield "predicates is empty; leave it out to state nothing"
    if images > 1:
        yield f"predicates state something about a single image, and {images} are named; promote each by itself"
    types = [each["type"] for each in options]
    if len(set(types)) != len(types):
        yield f"predicates has a type twice ({', '.join(map(shown, types))})"
    for each in options:
        if not _URI.fullmatch(each["type"]):
            yield f"predicates has the type {shown(each['type'])}, which is no URI such as https://slsa.dev/provenance/v1"
        if each["type"] == PREDICATE_TYPE:
            yield f"predicates has the type {PREDICATE_TYPE}, which the option attest makes"
        if not each["command"]:
            yield f"predicates has no command for {shown(each['type'])}"
