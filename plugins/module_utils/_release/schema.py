# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which schema of the database a release needs, and whether the one that is there allows it. Pure.

Migrations only go forward. Whatever was tried to be released here may have changed the schema, however it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .record import Release


@dataclass(frozen=True, slots=True)
class Schema:
    """The ``version`` that a release makes and needs; 0: it does not say. ``oldest``: so old a one may releases need
    that still work with it; 0: as its own.
    """

    version: int = 0
    oldest: int = 0

    @property
    def least(self) -> int:
        """What a release has to need at least to work with it."""
        return self.oldest or self.version


def schema_there(history: tuple[Release, ...]) -> Schema:
    """The newest schema that any release of *history* may have made."""
    made = (Schema(release.schema_version, release.oldest_schema_version) for release in history)
    return max(made, key=lambda schema: (schema.version, schema.least), default=Schema())


def left_behind(made: Schema, before: Schema, name: str) -> str:
    """Why the release *name*, which needs *before*, may not work once another made its schema; empty when it does.

    *made* is the other's. A release that says nothing of a schema changes none.
    """
    fits = before.version >= made.least
    return "" if fits else f"{name} {_needs(before)}, and the database may have schema {_there(made)}"


def schema_problem(history: tuple[Release, ...], wanted: Schema, name: str) -> str:
    """Why the release *name*, which needs *wanted*, does not work with the schema that is there; empty when it may."""
    there = schema_there(history)
    if wanted.version >= there.least:
        return ""
    return f"{name} {_needs(wanted)}, and the database may have schema {_there(there)}"


def _needs(schema: Schema) -> str:
    needs = f"needs schema {schema.version}" if schema.version else "does not say which schema it needs"
    return f"{needs} (schema_version)"


def _there(schema: Schema) -> str:
    return (
        f"{schema.version} since then, with which only releases work that need {schema.least} or newer "
        "(oldest_schema_version)."
    )
