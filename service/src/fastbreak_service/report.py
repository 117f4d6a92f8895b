# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A result for people to read, and for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastbreak_service.analysis import MeasureRow, Result


@dataclass(frozen=True, slots=True)
class Report:
    """A result with its measures, the file's name and the seconds that the analysis took."""

    filename: str
    elapsed_seconds: float
    result: Result
    measures: list[MeasureRow]

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
        "measures": [row._asdict() for row in report.measures],
    }


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
    return "\n".join(lines)
