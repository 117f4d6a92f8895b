# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Where clips are cut, and that what is read of the segments is the clip: the same frames at the same times."""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbreak_service.errors import AnalysisError, RejectedVideoError
from fastbreak_service.segments.cutting import LEAD_SECONDS, MOST_SKIPPED_SECONDS, Segment, cuts, segments
from fastbreak_service.segments.reading import SegmentReader
from fastbreak_service.video.completeness import Completeness
from fastbreak_service.video.entering import enters
from fastbreak_service.video.frames import Frame, VideoReader
from fastbreak_service.video.limits import Limits
from fastbreak_service.video.packets import Packets, packets
from fastbreak_service.vision.tracker import CONFIRM_AFTER, FORGET_AFTER_SECONDS, SEARCH_SECONDS
from support import clips
from support.mutants import KINDS, bases, mutants

if TYPE_CHECKING:
    from pathlib import Path


@st.composite
def listed(draw: st.DrawFn) -> Packets:
    """The packets of a clip of any rate, with key frames anywhere and some pictures stored before they are shown."""
    steps = draw(st.lists(st.sampled_from([1, 2, 3, 40]), min_size=2, max_size=120))
    origin = draw(st.floats(-10, 10))
    stamps = [origin + 0.033 * sum(steps[:place]) for place in range(len(steps))]
    keys = sorted({0, *draw(st.lists(st.integers(0, len(stamps) - 1), max_size=20))})
    for place in draw(st.lists(st.integers(1, max(1, len(stamps) - 2)), max_size=10)):
        if place not in keys and place + 1 not in keys and place + 1 < len(stamps):
            stamps[place], stamps[place + 1] = stamps[place + 1], stamps[place]
    return Packets(stamps, keys, max(stamps) + 0.033, 320, 240, Completeness.WHOLE)


@given(listed(), st.floats(0.2, 30))
def test_segments_are_the_clip_cut_at_key_frames(clip: Packets, seconds: float) -> None:
    found = segments(clip, seconds)
    origin = min(clip.stamps)
    moments = {clip.stamps[place] - origin: place for place in clip.keys}
    assert [segment.number for segment in found] == list(range(len(found)))
    assert {segment.count for segment in found} == {len(found)}
    assert found[0].start_seconds == 0
    assert found[-1].end_seconds == clip.end - origin
    assert found[-1].is_last
    assert all(before.end_seconds == after.start_seconds for before, after in pairwise(found))
    assert all(segment.start_seconds in moments for segment in found[1:])
    assert sum(segment.packets for segment in found) == len(clip.stamps)
    for segment in found:
        shown = [stamp - origin for stamp in clip.stamps]
        assert segment.packets == sum(segment.start_seconds <= moment < segment.end_seconds for moment in shown)
        if len(found) > 1:
            assert segment.end_seconds - segment.start_seconds >= seconds / 2 - 1e-9


@given(listed(), st.floats(0.2, 30))
def test_a_segment_is_decoded_from_a_key_frame_before_its_lead(clip: Packets, seconds: float) -> None:
    origin = min(clip.stamps)
    for segment in segments(clip, seconds):
        assert segment.key in clip.keys
        assert segment.lead_seconds == max(0.0, segment.start_seconds - LEAD_SECONDS)
        assert segment.key == 0 or clip.stamps[segment.key] - origin <= segment.lead_seconds
        assert segment.lead_seconds - (clip.stamps[segment.key] - origin) <= MOST_SKIPPED_SECONDS + 1e-9


@pytest.mark.parametrize(("apart", "count"), [(1, 10), (2, 10), (8.4, 10), (21.9, 10), (22.1, 1), (30, 1), (60, 1)])
def test_a_clip_with_few_key_frames_is_not_cut_where_much_would_be_decoded_twice(apart: float, count: int) -> None:
    stamps = [place / 30 for place in range(600 * 30)]
    clip = Packets(stamps, list(range(0, len(stamps), round(apart * 30))), 600.0, 3840, 2160, Completeness.WHOLE)
    found = segments(clip, 60)
    assert len(found) == count
    twice = [segment.start_seconds - stamps[segment.key] for segment in found]
    assert max(twice) <= LEAD_SECONDS + MOST_SKIPPED_SECONDS


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=50, unique=True).map(sorted), st.floats(1, 100))
def test_a_clip_with_room_for_one_segment_is_one(keys: list[float], seconds: float) -> None:
    end = keys[0] + 1.99 * seconds
    assert cuts([key for key in keys if key < end], end, seconds) == [keys[0]]


