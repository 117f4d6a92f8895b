# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A video that is cut exactly between two pictures or fragments is refused, or is not said to be whole."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import av
import pytest

from fastbreak_service.errors import RejectedVideoError
from fastbreak_service.video import isobmff
from fastbreak_service.video.boxes import cut_short
from fastbreak_service.video.completeness import Completeness, completeness
from fastbreak_service.video.frames import VideoReader
from fastbreak_service.video.limits import Limits
from fastbreak_service.video.probe import probe
from support import clips

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PICTURES = 18
_H264, _MPEG = "libx264", "mpeg2video"
_FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
#: File, codec, options of the container, and what is known of the whole file.
KINDS: dict[str, tuple[str, str, Mapping[str, str], Completeness]] = {
    "mp4": ("v.mp4", _H264, {}, Completeness.WHOLE),
    "mov": ("v.mov", _H264, {}, Completeness.WHOLE),
    "fragments with an index behind": ("f.mp4", _H264, _FRAGMENTS, Completeness.WHOLE),
    "fragments without": ("g.mp4", _H264, {"movflags": _FRAGMENTS["movflags"] + "+skip_trailer"}, Completeness.UNKNOWN),
    "fragments with an index before": (
        "d.mp4",
        _H264,
        {"movflags": "dash+global_sidx+frag_keyframe"},
        Completeness.WHOLE,
    ),
    "mkv": ("v.mkv", _H264, {}, Completeness.WHOLE),
    "mkv as recorded by a browser": ("b.mkv", _H264, {"live": "1"}, Completeness.UNKNOWN),
    "avi": ("v.avi", _H264, {}, Completeness.WHOLE),
    "flv": ("v.flv", _H264, {}, Completeness.WHOLE),
    "transport stream": ("v.ts", _H264, {}, Completeness.UNKNOWN),
    "program stream": ("v.mpg", _MPEG, {}, Completeness.UNKNOWN),
    "h264": ("v.h264", _H264, {}, Completeness.UNKNOWN),
    "mpeg video": ("v.m2v", _MPEG, {}, Completeness.UNKNOWN),
}


def written(folder: Path, kind: str) -> Path:
    name, codec, options, _known = KINDS[kind]
    pictures = [clips.noise(96, 64, number) for number in range(PICTURES)]
    look = clips.Look(codec=codec, rate=10, container=dict(options), encoder={"g": "6", "bf": "0"})
    return clips.write(folder / name, pictures, look)


def known_of(path: Path) -> tuple[Completeness, int]:
    """What is known, and the pictures. Raises RejectedVideoError."""
    probe(path, Limits())
    reader = VideoReader(path, Limits())
    count = sum(1 for _frame in reader)
    return reader.facts().completeness, count


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_known_where_a_file_tells_and_nowhere_else(kind: str, tmp_path: Path) -> None:
    known, count = known_of(written(tmp_path, kind))
    assert count == PICTURES
    assert known == KINDS[kind][3]


def packet_ends(path: Path) -> list[int]:
    """Where packets begin in the file, but for the first."""
    with av.open(str(path)) as container:
        places = sorted(packet.pos for packet in container.demux(video=0) if packet.size and packet.pos)
    return places[1:]


@pytest.mark.parametrize("kind", KINDS)
def test_no_cut_between_two_pictures_passes_as_whole(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path, kind)
    content = path.read_bytes()
    boxes = [box.end for box in isobmff.top_boxes(path)]
    for place in {*packet_ends(path)[-2:], *boxes[-4:-1]}:
        path.write_bytes(content[:place])
        with contextlib.suppress(RejectedVideoError):
            known, count = known_of(path)
            # Behind the last picture may be an index that the file can do without.
            assert known == Completeness.UNKNOWN or count == PICTURES, place


def test_an_index_of_fragments_tells_of_those_that_are_missing(tmp_path: Path) -> None:
    path = written(tmp_path, "fragments with an index before")
    content = path.read_bytes()
    ends = [box.end for box in isobmff.top_boxes(path) if box.kind == b"mdat"]
    assert len(ends) > 2
    for end in ends[:-1]:
        path.write_bytes(content[:end])
        assert cut_short(path)


@pytest.mark.parametrize(
    ("ending", "container", "known"),
    [
        (b"\0\0\1\x0b", "h264", Completeness.WHOLE),
        (b"\0\0\1\x6a\x80", "h264", Completeness.WHOLE),
        (b"\0\0\1\x09\x10", "h264", Completeness.UNKNOWN),
        (b"\0\0\1\x48\1", "hevc", Completeness.WHOLE),
        (b"\0\0\1\x4a\1", "hevc", Completeness.WHOLE),
        (b"\0\0\1\x4a\1", "h264", Completeness.WHOLE),
        (b"\0\0\1\x26\1", "hevc", Completeness.UNKNOWN),
        (b"\0\0\1\xb7", "mpegvideo", Completeness.WHOLE),
        (b"\0\0\1\xb9", "mpeg", Completeness.WHOLE),
        (b"\0\0\1\xb7", "mpegts", Completeness.UNKNOWN),
        (b"\0\0\1", "hevc", Completeness.UNKNOWN),
        (b"", "h264", Completeness.UNKNOWN),
    ],
)
def test_a_mark_at_the_end_is_of_its_kind(ending: bytes, container: str, known: Completeness, tmp_path: Path) -> None:
    path = tmp_path / "v"
    path.write_bytes(b"\x05" * 100 + ending)
    assert completeness(path, container) == known
