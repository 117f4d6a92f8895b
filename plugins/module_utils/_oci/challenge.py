# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a ``WWW-Authenticate`` header asks for (RFC 9110, section 11), as registries use it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .._common.http_token import TOKEN

_SCHEME = re.compile(rf"[\s,]*({TOKEN})(?=\s|,|$)(?!\s*=)")
_PARAMETER = re.compile(rf'[\s,]*({TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({TOKEN}))')
#: What some schemes have in place of parameters, such as Negotiate.
_TOKEN68 = re.compile(r"\s+[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))")
_REST = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*"|")+')
_LIMIT = 8192


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to authenticate. ``scheme`` and the names of ``parameters`` are in lower case."""

    scheme: str
    parameters: tuple[tuple[str, str], ...] = ()

    def parameter(self, name: str) -> str:
        """The value of a parameter, empty without it."""
        return dict(self.parameters).get(name, "")


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """The challenges of a header, in its order. What cannot be read is left out to the next comma; it never raises."""
    text, position, found = header[:_LIMIT], 0, []
    while position < len(text):
        scheme = _SCHEME.match(text, position)
        if scheme is None:
            position = _skip(text, position)
            continue
        position = scheme.end()
        if token68 := _TOKEN68.match(text, position):
            position = token68.end()
        parameters = []
        while parameter := _PARAMETER.match(text, position):
            name, quoted, plain = parameter.groups()
            parameters.append((name.lower(), re.sub(r"\\(.)", r"\1", quoted) if plain is None else plain))
            position = parameter.end()
        found.append(Challenge(scheme[1].lower(), tuple(parameters)))
    return tuple(found)


def _skip(text: str, position: int) -> int:
    """Behind the next comma, or the end."""
    rest = _REST.match(text, position)
    return (rest.end() if rest else position) + 1


def choose_challenge(challenges: tuple[Challenge, ...]) -> Challenge | None:
    """The challenge to answer: Bearer with a realm before Basic; None when neither is offered."""
    bearer = [challenge for challenge in challenges if challenge.scheme == "bearer" and challenge.parameter("realm")]
    basic = [challenge for challenge in challenges if challenge.scheme == "basic"]
    return next(iter([*bearer, *basic]), None)


def needed_scopes(repository: str, actions: str, challenge: Challenge) -> tuple[str, ...]:
    """The scopes to ask a token for: *actions* on *repository*, and what the challenge asks for besides."""
    ours = f"repository:{repository}:{actions}" if repository else ""
    wanted = [scope for scope in challenge.parameter("scope").split(" ") if scope]
    extra = [scope for scope in wanted if not _covers(ours, scope)]
    return tuple(scope for scope in (ours, *extra) if scope)


def _covers(ours: str, other: str) -> bool:
    name, _colon, actions = ours.rpartition(":")
    other_name, _colon, other_actions = other.rpartition(":")
    return name == other_name and set(other_actions.split(",")) <= set(actions.split(","))
