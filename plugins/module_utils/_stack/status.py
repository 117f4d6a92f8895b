# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the status of a stack means for whoever wants to change it."""

from __future__ import annotations

from enum import Enum


class Standing(Enum):
    """What can be done with a stack in some status."""

    ABSENT = "absent"  # there is none: create it
    SETTLED = "settled"  # it stands: compare and update it
    BUSY = "busy"  # an operation is under way: wait for it
    STILLBORN = "stillborn"  # its first creation failed: delete what is left and create it
    STUCK = "stuck"  # a rollback did not finish: continue it before anything else
    DELETE_FAILED = "delete failed"  # half deleted: only deleting it again leads on
    HALTED = "halted"  # its update failed and was left so: roll it back before anything else
    BROKEN = "broken"  # left as it failed, on somebody's wish: theirs to decide


_STANDINGS = {
    "DELETE_COMPLETE": Standing.ABSENT,
    "CREATE_COMPLETE": Standing.SETTLED,
    "UPDATE_COMPLETE": Standing.SETTLED,
    "UPDATE_ROLLBACK_COMPLETE": Standing.SETTLED,
    "IMPORT_COMPLETE": Standing.SETTLED,
    "IMPORT_ROLLBACK_COMPLETE": Standing.SETTLED,
    # Only a change set has named the stack; it has no resources and cannot be updated.
    "REVIEW_IN_PROGRESS": Standing.STILLBORN,
    "ROLLBACK_COMPLETE": Standing.STILLBORN,
    "ROLLBACK_FAILED": Standing.STILLBORN,
    "UPDATE_ROLLBACK_FAILED": Standing.STUCK,
    "UPDATE_FAILED": Standing.HALTED,
    "DELETE_FAILED": Standing.DELETE_FAILED,
}


def standing(status: str | None) -> Standing:
    """What a status (None: no such stack) allows. An unknown status that ends in ``_IN_PROGRESS`` is busy."""
    if status is None:
        return Standing.ABSENT
    if status in _STANDINGS:
        return _STANDINGS[status]
    return Standing.BUSY if status.endswith("_IN_PROGRESS") else Standing.BROKEN


def succeeded(status: str) -> bool:
    """Whether an operation that ended in this status did what it was asked to."""
    return status in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"}


def rolled_back(status: str) -> bool:
    """Whether an operation that ended in this status was undone."""
    return status.endswith("ROLLBACK_COMPLETE")
