# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Where a long clip is cut: at key frames, so that what follows can be decoded without what went before.

Before each segment but the first the persons are followed for a while already, so that they are known by its first
frame, and can be told to be those of the segment before.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from fastbreak_service.video.completeness import Completeness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastbreak_service.video.packets import Packets

LEAD_SECONDS = 2.0
"""Somebody who was seen and is away for `FORGET_AFTER_SECONDS` is still remembered, and half a second is left to find
them in."""
MOST_SKIPPED_SECONDS = 20.0
"""That are decoded before a lead, from a key frame on, and nobody looks at: nothing is charged for them."""
MOST_SEGMENTS = 1000
"""Of a video; the longest that is accepted has far fewer."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One of `count` segments of a clip, `number` from 0; all that has to be known of the clip to look at it.

    Times are in seconds from `origin_seconds`, the clip's first stamp. Its frames are those from `start_seconds` on and
    before `end_seconds`; the last one has all to the end. Persons are followed from `lead_seconds` on, and decoding
    begins with the packet number `key` of those with content. `packets` is how many frames it should have. Frames are
    shown as large as the clip's first, `width` and `height`.
    """

    number: int
    count: int
    origin_seconds: float
    lead_seconds: float
    start_seconds: float
    end_seconds: float
    key: int
    packets: int
    width: int
    height: int
    completeness: Completeness

    @property
    def is_last(self) -> bool:
        """Whether nothing follows it."""
        return self.number == self.count - 1


def segment_of(content: dict[str, Any]) -> Segment:
    """A segment out of JSON."""
    return Segment(**content | {"completeness": Completeness(content["completeness"])})


def cuts(keys: Sequence[float], end: float, seconds: float) -> list[float]:
    """Where segments begin: some of the key frames' times, in order, the first of them first.

    As many segments of at least `seconds` as there is room for, each cut at the key frame nearest to where it would be;
    none is shorter than half of that. A clip with room for one alone is one.
    """
    first = keys[0]
    # What a packet claims of its end may be any number.
    wanted = int(min((end - first) // seconds, len(keys), MOST_SEGMENTS))
    starts = [first]
    for number in range(1, wanted):
        start = _nearest(keys, first + number * (end - first) / wanted)
        if start - starts[-1] >= seconds / 2 and end - start >= seconds / 2:
            starts.append(start)
    return starts


def _nearest(keys: Sequence[float], moment: float) -> float:
    place = bisect_right(keys, moment)
    return min(keys[max(0, place - 1) : place + 1], key=lambda key: abs(key - moment))


def _before(moments: Sequence[float], lead: float) -> float:
    """The last key frame that a lead can be decoded from."""
    return moments[max(0, bisect_right(moments, lead) - 1)]


def _near(moments: Sequence[float], lead_seconds: float) -> list[float]:
    """The first key frame, and those that have another not long before their lead."""
    leads = [max(0.0, moment - lead_seconds) for moment in moments]
    near = (lead - _before(moments, lead) <= MOST_SKIPPED_SECONDS for lead in leads)
    return [moment for moment, fits in zip(moments, near, strict=True) if fits]


def segments(packets: Packets, seconds: float, lead_seconds: float = LEAD_SECONDS) -> list[Segment]:
    """The segments of a clip, none much shorter than `seconds`; one is the whole clip."""
    origin = min(packets.stamps)
    keys = {packets.stamps[place] - origin: place for place in packets.keys}
    stamps, moments = sorted(stamp - origin for stamp in packets.stamps), sorted(keys)
    end = packets.end - origin
    _, *others = cuts(_near(moments, lead_seconds), end, seconds)
    bounds = [0.0, *others, end]
    places = [0, *(bisect_left(stamps, start) for start in others), len(stamps)]
    found = []
    for number, (start, stop) in enumerate(pairwise(bounds)):
        lead = max(0.0, start - lead_seconds)
        before = _before(moments, lead)
        found.append(
            Segment(
                number,
                len(bounds) - 1,
                origin,
                lead,
                start,
                stop,
                keys[before],
                places[number + 1] - places[number],
                packets.width,
                packets.height,
                packets.completeness,
            )
        )
    return found
