# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Decoding a video into upright frames with square pixels and true times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from av.sidedata.sidedata import Type as SideData

from fastbreak_service.errors import RejectedVideoError, Rejection
from fastbreak_service.video.completeness import Completeness, completeness
from fastbreak_service.video.container import DamageCounter, open_video
from fastbreak_service.video.decoding import Tally, pictures, set_up, settle
from fastbreak_service.video.deinterlace import progressive
from fastbreak_service.video.ending import SILENT, check_last_picture
from fastbreak_service.video.facts import MOST_REMARKS, Spans, VideoFacts, damaged
from fastbreak_service.video.geometry import UPRIGHT, Orientation, fitted, orientation, pixel_aspect, square_size
from fastbreak_service.video.guard import rejecting
from fastbreak_service.video.planes import upright
from fastbreak_service.video.timing import Steps
from fastbreak_service.video.work import of_frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from fastbreak_service.video.limits import Limits
    from fastbreak_service.video.work import Meter
    from fastbreak_service.vision.picture import Picture


NOT_SET_UP = "The decoder cannot be set up for this video."
NOT_READ = "A picture of the video cannot be read. Re-encode the video."


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture: its number from 0, its time in seconds from the first, and what it shows.

    One that is not `whole` is damaged, or made of one that is: it is shown, and nobody is looked for in it.
    """

    index: int
    time_seconds: float
    picture: Picture
    whole: bool = True


class AheadError(Exception):
    """The decoder worked ahead and reported damage, of a packet that nobody can tell."""


class Showing:
    """Decoded pictures as a viewer sees them, each as large as the first, and charged to the clip's meter."""

    def __init__(self, limits: Limits, meter: Meter, first: tuple[int, int] | None = None) -> None:
        self._limits = limits
        self._meter = meter
        self._first = first
        self._turn = UPRIGHT

    def checked(self, decoded: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
        """The pictures as decoded; what is read here does not outlast the filters that may follow."""
        for picture in decoded:
            self._limits.check_frame(picture.width, picture.height)
            self._turn = orientation_of(picture, self._turn)
            yield picture

    def shown(self, decoded: VideoFrame, stream: VideoStream) -> Picture:
        """A picture. Raises RejectedVideoError, and whatever the decoder does."""
        aspect = pixel_aspect(float(stream.sample_aspect_ratio or 0))
        size = square_size(decoded.width, decoded.height, aspect)
        shown = self._turn.size(*size)
        self._limits.check_shown(*shown)
        first = self._first or shown
        codec = stream.codec.canonical_name
        self._meter.spend(of_frames(codec, 1, max(shown[0], first[0]), max(shown[1], first[1])))
        picture = upright(decoded, fitted(size, self._turn, first), self._turn)
        self._first = self._first or (picture.width, picture.height)
        return picture


class VideoReader:
    """One pass over a video. Iterate once, then ask for `facts`. Raises RejectedVideoError while iterating."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        self._size = (0, 0)
        self._count = 0
        self._last = 0.0
        # The last picture is shown for as long as the one before it.
        self._step = 0.0
        self._errors = 0
        self._damaged, self._steps = Spans(), Steps()
        self._completeness = Completeness.UNKNOWN
        self._meter = limits.meter()
        self._showing = Showing(limits, self._meter)

    def facts(self) -> VideoFacts:
        """What the pass saw."""
        rate = self._steps.rate((self._count - 1) / self._last if self._last > 0 else 0.0)
        duration = self._last + self._step
        remarks = [*damaged(self._damaged.told(duration)), *self._steps.paused(rate)][:MOST_REMARKS]
        return VideoFacts(*self._size, rate, self._count, duration, self._errors, self._completeness, remarks)

    @property
    def meter(self) -> Meter:
        """What the clip has cost so far; the analysis adds its own part."""
        return self._meter

    def __iter__(self) -> Iterator[Frame]:
        try:
            yield from self._pass(at_once=False)
        except AheadError:
            yield from self._pass(at_once=True)

    def _pass(self, *, at_once: bool) -> Iterator[Frame]:
        """The frames that were not told yet."""
        with DamageCounter() as damage:
            tally = Tally(reports=lambda: damage.count)
            container, stream = open_video(self._path, self._limits)
            with container:
                kind, silent = container.format.name, stream.codec.canonical_name in SILENT
                try:
                    yield from self._frames(container, stream, tally, at_once=at_once)
                finally:
                    settle(stream)
        self._errors = tally.errors + damage.count
        if self._count == 0:
            raise no_picture()
        tally.check()
        if silent and tally.open_ended:
            check_last_picture(self._path, self._limits, tally.last_key, self._meter)
        self._completeness = completeness(self._path, kind)

    def _frames(
        self, container: InputContainer, stream: VideoStream, tally: Tally, *, at_once: bool
    ) -> Iterator[Frame]:
        with rejecting(Rejection.UNDECODABLE, NOT_SET_UP):
            set_up(stream, at_once=at_once)
            clock = Clock(stream)
        told = self._count
        for decoded in progressive(self._showing.checked(pictures(container, stream, tally)), stream):
            if tally.trouble and not at_once:
                raise AheadError
            with rejecting(Rejection.UNDECODABLE, NOT_READ):
                time_seconds = clock.time_of(decoded)
                self._limits.check_time(time_seconds)
                if told > 0:
                    told -= 1
                    continue
                shown, whole = self._showing.shown(decoded, stream), decoded.opaque is not False
                frame = Frame(self._count, time_seconds, shown, whole)
            self._note(frame)
            yield frame

    def _note(self, frame: Frame) -> None:
        if self._count == 0:
            self._size = (frame.picture.width, frame.picture.height)
        self._count += 1
        self._damaged.note(frame.time_seconds, so=not frame.whole)
        self._steps.note(frame.time_seconds)
        self._step = frame.time_seconds - self._last
        self._last = frame.time_seconds


def no_picture() -> RejectedVideoError:
    """Of a video in which there is nothing to see."""
    return RejectedVideoError(
        Rejection.NO_FRAMES, "The video stream gave no picture that could be decoded. Check the file in a player."
    )


class Clock:
    """Times of frames from their presentation stamps: from 0 or, when given, from an origin, and never backwards.

    A stamp that is missing or not later than the one before is replaced by one frame later at the nominal rate.
    """

    def __init__(self, stream: VideoStream, origin: float | None = None) -> None:
        rate = stream.average_rate or stream.guessed_rate
        self._step = float(1 / rate) if rate else 1 / 30
        self._first = origin
        self._last = 0.0 if origin is None else -self._step

    def time_of(self, frame: VideoFrame) -> float:
        """The time of the next frame."""
        stamp = frame.time
        if self._first is None:
            self._first = stamp or 0.0
            return 0.0
        time_seconds = stamp - self._first if stamp is not None else self._last
        if time_seconds <= self._last:
            time_seconds = self._last + self._step
        self._last = time_seconds
        return time_seconds


def orientation_of(picture: VideoFrame, before: Orientation) -> Orientation:
    """How a picture is to be shown; as the one before where it does not say. Raises RejectedVideoError."""
    matrix = picture.side_data.get(SideData.DISPLAYMATRIX)
    return before if matrix is None else orientation(bytes(matrix))
