# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What of a person's landings is for review, with the frames that show it.

A measure is for review when its value clears a reference by more than its error in at least three landings, and in more
than half of those that were measured. Of fewer than three it says so. A finding is no diagnosis, and no risk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastbreak_service.movement.references import REFERENCES
from fastbreak_service.movement.values import Finding, Shown, Side, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastbreak_service.movement.values import Landing, Name, Reference, Value

NEEDED = 3


def findings(landings: Sequence[Landing]) -> list[Finding]:
    """A finding for each reference and side of which at least one landing was measured."""
    found = []
    for (name, legs), reference in REFERENCES.items():
        for side in Side:
            taken = [
                (landing, value)
                for landing in landings
                if landing.legs is legs
                for value in landing.measures
                if (value.measure, value.side) == (name, side) and value.value is not None
            ]
            if taken:
                found.append(_finding(name, side, reference, taken))
    return found


def _finding(name: Name, side: Side, reference: Reference, taken: Sequence[tuple[Landing, Value]]) -> Finding:
    shown = [_shown(landing, value, reference, signed=side is not Side.BOTH) for landing, value in taken]
    clear = sum(one.clears for one in shown)
    if len(shown) < NEEDED:
        status, words = Status.NOT_ENOUGH_REPETITIONS, f"Not enough repetitions ({len(shown)} of {NEEDED})."
    elif clear >= NEEDED and 2 * clear > len(shown):
        beyond = "above" if reference.above else "below"
        status = Status.FOR_REVIEW
        words = f"For review: {beyond} {reference.limit:g} by more than its error in {clear} of {len(shown)} landings."
    else:
        status = Status.NOT_CLEAR
        words = f"Clears {reference.limit:g} by more than its error in {clear} of {len(shown)} landings."
    landing, value = taken[0]
    return Finding(
        name, side, value.unit, status, words, len(shown), NEEDED, landing.view.view, landing.rate, reference, shown
    )


def _shown(landing: Landing, value: Value, reference: Reference, *, signed: bool) -> Shown:
    assert value.value is not None  # noqa: S101 - those without a value were left out
    assert value.error is not None  # noqa: S101 - as above
    # A difference of left and right counts whichever is larger.
    size = value.value if signed else abs(value.value)
    clears = size - value.error > reference.limit if reference.above else size + value.error < reference.limit
    frame = landing.deepest_frame if value.frame is None else value.frame
    return Shown(landing.contact_frame, frame, value.value, value.error, clears)
