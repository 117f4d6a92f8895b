# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A result for people to read, and for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from fastbreak_service.movement.values import Cut, Deceleration, Jump, Moved
from fastbreak_service.reporting import words
from fastbreak_service.reporting.words import of_way

if TYPE_CHECKING:
    from fastbreak_service.analysis import MeasureRow, Result
    from fastbreak_service.movement.values import Movement
    from fastbreak_service.people.values import People


@dataclass(frozen=True, slots=True)
class Report:
    """A result with its measures, the file's name and the seconds that the analysis took.

    `people`: who is who. `movement`: each person's events and findings, None when they were not asked for.
    """

    filename: str
    elapsed_seconds: float
    result: Result
    measures: list[MeasureRow]
    people: People
    movement: Movement | None = None

    @property
    def frames_analysed_per_second(self) -> float:
        """The speed of the analysis."""
        return self.result.video.frames / self.elapsed_seconds if self.elapsed_seconds > 0 else 0.0


def as_json(report: Report) -> dict[str, Any]:
    """The report in the API's words, with the measures in it."""
    return {
        "filename": report.filename,
        "elapsed_seconds": round(report.elapsed_seconds, 3),
        "frames_analysed_per_second": round(report.frames_analysed_per_second, 1),
        **asdict(report.result),
        "people": asdict(report.people),
        "measures": [row._asdict() for row in report.measures],
        **_movement(report),
    }


def _movement(report: Report) -> dict[str, Any]:
    return {} if report.movement is None else {"movement": asdict(report.movement)}


def as_text(report: Report) -> str:
    """The report as a table."""
    video = report.result.video
    damage = f", {video.decode_errors} decode errors" if video.decode_errors else ""
    ending = "" if video.completeness == "whole" else "; the file does not tell whether it is whole"
    lines = [
        (
            f"{report.filename}: {video.width}x{video.height}, {video.frames} frames, {video.duration_seconds:.2f} s "
            f"at {video.frames_per_second:.2f} frames/s{damage}{ending}"
        ),
        (
            f"{len(report.result.persons)} person{'' if len(report.result.persons) == 1 else 's'} found in "
            f"{report.elapsed_seconds:.1f} s ({report.frames_analysed_per_second:.1f} frames/s) "
            f"with {report.result.model.name}"
        ),
    ]
    lines += [remark.words for remark in video.remarks]
    for person in report.result.persons:
        lines += [
            "",
            f"person {person.id}: {person.frames} frames, {person.first_frame} to {person.last_frame}",
            f"  {'angle (degrees)':<26}{'minimum':>9}{'maximum':>9}{'mean':>9}{'frames':>8}",
        ]
        lines += [
            f"  {name:<26}{angle.minimum:>9.1f}{angle.maximum:>9.1f}{angle.mean:>9.1f}{angle.samples:>8}"
            for name, angle in person.angles.items()
        ]
        lines += _moved(report, person.id)
    if report.movement is not None and (looked := words.looked(report.movement)):
        lines += ["", looked]
    if report.movement is not None and report.movement.no_baseline:
        lines += ["", report.movement.no_baseline]
    if report.movement is not None and report.movement.left_out:
        lines += ["", f"{report.movement.left_out} more events at the end of the clip are left out"]
    told = [*report.people.corrections, *(doubt.words for doubt in report.people.doubts)]
    if told:
        lines += ["", "who is who (add what is right to the command, the last of them first)"]
        lines += [f"  {line}" for line in told]
    return "\n".join(lines)


def _moved(report: Report, person: int) -> list[str]:
    """A person's events and findings as lines."""
    if report.movement is None:
        return []
    moved = next((found for found in report.movement.persons if found.person == person), Moved(person, [], []))
    lines = [] if moved.events else ["  no landing, jump, cut or deceleration found"]
    for event in moved.events:
        if isinstance(event, Jump):
            height = f"{event.height_metres:.2f} ± {event.height_error:.2f} m" if event.height_metres else event.words
            lines.append(f"  jump in frame {event.takeoff_frame}: {height}")
            continue
        if isinstance(event, Cut | Deceleration):
            lines.append(f"  {event.kind} in frame {event.frame}: {of_way(event)}")
            continue
        lines.append(
            f"  landing in frame {event.contact_frame}, deepest in {event.deepest_frame}, legs: {event.legs}, "
            f"view: {event.view.view}, {event.rate:g} frames/s, body of {event.height_pixels:.0f} pixels"
        )
        for value in event.measures:
            seen = value.words if value.value is None else f"{value.value:.1f} ± {value.error:.1f} {value.unit}"
            lines.append(f"    {value.measure:<34}{value.side:<6} {seen}")
    for finding in moved.findings:
        reference = finding.reference
        own = finding.baseline
        where = "" if own is None else f", {own.legs} leg, {own.view}"
        lines.append(f"  {finding.measure}, {finding.side}{where}: {finding.words}")
        lines.append(f"    {reference.citation} ({reference.mark}): {reference.population}")
    lines += [
        f"  {told.measure}, {told.side}, {told.legs} leg, {told.view}: {told.words}" for told in moved.no_baseline
    ]
    return lines
