# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which release a rollback goes back to. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .image import version_names
from .record import DEPLOY, ROLLBACK, Outcome, is_same_release, newest_first, running_release

if TYPE_CHECKING:
    from .record import Release


# How a deploy ends that the service is not on: it was rolled back, or never came to the service.
_LEFT = (Outcome.ROLLED_BACK, Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class RollbackTarget:
    """What a rollback goes back to, or why there is nothing to do or nothing to go to.

    ``unrecorded``: it is there already, and no record says that it went back there. ``note`` says why it stays where a
    user may have expected it to go on.
    """

    release: Release | None = None
    already_there: bool = False
    unrecorded: bool = False
    problem: str = ""
    note: str = ""


def rollback_target(history: tuple[Release, ...], running_arn: str, version: str) -> RollbackTarget:
    """The release to go back to from the revision *running_arn*; *version* empty means the previous release.

    *version* is a semantic version, a tag or a digest, or names one release exactly: by its release id, its task
    definition (ARN, or family and revision) or its definition's fingerprint.

    A rollback that was interrupted is gone on with. A service that a rollback brought where it is stays there unless
    another release is named: run twice, a rollback must not return to the release it was run to get away from. So it
    does when the newest release was rolled back by itself, or failed before the service was touched: it is back at the
    release before that already.
    """
    interrupted = next((release for release in newest_first(history)[:1] if release.in_progress), None)
    if interrupted and interrupted.kind == ROLLBACK and (not version or _names(version, interrupted)):
        return RollbackTarget(interrupted)
    succeeded = [release for release in newest_first(history) if release.succeeded]
    running = running_release(history, running_arn)
    if version:
        return _named(succeeded, running, running_arn, version)
    if interrupted:
        return _before_interrupted(succeeded, running, running_arn, interrupted)
    if running is None:
        return _before_unfit(history, succeeded, running_arn)
    return _before_running(history, succeeded, running)


def _named(succeeded: list[Release], running: Release | None, running_arn: str, version: str) -> RollbackTarget:
    named = [release for release in succeeded if _names(version, release)]
    if running and running in named and running.kind != ROLLBACK and version not in _exact_names(running):
        # The version runs already: back to it means back to how it was run before.
        named = [*_older(named, running), running]
    chosen = _first(named, f"no release of {version} has succeeded here.", succeeded)
    there = chosen.release is not None and chosen.release.task_definition_arn == running_arn
    return RollbackTarget(chosen.release, already_there=there, problem=chosen.problem)


def _before_running(history: tuple[Release, ...], succeeded: list[Release], running: Release) -> RollbackTarget:
    """Where a service goes back to from a release that was accepted; nowhere when it came back to that already."""
    newest = newest_first(history)[0]
    if running.kind == ROLLBACK:
        return RollbackTarget(running, already_there=True)
    elsewhere = newest.task_definition_arn != running.task_definition_arn
    if newest.kind == DEPLOY and newest.outcome in _LEFT and elsewhere:
        note = f"the newest release, {newest.name}, is {newest.outcome.value}: the service is at the one before already"
        return RollbackTarget(running, already_there=True, note=note)
    return _first(_older(succeeded, running), f"no release before {running.name} has succeeded here.", succeeded)


def _before_interrupted(
    succeeded: list[Release], running: Release | None, running_arn: str, interrupted: Release
) -> RollbackTarget:
    """Where a deploy that nobody saw the end of goes back to; nowhere when the service is not on it."""
    if running and running_arn != interrupted.task_definition_arn:
        return RollbackTarget(running, already_there=True, unrecorded=True)
    others = [release for release in succeeded if not is_same_release(release, interrupted)]
    return _first(others, f"no release before {interrupted.name} has succeeded here.", succeeded)


def _before_unfit(history: tuple[Release, ...], succeeded: list[Release], running_arn: str) -> RollbackTarget:
    """Where a service goes back to from a revision that was never accepted."""
    unfit = next((past for past in newest_first(history) if past.task_definition_arn == running_arn), None)
    if unfit is None:
        return _first([], "what runs now is not a recorded release; name a version.", succeeded)
    others = [release for release in succeeded if not is_same_release(release, unfit)]
    return _first(others, f"no release before {unfit.name} has succeeded here.", succeeded)


def _older(succeeded: list[Release], running: Release) -> list[Release]:
    return [past for past in succeeded if past.release_id < running.release_id and not is_same_release(past, running)]


def _first(releases: list[Release], problem: str, succeeded: list[Release]) -> RollbackTarget:
    return RollbackTarget(releases[0]) if releases else RollbackTarget(problem=f"{problem} {_known(succeeded)}")


def _names(version: str, release: Release) -> bool:
    return version in _exact_names(release) or version_names(version, tag=release.version, digest=release.digest)


def _exact_names(release: Release) -> tuple[str, ...]:
    arn = release.task_definition_arn
    return tuple(name for name in (release.release_id, arn, arn.rpartition("/")[2], release.definition) if name)


def _known(succeeded: list[Release]) -> str:
    names = list(dict.fromkeys(release.name for release in succeeded))[:5]
    return f"Releases that have succeeded: {', '.join(names)}." if names else "No release has succeeded here yet."
