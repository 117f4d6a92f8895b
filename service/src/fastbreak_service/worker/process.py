# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The worker's side: load the networks once, then analyse one video after another until the server goes away."""

from __future__ import annotations

import csv
import os
import queue
import sys
import threading
import traceback
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from fastbreak_service.analysis import MeteredVision, analyse
from fastbreak_service.errors import AnalysisError
from fastbreak_service.movement.review import Trails
from fastbreak_service.people.doubts import Whereabouts
from fastbreak_service.people.pieces import pieces, written
from fastbreak_service.people.results import first_doubts
from fastbreak_service.reporting import films
from fastbreak_service.reporting.bodies import Body, hidden
from fastbreak_service.segments.cutting import segments
from fastbreak_service.segments.joining import Part, join
from fastbreak_service.segments.looked import read
from fastbreak_service.segments.looking import look
from fastbreak_service.video.entering import enters
from fastbreak_service.video.frames import VideoReader
from fastbreak_service.video.packets import packets
from fastbreak_service.vision.camera import pixels
from fastbreak_service.vision.joints import array, places
from fastbreak_service.vision.models import PoseModel
from fastbreak_service.vision.precision import Precision, possible, spoken
from fastbreak_service.worker.confine import Allowance, confine
from fastbreak_service.worker.files import Files
from fastbreak_service.worker.protocol import (
    INTERNAL,
    STORAGE,
    Cover,
    Job,
    Join,
    Look,
    event_line,
    parse_allowed,
    parse_job,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastbreak_service.analysis import MeasureRow
    from fastbreak_service.segments.cutting import Segment
    from fastbreak_service.segments.reading import Allow
    from fastbreak_service.vision.tracker import Sighting
    from fastbreak_service.worker.protocol import AnyJob


# The networks and one large frame take a tenth of this; the measures of the longest clip are far smaller files.
_ALLOWANCE = Allowance(address_space_bytes=8 << 30, file_bytes=4 << 30)


def main() -> None:
    """Run the worker. The arguments: the directories of the models, and of the videos and measures; the precision."""
    events = _take_standard_output()
    models, scratch, wanted = Path(sys.argv[1]), Path(sys.argv[2]), Precision(sys.argv[3])
    # The list of processors is no file that it may read afterwards.
    precision = possible(wanted)
    if words := spoken(wanted, precision):
        print(words, file=sys.stderr)
    confinement = confine(_ALLOWANCE, Files(read=(models,), work=scratch))
    vision = PoseModel(models, precision)
    events.write(event_line("ready", **asdict(confinement)))
    lines = _lines()
    while True:
        job = parse_job(lines.get())
        events.write(_answer(job, vision, _asking(job, events, lines)))


def _take_standard_output() -> TextIO:
    """Keep standard output for events alone; what a library prints goes to standard error."""
    events = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    return events


def _lines() -> queue.SimpleQueue[str]:
    """What arrives, line by line. When the server's end closes, the process ends at once, whatever it is doing."""
    arrived: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            arrived.put(line)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    return arrived


def _asking(job: AnyJob, events: TextIO, lines: queue.SimpleQueue[str]) -> Allow:
    """Asks the server how much work a job may be."""

    def allow(spent_seconds: float, frames: int) -> float:
        events.write(event_line("spent", id=job.id, frames=frames, spent_seconds=spent_seconds))
        return parse_allowed(lines.get())

    return allow


def _answer(job: AnyJob, vision: PoseModel, allow: Allow) -> str:
    try:
        return _done(job, vision, allow)
    except AnalysisError as error:
        return event_line("failed", id=job.id, code=error.code, message=error.message)
    except OSError as error:
        # Decoders' errors are rejections, so this is the disk's: full, or broken.
        print(f"What comes of a video could not be written: {error}", file=sys.stderr)
        message = "The service had no room for the measures. Send the video again in a minute."
        return event_line("failed", id=job.id, code=STORAGE, message=message)
    except Exception:  # noqa: BLE001 - one bad video must not end the worker; the log has the cause
        traceback.print_exc(file=sys.stderr)
        return event_line(
            "failed",
            id=job.id,
            code=INTERNAL,
            message="The analysis stopped on an error of its own; the service's log has the cause.",
        )


def _done(job: AnyJob, vision: PoseModel, allow: Allow) -> str:
    if isinstance(job, Cover):
        return event_line("covered", id=job.id, frames=cover(job))
    if isinstance(job, Look):
        looked = look(Path(job.video), job.limits, job.segment, vision, allow, job.form)
        Path(job.seen).write_bytes(looked.written())
        account = looked.account
        return event_line("looked", id=job.id, frames=account.pictures, spent_seconds=account.spent_seconds)
    if isinstance(job, Job) and len(cut := segments_of(job)) > 1:
        return event_line("cut", id=job.id, segments=[asdict(segment) for segment in cut])
    return event_line("done", id=job.id, result=run(job, vision))


def segments_of(job: Job) -> list[Segment]:
    """The segments that a job's video is cut in; none where it is not to be cut. Raises AnalysisError."""
    if not job.segment_seconds:
        return []
    video = Path(job.video)
    listed = packets(video, job.limits, 2 * job.segment_seconds)
    cut = [] if listed is None else segments(listed, job.segment_seconds)
    return cut if len(cut) > 1 and enters(video, job.limits, {segment.key for segment in cut}) else []


def run(job: Job | Join, vision: PoseModel) -> dict[str, Any]:
    """Analyse one video, or join its segments, into the job's CSV files; the result. Raises AnalysisError."""
    trails, whereabouts, numbers = Trails(), Whereabouts(), count(1)
    with _csv(job.measures) as measures, _csv(job.poses) as poses:
        writer, drawn = csv.writer(measures), csv.writer(poses)

        def keep(row: MeasureRow) -> None:
            writer.writerow(
                (job.id, row.person, row.frame, row.time_seconds, row.angle, row.value_degrees, row.confidence)
            )

        def follow(sighting: Sighting) -> None:
            trails.add(sighting)
            whereabouts.add(sighting)
            points = array(places(sighting.pose))
            moment = (sighting.person, sighting.frame, round(sighting.time_seconds, 6))
            drawn.writerow((job.id, next(numbers), *moment, points))

        if isinstance(job, Join):
            result = join(_parts(job), job.limits, keep, follow)
        else:
            reader = VideoReader(Path(job.video), job.limits)
            result = analyse(reader, MeteredVision(vision, reader.meter), keep, follow=follow)
    with _csv(job.trails) as kept:
        writer = csv.writer(kept)
        for piece in pieces(trails, whereabouts):
            extent = (piece.first_frame, piece.last_frame)
            writer.writerow((job.id, piece.track, *extent, piece.person, f"\\x{written(piece.rows).hex()}"))
    movement = trails.reviewed(result.video.frames_per_second, pixels(result.video.width, result.video.height))
    return {**asdict(result), "movement": asdict(movement), "doubts": first_doubts(whereabouts)}


def _parts(job: Join) -> Iterator[Part]:
    """The segments one after the other, so that two at most are in memory."""
    for segment, seen in job.parts:
        yield Part(segment, None if seen is None else read(Path(seen).read_bytes()))


def cover(job: Cover) -> int:
    """Write a video's film in which the job's persons are covered; its frames. Raises AnalysisError, OSError."""
    bodies = [Body(seen) for seen in job.persons]
    return films.whole(hidden(VideoReader(Path(job.video), job.limits), bodies, job.unseen), Path(job.film))


def _csv(path: str) -> TextIO:
    return Path(path).open("w", encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
