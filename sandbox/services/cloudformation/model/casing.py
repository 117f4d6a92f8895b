# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Members as templates write them (`LogsConfig`) and as APIs do (`logsConfig`)."""

from collections.abc import Callable, Mapping
from typing import Any

_NONE: Mapping[str, str] = {}


def as_api(value: Any, renamed: Mapping[str, str] = _NONE, maps: frozenset[str] = frozenset()) -> Any:
    """A member's name, or a value with all its members, as the API has it.

    `renamed` holds names that differ by more than their first letter. The members named in `maps` hold names of the
    user's own, which stay.
    """
    return _cased(value, renamed, maps, str.lower)


def as_template(value: Any, renamed: Mapping[str, str] = _NONE, maps: frozenset[str] = frozenset()) -> Any:
    """The same, as templates have it."""
    return _cased(value, renamed, maps, str.upper)


def _cased(value: Any, renamed: Mapping[str, str], maps: frozenset[str], letter: Callable[[str], str]) -> Any:
    def name_of(name: str) -> str:
        return renamed.get(name, letter(name[:1]) + name[1:])

    def inner(thing: Any) -> Any:
        return _cased(thing, renamed, maps, letter) if isinstance(thing, dict | list) else thing

    if isinstance(value, dict):
        return {name_of(name): thing if name in maps else inner(thing) for name, thing in value.items()}
    return [inner(thing) for thing in value] if isinstance(value, list) else name_of(value)
