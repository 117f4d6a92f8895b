# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a failed release goes back to, and how going back ended. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..._release.record import Outcome, Release, newest_first, running_release
from ..._release.schema import Schema, left_behind

if TYPE_CHECKING:
    from ..plan.read import Facts


#: What to do about a release on a schema that it does not work with.
SCHEMA_ADVICE = "deploy a corrected release forward if it does not, or restore the database as well."


@dataclass(frozen=True, slots=True)
class Undone:
    """How the undoing ended, and where things stand now. ``whole``: all that was changed was put back."""

    outcome: Outcome
    standing: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class WayBack:
    """What to go back to. ``stop``: nothing, the service is deleted. Neither: it is left as it is.

    ``tag`` is what its answers name; empty when that is not known. ``schema`` is what it needs of the database.
    """

    task_definition_arn: str = ""
    version: str = ""
    stop: bool = False
    tag: str = ""
    schema: Schema = field(default_factory=Schema)

    @property
    def revision(self) -> str:
        """The revision without the rest of its ARN."""
        return self.task_definition_arn.rpartition("/")[2]


def way_back(history: tuple[Release, ...], facts: Facts, *, adopted: bool) -> WayBack:
    """Where a failed release goes back to: to what was judged fit before it.

    *adopted* says that what is judged ran before this run began.
    """
    running = facts.running_arn
    judged = running_release(history, running)
    if judged and not adopted:
        return _to(judged)
    succeeded = (release for release in newest_first(history) if release.succeeded)
    good = next((release for release in succeeded if release.task_definition_arn != running), judged)
    if good:
        return _to(good)
    recorded = any(release.task_definition_arn == running for release in history)
    if running and not recorded and not adopted:
        return WayBack(running, "the revision that ran before, which no release recorded")
    return WayBack(stop=not running or recorded)


def with_schema(undone: Undone, made: Schema, back: WayBack) -> Undone:
    """*undone*, which says when what runs again may not work with the schema that the release *made*."""
    problem = left_behind(made, back.schema, back.version) if undone.outcome is Outcome.ROLLED_BACK else ""
    if not problem:
        return undone
    return replace(undone, standing=f"{undone.standing} But {problem} Look whether it works; {SCHEMA_ADVICE}")


def way_back_from(release: Release, history: tuple[Release, ...], facts: Facts) -> WayBack:
    """Where *release* goes back to, which an earlier run began: to what ran before it, if that was judged fit."""
    back = way_to(history, release.previous_task_definition_arn)
    if back.task_definition_arn:
        return back
    return way_back(history, facts, adopted=facts.running_arn == release.task_definition_arn)


def way_to(history: tuple[Release, ...], task_definition_arn: str) -> WayBack:
    """Where the revision stands for a release that was judged fit; nowhere when none of *history* did."""
    judged = running_release(history, task_definition_arn)
    return _to(judged) if judged else WayBack()


def _to(release: Release) -> WayBack:
    tag = "" if release.version == release.digest else release.version
    schema = Schema(release.schema_version, release.oldest_schema_version)
    return WayBack(release.task_definition_arn, release.name, tag=tag, schema=schema)
