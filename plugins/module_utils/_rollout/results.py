# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run ended, in one word of a closed list, whether it failed or not. Pure.

`Outcome` is how a release ended. A run ends in more ways: it may find nothing to do, be refused, be interrupted, or
leave a release to another run.
"""

from __future__ import annotations

from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING

from .._errors import (
    DependencyError,
    FastbreakError,
    RefusedError,
    RequestError,
    RolledBackError,
    SupersededError,
    WaitTimeoutError,
)
from .._release.record import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: The name under which a module returns the word, and under which an error that knows it carries it.
KEY = "result"


class Result(Enum):
    """Every word there is. Those up to `REMOVED` end a run well."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"
    PLANNED = "planned"
    HANDED_OVER = "handed_over"
    WITHDRAWN = "withdrawn"
    REMOVED = "removed"
    REFUSED = "refused"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    STOPPED = "stopped"
    SUPERSEDED = "superseded"
    HELD = "held"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"
    LEFT_OPEN = "left_open"
    ROLLBACK_FAILED = "rollback_failed"


#: How a run of a release that was refused ended, by how the release did. Undone, it is back or gone; otherwise not.
UNDONE: Mapping[Outcome, Result] = {
    Outcome.ROLLED_BACK: Result.ROLLED_BACK,
    Outcome.STOPPED: Result.STOPPED,
    Outcome.SUPERSEDED: Result.SUPERSEDED,
    Outcome.FAILED: Result.ROLLBACK_FAILED,
}

_OF_ERRORS: tuple[tuple[type[FastbreakError], Result], ...] = (
    (SupersededError, Result.SUPERSEDED),
    (RolledBackError, Result.ROLLED_BACK),
    (RefusedError, Result.REFUSED),
    (RequestError, Result.REFUSED),
    (DependencyError, Result.REFUSED),
    (WaitTimeoutError, Result.TIMED_OUT),
)


def of_error(error: FastbreakError) -> Result:
    """How the run ended that *error* ends: as it says itself, else as errors of its class do."""
    if KEY in error.details:
        return Result(error.details[KEY])
    return next((result for kind, result in _OF_ERRORS if isinstance(error, kind)), Result.FAILED)


def ends(error: FastbreakError, result: Result) -> FastbreakError:
    """*error*, which says that the run ended as *result*."""
    error.details[KEY] = result.value
    return error


@contextmanager
def told_results() -> Iterator[None]:
    """Every error that leaves it says how the run ended."""
    try:
        yield
    except FastbreakError as error:
        ends(error, of_error(error))
        raise
