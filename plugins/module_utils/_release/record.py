# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The release record, and which release a rollback goes back to. Pure: times come in, nothing is read here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum

from .._common.verdict import Verdict, combine
from .image import version_names


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

    ``snapshot`` is what there was before, for an undo by another run; only a release in progress has it.
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
    previous_task_definition_arn: str = ""
    previous_version: str = ""
    deployment_id: str = ""
    finished_at: str = ""
    outcome: Outcome = Outcome.IN_PROGRESS
    verdict: str = ""
    reason: str = ""
    gates: tuple[Measurement, ...] = ()
    snapshot: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether it was judged and let in."""
        return self.outcome is Outcome.SUCCEEDED

    @property
    def in_progress(self) -> bool:
        """Whether nobody has said how it ended."""
        return self.outcome is Outcome.IN_PROGRESS


@dataclass(frozen=True, slots=True)
class Lock:
    """Who is rolling out. ``expires_at`` is in epoch seconds."""

    owner: str
    started_at: str
    expires_at: int

    def held_at(self, moment: datetime) -> bool:
        """Whether it still holds at *moment*."""
        return moment.timestamp() < self.expires_at


def timestamp(moment: datetime) -> str:
    """*moment* as the record writes it: ISO 8601 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def release_id(moment: datetime, salt: str) -> str:
    """The sort key of a release that starts at *moment*; *salt* (8 hex digits) keeps two apart."""
    return f"R#{timestamp(moment)}#{salt}"


def finished(
    release: Release, outcome: Outcome, *, moment: datetime, reason: str, gates: tuple[Measurement, ...] = ()
) -> Release:
    """*release* completed. Raises ValueError for a release that is finished, or when *outcome* is no end."""
    if not release.in_progress:
        raise ValueError(f"{release.release_id} is finished: {release.outcome.value}; a finished record is not changed")
    if outcome is Outcome.IN_PROGRESS:
        raise ValueError("IN_PROGRESS is not an outcome that a release can be finished with")
    verdict = combine(gate.verdict for gate in gates).value if gates else ""
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
    )


def newest_first(history: tuple[Release, ...]) -> tuple[Release, ...]:
    """*history* by start, the newest first."""
    return tuple(sorted(history, key=lambda release: release.release_id, reverse=True))


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


@dataclass(frozen=True, slots=True)
class RollbackTarget:
    """What a rollback goes back to, or why there is nothing to do or nothing to go to."""

    release: Release | None = None
    already_there: bool = False
    problem: str = ""


def rollback_target(history: tuple[Release, ...], running: Release | None, version: str) -> RollbackTarget:
    """The release to go back to from *running*; *version* empty means the previous one.

    A service that a rollback brought where it is stays there unless a version is named: run twice, a rollback must
    not return to the release it was run to get away from.
    """
    succeeded = [release for release in newest_first(history) if release.succeeded]
    if version:
        named = next((past for past in succeeded if version_names(version, tag=past.version, digest=past.digest)), None)
        if named is None:
            return RollbackTarget(problem=f"no release of {version} has succeeded here. {_known(succeeded)}")
        there = running is not None and running.task_definition_arn == named.task_definition_arn
        return RollbackTarget(named, already_there=there)
    if running is None:
        return RollbackTarget(problem=f"what runs now is not a recorded release; name a version. {_known(succeeded)}")
    if running.kind == ROLLBACK:
        return RollbackTarget(running, already_there=True)
    older = (past for past in succeeded if past.release_id < running.release_id and past.digest != running.digest)
    previous = next(older, None)
    if previous is None:
        return RollbackTarget(problem=f"no release before {running.version} has succeeded here. {_known(succeeded)}")
    return RollbackTarget(previous)


def _known(succeeded: list[Release]) -> str:
    versions = list(dict.fromkeys(release.version for release in succeeded))[:5]
    return f"Releases that have succeeded: {', '.join(versions)}." if versions else "No release has succeeded here yet."


@dataclass(frozen=True, slots=True)
class Measurement:
    """One gate's result, as the release record keeps it. Times are ISO 8601 in UTC."""

    gate: str
    verdict: Verdict
    seen: str
    expected: str
    samples: int
    failures: int
    started_at: str
    finished_at: str
