# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Decoding one segment of a clip, as the whole clip would be decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastbreak_service.errors import Rejection
from fastbreak_service.video.container import DamageCounter, open_video
from fastbreak_service.video.decoding import Tally, pictures, set_up, settle
from fastbreak_service.video.deinterlace import progressive
from fastbreak_service.video.frames import NOT_READ, NOT_SET_UP, AheadError, Clock, Frame, Showing
from fastbreak_service.video.guard import rejecting
from fastbreak_service.video.work import Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from fastbreak_service.segments.cutting import Segment
    from fastbreak_service.video.limits import Limits

    type Allow = Callable[[float, int], float]

# Stamps are parts of a second, and floating.
NEARLY = 1e-6


@dataclass(frozen=True, slots=True)
class Account:
    """What was seen of a segment's own frames: how many there were, how many damaged, and how much damage in all."""

    pictures: int
    damaged: int
    errors: int
    interlaced: bool
    spent_seconds: float


class SegmentReader:
    """One pass over a segment: the frames from its lead on, from 0, with their times in the clip.

    Iterate once, then ask for `lead`, how many frames are not its own, and `account`. Raises RejectedVideoError, also
    when it is more work than `allow` says, which is asked with the work so far and the frames. The lead is not counted:
    it is the segment's before.
    """

    def __init__(self, path: Path, limits: Limits, segment: Segment, allow: Allow | None = None) -> None:
        self._path = path
        self._limits = limits
        self._segment = segment
        self._damage = DamageCounter()
        self._tally = Tally(reports=lambda: self._damage.count)
        self._allow = allow or (lambda _seconds, _frames: limits.max_work_seconds)
        self.meter = Meter(0.0, self._more)
        self.lead = self._count = 0
        self._damaged = 0
        self._before = (0, 0.0)

    def account(self) -> Account:
        """What the pass saw."""
        errors, spent = self._sums()
        return Account(
            self._count - self.lead,
            self._damaged,
            errors - self._before[0],
            self._tally.interlaced,
            spent - self._before[1],
        )

    def __iter__(self) -> Iterator[Frame]:
        try:
            yield from self._pass(at_once=False)
        except AheadError:
            self._damage.count = 0
            self._tally = Tally(reports=lambda: self._damage.count)
            yield from self._pass(at_once=True)

    def _pass(self, *, at_once: bool) -> Iterator[Frame]:
        """The frames that were not told yet."""
        with self._damage:
            container, stream = open_video(self._path, self._limits)
            with container:
                try:
                    yield from self._frames(container, stream, at_once=at_once)
                finally:
                    settle(stream)

    def _more(self, spent_seconds: float) -> float:
        """How much work the pass may be, now that it was so much."""
        own = self._count - self.lead
        if own == 0:
            return min(spent_seconds, self._limits.max_work_seconds)
        before = self._before[1]
        return before + self._allow(spent_seconds - before, own)

    def _sums(self) -> tuple[int, float]:
        return self._tally.errors + self._damage.count, self.meter.spent

    def _frames(self, container: InputContainer, stream: VideoStream, *, at_once: bool) -> Iterator[Frame]:
        with rejecting(Rejection.UNDECODABLE, NOT_SET_UP):
            set_up(stream, at_once=at_once)
            clock = Clock(stream, self._segment.origin_seconds)
        segment = self._segment
        showing = Showing(self._limits, self.meter, (segment.width, segment.height))
        told = self._count
        found = pictures(container, stream, self._tally, segment.key)
        for decoded in progressive(showing.checked(found), stream):
            if self._tally.trouble and not at_once:
                raise AheadError
            with rejecting(Rejection.UNDECODABLE, NOT_READ):
                time_seconds = clock.time_of(decoded)
                self._limits.check_time(time_seconds)
                if not segment.is_last and time_seconds >= segment.end_seconds - NEARLY:
                    return
                if time_seconds < segment.lead_seconds - NEARLY:
                    continue
                if told > 0:
                    told -= 1
                    continue
                own = time_seconds >= segment.start_seconds - NEARLY
                self._note(decoded, own=own)
                shown, whole = showing.shown(decoded, stream), decoded.opaque is not False
                frame = Frame(self._count - 1, time_seconds, shown, whole)
            yield frame

    def _note(self, decoded: VideoFrame, *, own: bool) -> None:
        """Account for a frame that is the segment's own, or leads to it."""
        self._count += 1
        if own:
            self._damaged += decoded.is_corrupt
        else:
            self.lead = self._count
            self._before = self._sums()
