# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Looking at one segment: everybody in it is followed as in a clip of its own. Nothing is measured yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.analysis import MeteredVision, followed
from fastbreak_service.segments.looked import Looked
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


def look(path: Path, limits: Limits, segment: Segment, vision: Vision, allow: Allow | None = None) -> Looked:
    """What is seen of a segment. Raises RejectedVideoError; `allow` as of a `SegmentReader`."""
    reader = SegmentReader(path, limits, segment, allow)
    times: list[float] = []

    def timed() -> Iterator[Frame]:
        for frame in reader:
            times.append(frame.time_seconds)
            yield frame

    seen = [one for some in followed(timed(), MeteredVision(vision, reader.meter)) for one in some]
    return Looked(
        reader.lead,
        reader.account(),
        vision.identity,
        np.array(times, np.float64),
        np.array([one.person for one in seen], np.int32),
        np.array([one.frame for one in seen], np.int32),
        np.array([one.pose.points for one in seen], np.float32).reshape(-1, COUNT, 2),
        np.array([one.pose.visibility for one in seen], np.float32).reshape(-1, COUNT),
    )
