# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release record. Pure: times come in, and are for people; nothing here is decided by them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from .._common.verdict import Verdict, combine

if TYPE_CHECKING:
    from collections.abc import Mapping

RECORD_PREFIX = "R#"


class Outcome(Enum):
    """How a release ended; only IN_PROGRESS may still change."""

    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    ROLLED_BACK = "ROLLED_BACK"
    STOPPED = "STOPPED"
    SUPERSEDED = "SUPERSEDED"
    FAILED = "FAILED"


DEPLOY = "deploy"
ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Release:
    """One release of one service, as the release table keeps it (docs/contracts.md). Times are ISO 8601 in UTC.

    A release is a revision: ``digest`` says which image, ``definition`` is the fingerprint of how it was run, empty in
    records of before there was one. ``release_id`` is given by the table, and sorts in the order of the releases.
    ``snapshot`` is what there was before, for an undo by another run, and ``measuring`` what its gates have measured so
    far, for a run that goes on with it; only a release in progress has them. ``course`` is where it stood and when,
    ``evidence`` what its failed tasks left. ``schema_version`` is what it makes and needs of the database, and releases
    that need ``oldest_schema_version`` or newer work with that; 0: it does not say.
    ``services`` are all services that the release is of, in their order; empty where it is of this one alone.
    ``ended_before`` names the newest release of each other of them that had ended when this one began.
    ``migration`` says whether its migration ran, and why; empty where it has none.
    """

    service: str
    release_id: str
    version: str
    image: str
    digest: str
    commit: str
    strategy: str
    kind: str
    task_definition_arn: str
    started_at: str
    started_by: str
    definition: str = ""
    previous_task_definition_arn: str = ""
    previous_version: str = ""
    deployment_id: str = ""
    finished_at: str = ""
    outcome: Outcome = Outcome.IN_PROGRESS
    verdict: str = ""
    reason: str = ""
    gates: tuple[Measurement, ...] = ()
    snapshot: str = ""
    measuring: str = ""
    course: tuple[CoursePoint, ...] = ()
    evidence: tuple[Mapping[str, Any], ...] = ()
    schema_version: int = 0
    oldest_schema_version: int = 0
    services: tuple[str, ...] = ()
    ended_before: Mapping[str, str] = field(default_factory=dict)
    migration: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether it was judged and accepted."""
        return self.outcome is Outcome.SUCCEEDED

    @property
    def name(self) -> str:
        """The version, with the definition where it is known: one version can be released with several."""
        return f"{self.version} with definition {self.definition}" if self.definition else self.version

    @property
    def in_progress(self) -> bool:
        """Whether nobody has said how it ended."""
        return self.outcome is Outcome.IN_PROGRESS


@dataclass(frozen=True, slots=True)
class Lock:
    """Who is rolling out. The holder writes another ``lease`` while it lives; ``started_at`` is for people."""

    owner: str
    started_at: str
    lease: int = 1

    def renewed(self) -> Lock:
        """The same lock, held on."""
        return replace(self, lease=self.lease + 1)


@dataclass(frozen=True, slots=True)
class KeptSnapshot:
    """What there was before a change that makes no release; ``after`` is the newest release's id then, or empty."""

    text: str
    after: str


def timestamp(moment: datetime) -> str:
    """*moment* as the record writes it: ISO 8601 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def finished(
    release: Release, outcome: Outcome, *, moment: datetime, reason: str, gates: tuple[Measurement, ...] = ()
) -> Release:
    """*release* completed. Raises ValueError for a release that is finished, or when *outcome* is no end."""
    if not release.in_progress:
        raise ValueError(f"{release.release_id} is finished: {release.outcome.value}; a finished record is not changed")
    if outcome is Outcome.IN_PROGRESS:
        raise ValueError("IN_PROGRESS is not an outcome that a release can be finished with")
    verdict = combine(gate.verdict for gate in gates if not gate.dry_run).value if gates else ""
    if outcome is Outcome.SUCCEEDED and verdict != Verdict.HEALTHY.value:
        raise ValueError(f"{release.release_id} cannot have succeeded: its gates say {verdict or 'nothing'}")
    return replace(
        release,
        outcome=outcome,
        finished_at=timestamp(moment),
        verdict=verdict,
        reason=reason,
        gates=gates,
        snapshot="",
        measuring="",
    )


def newest_first(history: tuple[Release, ...]) -> tuple[Release, ...]:
    """*history* in its order, the newest first."""
    return tuple(sorted(history, key=lambda release: release.release_id, reverse=True))


def since_migration(history: tuple[Release, ...]) -> tuple[Release, ...]:
    """The releases of *history* from the newest to the newest accepted one that had a migration, which is the last.

    All of them where there is no such one. A rollback and a forced deployment of what runs have none.
    """
    ordered = newest_first(history)
    found = next((place for place, release in enumerate(ordered) if release.succeeded and release.migration), None)
    return ordered if found is None else ordered[: found + 1]


def running_release(history: tuple[Release, ...], task_definition_arn: str) -> Release | None:
    """The newest succeeded release of *history* that put *task_definition_arn* in place."""
    return next(
        (
            release
            for release in newest_first(history)
            if release.succeeded and release.task_definition_arn == task_definition_arn
        ),
        None,
    )


def is_same_release(left: Release, right: Release) -> bool:
    """Whether both put the same image with the same definition in place."""
    if left.task_definition_arn == right.task_definition_arn:
        return True
    known = bool(left.definition and right.definition)
    return known and (left.digest, left.definition) == (right.digest, right.definition)


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers over time: ``points`` of seconds since the measuring began, and what was ``measured``, in words.

    ``lowest`` and ``highest`` are the bounds that it has to keep within; None for none.
    """

    measured: str = ""
    lowest: float | None = None
    highest: float | None = None
    points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Measurement:
    """One gate's result, as the release record keeps it. Times are ISO 8601 in UTC.

    ``stage`` is where the release stood, or empty before it came to any. ``dry_run``: the verdict decided nothing.
    ``series`` is what it measured over time, for a plot.
    """

    gate: str
    verdict: Verdict
    seen: str
    expected: str
    samples: int
    failures: int
    started_at: str
    finished_at: str
    stage: str = ""
    dry_run: bool = False
    series: Series = field(default_factory=Series)


@dataclass(frozen=True, slots=True)
class CoursePoint:
    """Where a release stood from a time on: ECS's stage, its share of the users in per cent if any is told."""

    at: str
    stage: str
    weight: float | None = None
    paused: bool = False