def test_a_long_clip_has_as_many_segments_as_there_is_room_for() -> None:
    assert cuts([float(second) for second in range(0, 250, 2)], 250.0, 60) == [0, 62, 124, 188]


def test_whatever_end_is_claimed_there_are_no_more_segments_than_key_frames() -> None:
    assert cuts([0.0, 60.0, 5e8], 1e15, 60) == [0.0, 5e8]


def test_a_lead_is_long_enough_to_know_whom_the_tracker_still_remembers() -> None:
    assert LEAD_SECONDS >= FORGET_AFTER_SECONDS + SEARCH_SECONDS + CONFIRM_AFTER / 24


def shown(frame: Frame) -> tuple[float, str]:
    """When a frame is shown, and what it shows."""
    digest = hashlib.sha256()
    for plane in frame.picture.planes:
        digest.update(np.ascontiguousarray(plane).tobytes())
    return frame.time_seconds, digest.hexdigest()


def cut(path: Path, seconds: float, lead: float) -> list[Segment]:
    """The segments of a file."""
    listed = packets(path, Limits(), 0)
    assert listed is not None
    found = segments(listed, seconds, lead)
    assert enters(path, Limits(), {segment.key for segment in found})
    return found


JUMPY = tuple(int(moment) for moment in np.cumsum([33, 33, 17, 90, 33, 1, 250, 40] * 10))
WAYS = {
    "mpeg4": ("clip.mp4", clips.Look("mpeg4", encoder={"g": "10", "bf": "2"})),
    "h264": ("clip.mp4", clips.Look("libx264", encoder={"g": "12", "bf": "3"})),
    "h264 with open groups": ("clip.mkv", clips.Look("libx264", encoder={"x264-params": "keyint=12:open-gop=1"})),
    "hevc with open groups": ("clip.mp4", clips.Look("libx265", encoder={"x265-params": "keyint=12:log-level=none"})),
    "vp9": ("clip.webm", clips.Look("libvpx-vp9", encoder={"g": "12", "cpu-used": "8"})),
    "uneven": ("clip.mp4", clips.Look("libx264", stamps=JUMPY, encoder={"g": "12", "bf": "3"})),
    "turned": ("clip.mp4", clips.Look("libx264", rotation=90, encoder={"g": "12"})),
    "interlaced": ("clip.mp4", clips.Look("libx264", interlaced=True, encoder={"g": "12"})),
    "each a key": ("clip.mkv", clips.Look("ffv1")),
    "avi": ("clip.avi", clips.Look("mpeg4", encoder={"g": "10"})),
}


