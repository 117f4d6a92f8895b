# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking the snapshot that an undo restores from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from ..._release.record import timestamp
from ..plan.snapshot import Snapshot, decode
from ..service.rules import ours_or_there
from .users import ask_users

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..plan.read import Facts
    from ..session import Session


def take_snapshot(session: Session, facts: Facts) -> Snapshot:
    """What there is now, before anything is changed, and what users get as answers."""
    return _begin(session, facts)()


def snapshot_before(session: Session, facts: Facts, kept: str) -> Snapshot:
    """The snapshot that an interrupted run *kept*, encoded; taken now when there is none, or when it cannot be read."""
    return begin_snapshot(session, facts, kept)()


def begin_snapshot(session: Session, facts: Facts, kept: str) -> Callable[[], Snapshot]:
    """What waits for `snapshot_before`, and is to be called before anything is changed: users' answers take a while."""
    if kept:
        try:
            standing = decode(kept)
        except ValueError as error:
            session.warn(
                "an interrupted run's snapshot in the release record cannot be read, so that a release that fails now "
                f"goes back to what is there now, and not to what that run found ({error})"
            )
        else:
            return lambda: standing
    return _begin(session, facts)


def _begin(session: Session, facts: Facts) -> Callable[[], Snapshot]:
    request, service = session.request, facts.found.service
    rules = ours_or_there(facts.found.rules, request.rules, request.owned_by)
    answers = session.ports.workers.begin(partial(ask_users, session, rules))
    there = Snapshot(
        settings=service.settings if service else None,
        task_definition_arn=facts.running_arn,
        desired_count=service.desired_count if service else 0,
        rules=rules,
        scaling=facts.found.scaling,
        answers=(),
        since=timestamp(session.clock.now() - timedelta(seconds=session.elapsed())),
    )
    return lambda: replace(there, answers=answers())
