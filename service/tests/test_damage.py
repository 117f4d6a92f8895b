# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Damaged pictures: which they are, that nobody looks at them, and that the result says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from fastbreak_service.analysis import analyse
from fastbreak_service.movement.review import review
from fastbreak_service.movement.values import Landing, Name, Reason
from fastbreak_service.segments.cutting import segments
from fastbreak_service.segments.joining import Part, join
from fastbreak_service.segments.looking import look
from fastbreak_service.segments.reading import SegmentReader
from fastbreak_service.video.facts import MOST_REMARKS, Remarked, Spans
from fastbreak_service.video.frames import VideoReader
from fastbreak_service.video.limits import Limits
from fastbreak_service.video.packets import packets
from support import clips
from support.figures import Camera, Drop, film

if TYPE_CHECKING:
    from pathlib import Path

    from fastbreak_service.vision.models import PoseModel
    from fastbreak_service.vision.tracker import Sighting


def damage(path: Path, *numbers: int) -> Path:
    """Make noise of the second half of some packets of a file, by their numbers."""
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    for number in numbers:
        place, size = places[number]
        assert place is not None
        half = size // 2
        content[place + half : place + size] = np.random.default_rng(number).bytes(size - half)
    path.write_bytes(content)
    return path


def written(path: Path, codec: str = "libx264", *, interlaced: bool = False, **encoder: str) -> Path:
    """30 pictures with a key frame in every tenth."""
    drawn = [np.roll(clips.noise(160, 96), number, axis=1) for number in range(30)]
    fixed = {"g": "10", "keyint_min": "10", "sc_threshold": "0" if codec == "libx264" else "1000000000"}
    return clips.write(path, drawn, clips.Look(codec, encoder=fixed | encoder, interlaced=interlaced))


@pytest.mark.parametrize("name", ["v.mp4", "v.mkv"])
def test_pictures_are_whole_but_from_the_damage_to_the_next_key_frame(tmp_path: Path, name: str) -> None:
    reader = VideoReader(damage(written(tmp_path / name, bf="0"), 13), Limits())
    frames = list(reader)
    assert [frame.index for frame in frames] == list(range(30))
    assert [frame.index for frame in frames if not frame.whole] == list(range(13, 20))
    (remark,) = reader.facts().remarks
    assert remark.kind is Remarked.DAMAGED
    assert remark.from_seconds == pytest.approx(13 / 30, abs=0.002)
    assert remark.to_seconds == pytest.approx(20 / 30, abs=0.002)


def test_what_is_shown_before_a_key_frame_but_stored_after_it_is_of_the_damage_too(tmp_path: Path) -> None:
    path = written(tmp_path / "v.mkv", "mpeg2video", bf="2")
    with av.open(str(path)) as container:
        stored = [(packet.pts or 0, packet.is_keyframe) for packet in container.demux(video=0) if packet.size]
    keys = [number for number, (_, key) in enumerate(stored) if key]
    shown = sorted(pts for pts, _ in stored)
    leading = [shown.index(pts) for pts, _ in stored[keys[1] + 1 :] if pts < stored[keys[1]][0]]
    assert leading, "the clip has no open group of pictures"
    spoilt = sorted({shown.index(pts) for pts, _ in stored[2 : keys[1]]} | set(leading))
    frames = list(VideoReader(damage(path, 2), Limits()))
    assert [frame.index for frame in frames if not frame.whole] == spoilt


def test_interlaced_pictures_keep_what_was_told_of_them(tmp_path: Path) -> None:
    path = damage(written(tmp_path / "v.mp4", interlaced=True, bf="0", coder="0"), 13)
    assert [frame.index for frame in VideoReader(path, Limits()) if not frame.whole] == list(range(13, 20))


def test_a_whole_clip_has_only_whole_pictures(tmp_path: Path) -> None:
    reader = VideoReader(written(tmp_path / "v.mp4"), Limits())
    assert all(frame.whole for frame in reader)
    assert reader.facts().remarks == []


def test_segments_tell_the_same_pictures_as_the_whole(tmp_path: Path) -> None:
    path = damage(written(tmp_path / "v.mp4", bf="0"), 13)
    listed = packets(path, Limits(), 0)
    assert listed is not None
    _, second, *_ = segments(listed, 0.3, 0.3)
    reader = SegmentReader(path, Limits(), second)
    spoilt = [frame.time_seconds for frame in reader if not frame.whole]
    assert spoilt == pytest.approx([number / 30 for number in range(13, 20) if number / 30 < second.end_seconds])
    assert reader.account().errors > 0


def test_nobody_is_seen_in_damaged_pictures(person_clip: Path, vision: PoseModel, tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    clips.write(path, clips.scaled(person_clip, 30, 884), clips.Look("libx264", encoder={"g": "20", "bf": "0"}))
    seen: list[Sighting] = []
    result = analyse(VideoReader(damage(path, 10), Limits()), vision, lambda _: None, follow=seen.append)
    frames = {person.id: sorted(s.frame for s in seen if s.person == person.id) for person in result.persons}
    assert frames == {1: [*range(10), *range(20, 30)], 2: [*range(10), *range(20, 30)]}
    assert [remark.kind for remark in result.video.remarks] == [Remarked.DAMAGED]
    listed = packets(path, Limits(), 0)
    assert listed is not None
    cut = segments(listed, 0.6, 0.6)
    parts = [Part(one, look(path, Limits(), one, vision)) for one in cut]
    joined: list[Sighting] = []
    of_parts = join(parts, Limits(), lambda _: None, joined.append)
    assert {s.frame for s in joined} == {*range(10), *range(20, 30)}
    assert [remark.kind for remark in of_parts.video.remarks] == [Remarked.DAMAGED]


def test_nothing_is_measured_in_a_deepest_frame_beside_a_gap() -> None:
    drop = Drop(contact=1.0, height=0.4, deepest=90)
    (landing,) = review(film(drop, 2.0, Camera(400, 60, 90, 1), hidden=range(65, 90)), 60)[0]
    assert isinstance(landing, Landing)
    (lean,) = (value for value in landing.measures if value.measure is Name.TRUNK_LEAN)
    assert (lean.value, lean.not_measurable) == (None, Reason.GAP)


def test_stretches_are_told_and_no_more_than_so_many() -> None:
    spans = Spans()
    for second in range(4 * MOST_REMARKS):
        spans.note(second, so=second % 2 == 1)
    told = spans.told(4 * MOST_REMARKS)
    assert told[0] == (1, 2)
    assert len(told) == MOST_REMARKS
    assert told[-1][1] == 4 * MOST_REMARKS


def test_what_an_edit_list_cuts_off_is_neither_shown_nor_damage(tmp_path: Path) -> None:
    """As `-ss` with `-c copy` leaves it: packets before the beginning are there to be decoded, and not to be shown."""
    source, path = written(tmp_path / "source.mp4", bf="0"), tmp_path / "v.mp4"
    cut = {"use_editlist": "1", "avoid_negative_ts": "disabled"}
    with av.open(str(source)) as read, av.open(str(path), "w", options=cut) as made:
        stream = made.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.pts is not None and packet.dts is not None and packet.time_base is not None:
                earlier = round(5 / 30 / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - earlier, packet.dts - earlier, stream
                made.mux(packet)
    assert b"elst" in path.read_bytes()
    reader, whole = VideoReader(path, Limits()), list(VideoReader(source, Limits()))
    frames = list(reader)
    assert len(frames) == 25
    assert all(frame.whole for frame in frames)
    assert reader.facts().decode_errors == 0
    assert (frames[0].picture.planes[0] == whole[5].picture.planes[0]).all()
