# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A result as tables: a row an angle of a frame, a measure of an event, a repetition of a finding."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from fastbreak_service.analysis import MeasureRow
from fastbreak_service.movement.values import Cut, Jump, Landing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fastbreak_service.movement.values import Baseline, Deceleration, Event, Movement

ANGLES = MeasureRow._fields
EVENTS = [
    "person",
    "kind",
    "frame",
    "time_seconds",
    "deepest_frame",
    "legs",
    "view",
    "frames_per_second",
    "height_pixels",
    "measure",
    "side",
    "value",
    "error",
    "unit",
    "shown_in_frame",
    "not_measurable",
    "words",
]
FINDINGS = [
    "person",
    "measure",
    "side",
    "status",
    "words",
    "contact_frame",
    "shown_in_frame",
    "value",
    "error",
    "unit",
    "clears",
    "limit",
    "above",
    "citation",
    "population",
    "mark",
    "view",
    "frames_per_second",
    "baseline_mean",
    "baseline_low",
    "baseline_high",
    "baseline_error",
    "baseline_landings",
    "baseline_recordings",
    "legs",
]


def angles(rows: Iterable[MeasureRow]) -> str:
    """Every angle of every person and frame."""
    return _csv(ANGLES, rows)


def events(movement: Movement) -> str:
    """Every measure of every landing and jump, with its error or why there is none."""
    return _csv(EVENTS, _event_rows(movement))


def findings(movement: Movement) -> str:
    """Every repetition of every finding."""
    return _csv(
        FINDINGS,
        (
            (
                *(moved.person, finding.measure, finding.side, finding.status, finding.words),
                *(shown.contact_frame, shown.frame, shown.value, shown.error, finding.unit, shown.clears),
                *(finding.reference.limit, finding.reference.above, finding.reference.citation),
                *(finding.reference.population, finding.reference.mark, finding.view, finding.rate),
                *_baseline(finding.baseline),
            )
            for moved in movement.persons
            for finding in moved.findings
            for shown in finding.shown
        ),
    )


def _baseline(own: Baseline | None) -> Sequence[object]:
    if own is None:
        return [None] * 7
    return (own.mean, own.low, own.high, own.error, own.values, len(own.earlier), own.legs)


def _event_rows(movement: Movement) -> Iterator[Sequence[object]]:
    for moved in movement.persons:
        for event in moved.events:
            yield from ((moved.person, *row) for row in _rows(event))


def _rows(event: Event) -> Iterator[Sequence[object]]:
    if isinstance(event, Landing):
        return _landed(event)
    return _jumped(event) if isinstance(event, Jump) else _went(event)


def _landed(landing: Landing) -> Iterator[Sequence[object]]:
    of_event = (
        *(landing.kind, landing.contact_frame, landing.contact_seconds, landing.deepest_frame, landing.legs),
        *(landing.view.view, landing.rate, landing.height_pixels),
    )
    for value in landing.measures:
        why = (value.frame, value.not_measurable, value.words)
        yield (*of_event, value.measure, value.side, value.value, value.error, value.unit, *why)


def _jumped(jump: Jump) -> Iterator[Sequence[object]]:
    of_event = (jump.kind, jump.takeoff_frame, jump.takeoff_seconds, *[None] * 5)
    why = (jump.not_measurable, jump.words)
    for name, value, error, unit in (
        ("flight", jump.flight_seconds, jump.flight_error, "second"),
        ("height", jump.height_metres, jump.height_error, "metre"),
    ):
        # A flight may be known where the height is not.
        yield (*of_event, name, "both", value, error, unit, jump.takeoff_frame, *(why if value is None else (None, "")))


def _went(event: Cut | Deceleration) -> Iterator[Sequence[object]]:
    of_event = (event.kind, event.frame, event.seconds, *[None] * 3, event.rate, event.height_pixels)
    where = (event.frame, None, "")
    for name, speed in (("speed_before", event.speed_before), ("speed_after", event.speed_after)):
        yield (*of_event, name, "both", speed, None, "body_height_per_second", *where)
    told = (event.frame, event.not_measurable, event.words)
    if isinstance(event, Cut):
        yield (*of_event, "angle_in_picture", "both", event.angle_degrees, event.angle_error, "degree", *told)
    else:
        unit = "body_height_per_second_squared"
        yield (*of_event, "deceleration", "both", event.lost, event.lost_error, unit, *told)


def _csv(header: Iterable[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
