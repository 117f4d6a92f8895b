# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A caller: one team's, with some roles."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

DEFAULT_TEAM = "default"
"""The team of a service without identity, and of what was there before there were teams."""


class Role(StrEnum):
    """What a caller may do in their team."""

    UPLOADER = "uploader"
    """Send videos."""
    REVIEWER = "reviewer"
    """Read analyses and their measures."""
    ADMINISTRATOR = "administrator"
    """Both."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A team, and the roles in it."""

    team: str
    roles: frozenset[Role]

    def may(self, needed: Role) -> bool:
        """Whether one of the roles is the needed one, or covers it."""
        return needed in self.roles or Role.ADMINISTRATOR in self.roles


ANYBODY = Caller(DEFAULT_TEAM, frozenset(Role))
"""Who calls a service without identity."""
