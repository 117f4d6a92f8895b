# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Looking at one segment: everybody in it is followed as in a clip of its own. Nothing is measured yet."""

from __future__ import annotations

import math
from dataclasses import astuple
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.analysis import MeteredVision, followed
from fastbreak_service.segments.looked import FORM, Looked
from fastbreak_service.segments.reading import SegmentReader
from fastbreak_service.vision.landmarks import COUNT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastbreak_service.analysis import Vision
    from fastbreak_service.segments.cutting import Segment
    from fastbreak_service.segments.reading import Allow
    from fastbreak_service.video.frames import Frame
    from fastbreak_service.video.limits import Limits
    from fastbreak_service.vision.shift import Shift


def look(  # noqa: PLR0913, PLR0917 - what to look at, how, and what is kept
    path: Path, limits: Limits, segment: Segment, vision: Vision, allow: Allow | None = None, form: int = FORM
) -> Looked:
    """What is seen of a segment, in a form. Raises RejectedVideoError; `allow` as of a `SegmentReader`."""
    reader = SegmentReader(path, limits, segment, allow)
    times: list[float] = []
    camera: list[tuple[list[float], int]] = []

    def timed() -> Iterator[Frame]:
        for frame in reader:
            times.append(frame.time_seconds)
            yield frame

    def filmed(ground: Shift | None, scene: int) -> None:
        camera.append(([math.nan] * 4 if ground is None else list(astuple(ground)), scene))

    found = followed(timed(), MeteredVision(vision, reader.meter), filmed=filmed)
    seen = [one for some in found for one in some]
    kept = camera if form > 1 else None
    return Looked(
        reader.lead,
        reader.account(),
        vision.identity,
        np.array(times, np.float64),
        np.array([one.person for one in seen], np.int32),
        np.array([one.frame for one in seen], np.int32),
        np.array([one.pose.points for one in seen], np.float32).reshape(-1, COUNT, 2),
        np.array([one.pose.visibility for one in seen], np.float32).reshape(-1, COUNT),
        None if kept is None else np.array([ground for ground, _ in kept], np.float64).reshape(-1, 4),
        None if kept is None else np.array([scene for _, scene in kept], np.int32),
    )
