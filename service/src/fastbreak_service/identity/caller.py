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
    """Read analyses and their measures, and say what is to be thought of findings."""
    ADMINISTRATOR = "administrator"
    """Both."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A team, the roles in it, and the issuer's name for whoever it is (`sub`)."""

    team: str
    roles: frozenset[Role]
    subject: str

    def may(self, needed: Role) -> bool:
        """Whether one of the roles is the needed one, or covers it."""
        return needed in self.roles or Role.ADMINISTRATOR in self.roles


ANYBODY = Caller(DEFAULT_TEAM, frozenset(Role), "anybody")
"""Who calls a service without identity."""
