# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a team may send and keep, in JSON: `{"each": {...}, "teams": {"hawks": {...}}}`. There is no endless quota."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fastbreak_service.environment import PREFIX, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

GIB = 1 << 30
_VARIABLE = f"{PREFIX}QUOTAS"
# A release of before `gib_stored` does not start with a name that it does not know, and passes over a variable. So a
# deploy says it here, and says the next new name in a variable of its own likewise.
_STORED_VARIABLE = f"{PREFIX}STORED_QUOTAS"
_MOST = 1_000_000
# By their names in the text: the field, and what one of the unit is.
_UNITS = {
    "waiting": ("waiting", 1),
    "gib_per_day": ("day_bytes", GIB),
    "gib_per_month": ("month_bytes", GIB),
    "gib_stored": ("stored_bytes", GIB),
}


@dataclass(frozen=True, slots=True)
class Quota:
    """How many analyses of a team may wait or be analysed at once, and what it may send in a day and a month of UTC.

    `stored_bytes` is how much video it may have in the storage at once.
    """

    waiting: int = 1000
    day_bytes: int = 1024 * GIB
    month_bytes: int = 20 * 1024 * GIB
    stored_bytes: int = 20 * 1024 * GIB


@dataclass(frozen=True, slots=True)
class Quotas:
    """Each team's, and those of the teams that have one of their own."""

    each: Quota = field(default_factory=Quota)
    teams: Mapping[str, Quota] = field(default_factory=dict)

    def of(self, team: str) -> Quota:
        """A team's."""
        return self.teams.get(team, self.each)


def read_quotas(text: str, usual: Quota, stored: str = "") -> Quotas:
    """The quotas of a text, and of one of what is stored; what they do not name is as usual. Raises SettingsError."""
    first, second = _read(text, _VARIABLE), _read(stored, _STORED_VARIABLE)
    each = _quota({**first.each, **second.each}, usual)
    teams = first.teams.keys() | second.teams.keys()
    return Quotas(each, {name: _quota({**first.of(name), **second.of(name)}, each) for name in teams})


@dataclass(frozen=True, slots=True)
class _Said:
    """What a text says, by the names in it."""

    each: dict[str, int]
    teams: dict[str, dict[str, int]]

    def of(self, team: str) -> dict[str, int]:
        return self.teams.get(team, {})


def _read(text: str, variable: str) -> _Said:
    if not text:
        return _Said({}, {})
    try:
        read = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"{variable} is no JSON: {error}.") from error
    whole = _members(read, "it", {"each", "teams"}, variable)
    teams = _members(whole.get("teams", {}), "teams", None, variable)
    return _Said(
        _numbers(whole.get("each", {}), "each", variable),
        {team: _numbers(body, f"teams.{team}", variable) for team, body in teams.items()},
    )


def _numbers(body: Any, where: str, variable: str) -> dict[str, int]:
    values = _members(body, where, set(_UNITS), variable)
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST:
            raise SettingsError(
                f"{variable} has {where}.{name} {value!r}, which must be a whole number from 1 to {_MOST}."
            )
    return values


def _quota(values: dict[str, int], usual: Quota) -> Quota:
    return replace(usual, **{_UNITS[name][0]: value * _UNITS[name][1] for name, value in values.items()})


def _members(body: Any, where: str, known: set[str] | None, variable: str) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise SettingsError(f"{variable} is wrong: {where} must be an object, and not {body!r}.")
    if known is not None and (unknown := body.keys() - known):
        raise SettingsError(f"{variable} has {min(unknown)!r} in {where}, which may have {', '.join(sorted(known))}.")
    return body
