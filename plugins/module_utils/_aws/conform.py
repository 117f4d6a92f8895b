# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's data brought to what an API takes, by the API's own model, with every misfit named by its place. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}


class _MisfitError(Exception):
    """A value that is not of its kind. The message completes "<place> ..."."""


def conform(shape: Any, value: Any, place: str) -> tuple[Any, list[str]]:
    """*value* as botocore's *shape* takes it, and what is wrong with it, each problem naming its place below *place*.

    What is left out or null is left out; a whole number stands for its text and a text of digits for its number. What
    does not fit is not part of the answer. Problems never hold a value, which may be a secret.
    """
    problems: list[str] = []
    made = _conform(shape, value, place, problems)
    return made, problems


def _conform(shape: Any, value: Any, place: str, problems: list[str]) -> Any:
    try:
        return _KINDS.get(shape.type_name, _as_it_is)(shape, value, place, problems)
    except _MisfitError as misfit:
        problems.append(f"{place} {misfit}.")
        return None


def _structure(shape: Any, value: Any, place: str, problems: list[str]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _MisfitError(f"is {_kind(value)}, where a map is wanted{_fields(shape)}")
    made: dict[str, Any] = {}
    for name, member in value.items():
        if name not in shape.members:
            problems.append(f"{place} has a field {str(name)[:64]!r} that the API does not know{_near(name, shape)}.")
        elif member is not None:
            made[name] = _conform(shape.members[name], member, f"{place}.{name}", problems)
    missing = [name for name in shape.required_members if value.get(name) is None]
    problems += [f"{place}.{name} is missing." for name in missing]
    return {name: member for name, member in made.items() if member is not None}


def _list(shape: Any, value: Any, place: str, problems: list[str]) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise _MisfitError(f"is {_kind(value)}, where a list is wanted")
    made: list[Any] = []
    for number, member in enumerate(value):
        if member is None:
            problems.append(f"{place}[{number}] is empty; take the entry out or write it.")
        else:
            made.append(_conform(shape.member, member, f"{place}[{number}]", problems))
    return [member for member in made if member is not None]


def _map(shape: Any, value: Any, place: str, problems: list[str]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _MisfitError(f"is {_kind(value)}, where a map is wanted")
    made = {
        str(key): _conform(shape.value, member, f"{place}.{key}", problems)
        for key, member in value.items()
        if member is not None
    }
    return {key: member for key, member in made.items() if member is not None}


def _text(shape: Any, value: Any, _place: str, _problems: list[str]) -> str:
    if isinstance(value, bool):
        raise _MisfitError("is true or false, where text is wanted; write the text that you mean, in quotes")
    if not isinstance(value, str | int):
        raise _MisfitError(f"is {_kind(value)}, where text is wanted; write it in quotes (YAML takes 1.10 for 1.1)")
    text = str(value)
    allowed = getattr(shape, "enum", None)
    if allowed and text not in allowed:
        raise _MisfitError(f"must be one of {', '.join(allowed)}")
    return text


def _whole(_shape: Any, value: Any, _place: str, _problems: list[str]) -> int:
    if isinstance(value, str) and value.strip().removeprefix("-").isdecimal():
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _MisfitError(f"is {_kind(value)}, where a whole number is wanted")
    return value


def _number(_shape: Any, value: Any, _place: str, _problems: list[str]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _MisfitError(f"is {_kind(value)}, where a number is wanted")
    return float(value)


def _truth(_shape: Any, value: Any, _place: str, _problems: list[str]) -> bool:
    made = _TRUTHS.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(made, bool):
        raise _MisfitError(f"is {_kind(value)}, where true or false is wanted")
    return made


def _as_it_is(_shape: Any, value: Any, _place: str, _problems: list[str]) -> Any:
    return value


_KINDS: Mapping[str, Callable[[Any, Any, str, list[str]], Any]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _text,
    "integer": _whole,
    "long": _whole,
    "double": _number,
    "float": _number,
    "boolean": _truth,
}


def _kind(value: Any) -> str:
    kinds: Iterator[tuple[Any, str]] = iter(
        (
            (bool, "true or false"),
            (str, "text"),
            ((int, float), "a number"),
            (Mapping, "a map"),
            ((list, tuple), "a list"),
            (type(None), "empty"),
        )
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), f"a {type(value).__name__}")


def _fields(shape: Any) -> str:
    wanted = list(shape.required_members) or list(shape.members)[:3]
    return f" (with {', '.join(wanted)})" if wanted else ""


def _near(name: Any, shape: Any) -> str:
    by_lower = {known.lower(): known for known in shape.members}
    near = difflib.get_close_matches(str(name).lower().replace("_", ""), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]}?" if near else ""