@pytest.mark.parametrize("way", WAYS)
def test_segments_show_the_frames_of_the_clip_at_their_times(way: str, tmp_path: Path) -> None:
    name, look = WAYS[way]
    pictures = (np.roll(clips.noise(96, 64, seed // 30), 3 * seed, axis=1) for seed in range(80))
    path = clips.write(tmp_path / name, pictures, look)
    whole = [shown(frame) for frame in VideoReader(path, Limits())]
    found = cut(path, 0.5, 0.3)
    assert len(found) >= 4
    own: list[tuple[float, str]] = []
    for segment in found:
        reader = SegmentReader(path, Limits(), segment)
        seen = [shown(frame) for frame in reader]
        first = len(own) - reader.lead
        assert first == 0 or whole[first - 1][0] < segment.lead_seconds
        # A filter that needs the frame before has none of it at the first.
        assert seen[1:] == whole[first + 1 : first + len(seen)]
        assert reader.account().pictures == segment.packets == len(seen) - reader.lead
        own += seen[reader.lead :]
    assert len(own) == len(whole)


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx265", {"x265-params": "keyint=300:min-keyint=300:scenecut=0:log-level=none"}),
        ("mpeg4", {"g": "300"}),
        ("libx264", {"g": "300", "sc_threshold": "0"}),
        ("libvpx-vp9", {"g": "300", "cpu-used": "8"}),
    ],
)
def test_what_a_container_calls_a_key_packet_is_none_before_it_is_decoded(
    codec: str, options: dict[str, str], tmp_path: Path
) -> None:
    pictures = (np.roll(clips.noise(96, 64, seed // 30), 3 * seed, axis=1) for seed in range(90))
    whole = clips.write(tmp_path / "clip.mp4", pictures, clips.Look(codec, encoder=options))
    path = tmp_path / "no-index.mp4"
    path.write_bytes(whole.read_bytes().replace(b"stss", b"free"))
    listed = packets(path, Limits(), 0)
    if listed is not None and len(found := segments(listed, 1.0, 0.3)) > 1:
        assert not enters(path, Limits(), {segment.key for segment in found})
    assert enters(path, Limits(), {0})
    assert not enters(path, Limits(), {0, 45})
    assert not enters(path, Limits(), {0, 999}), "which is not there"


@pytest.mark.parametrize("each", [True, False])
def test_a_turn_that_is_told_once_is_not_known_behind_it(tmp_path: Path, *, each: bool) -> None:
    pictures = (clips.noise(96, 64, seed) for seed in range(40))
    source = clips.write(tmp_path / "source.mp4", pictures, clips.Look("libx264", encoder={"g": "20", "bf": "0"}))
    path = turned(source, tmp_path / "turned.mp4", each=each)
    first = next(iter(VideoReader(path, Limits())))
    assert first.picture.height == 96
    assert enters(path, Limits(), {0, 20}) == each


def turned(source: Path, into: Path, *, each: bool) -> Path:
    """H.264 with a quarter turn told by the coding, in each key picture or in the first alone."""
    bits = "000" + "0100000000000000" + "010" + "0" + "1"
    message = bytes([6, 0x2F, 3]) + int(bits, 2).to_bytes(3, "big") + b"\x80"
    with av.open(str(source)) as read, av.open(str(into), "w") as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        for number, packet in enumerate(read.demux(video=0)):
            if not packet.size:
                continue
            told = packet.is_keyframe and (each or number == 0)
            before = len(message).to_bytes(4, "big") + message if told else b""
            other = av.Packet(before + bytes(packet))
            other.pts, other.dts, other.duration = packet.pts, packet.dts, packet.duration
            other.time_base, other.is_keyframe, other.stream = packet.time_base, packet.is_keyframe, stream
            written.mux(other)
    return into


@pytest.mark.parametrize("name", ["clip.ts", "clip.h264"])
def test_a_file_that_does_not_say_when_its_frames_are_shown_is_not_cut(name: str, tmp_path: Path) -> None:
    look = clips.Look("libx264", encoder={"g": "10"})
    path = clips.write(tmp_path / name, (clips.noise(96, 64, seed) for seed in range(60)), look)
    assert packets(path, Limits(), 0) is None


def test_a_clip_that_is_too_long_is_refused_before_it_is_cut(plain_clip: Path) -> None:
    with pytest.raises(RejectedVideoError, match="goes on past 1 seconds"):
        packets(plain_clip, Limits(max_duration_seconds=1), 0)


def test_a_short_clip_is_not_even_read(plain_clip: Path) -> None:
    assert packets(plain_clip, Limits(), 10) is None


def test_of_whatever_is_broken_what_can_be_cut_can_be_read(tmp_path: Path) -> None:
    """Some of each kind of broken and hostile files: all else is a reason."""
    came: Counter[str] = Counter()
    for mutant in mutants(bases(tmp_path), 2 * len(KINDS), seed=3):
        path = tmp_path / "mutant"
        path.write_bytes(mutant.content)
        try:
            if (listed := packets(path, Limits(), 0)) is None:
                came["whole"] += 1
                continue
            for segment in segments(listed, 0.1, 0.05):
                came["frames"] += sum(1 for _ in SegmentReader(path, Limits(), segment))
        except AnalysisError as error:
            came[error.code] += 1
    assert came["whole"] > 0
    assert came["frames"] > 0
