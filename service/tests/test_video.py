# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Decoding what is good, and telling what is wrong with the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from fastbreak_service.errors import RejectedVideoError, Rejection
from fastbreak_service.video.boxes import cut_short
from fastbreak_service.video.facts import VideoFacts
from fastbreak_service.video.frames import VideoReader
from fastbreak_service.video.limits import Limits
from fastbreak_service.video.probe import probe
from support import clips
from support.pictures import rgb

if TYPE_CHECKING:
    from pathlib import Path

    from fastbreak_service.vision.arrays import Bytes

LIMITS = Limits(max_duration_seconds=60)


def read(path: Path, limits: Limits = LIMITS) -> tuple[list[Bytes], list[float], VideoFacts]:
    """All of a video: pixels, times, facts. It must pass the probe too."""
    probe(path, limits)
    reader = VideoReader(path, limits)
    frames = list(reader)
    return [rgb(frame.picture) for frame in frames], [frame.time_seconds for frame in frames], reader.facts()


def rejection(path: Path, limits: Limits = LIMITS) -> Rejection:
    """Why the probe refuses a video."""
    with pytest.raises(RejectedVideoError) as caught:
        probe(path, limits)
    return Rejection(caught.value.code)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.webm", "libvpx-vp9"), ("a.avi", "mpeg4"), ("a.ts", "mpeg2video")]
)
def test_common_containers_are_read(tmp_path: Path, name: str, codec: str) -> None:
    path = clips.write(tmp_path / name, [clips.corner_picture(64, 48)] * 6, clips.Look(codec=codec, rate=25))
    pixels, times, facts = read(path)
    assert facts == VideoFacts(64, 48, facts.frames_per_second, 6, facts.duration_seconds, 0, facts.completeness)
    assert facts.frames_per_second == pytest.approx(25, rel=0.01)
    assert facts.duration_seconds == pytest.approx(6 / 25, rel=0.01)
    assert times == pytest.approx([n / 25 for n in range(6)], abs=0.002)
    assert pixels[0][10, 10].min() > 200
    assert pixels[0][40, 60].max() < 50


def test_uneven_frames_keep_their_own_times(tmp_path: Path) -> None:
    stamps = (0, 40, 50, 200, 210, 500)
    pictures = [clips.noise(64, 48, n) for n in range(6)]
    path = clips.write(tmp_path / "v.mkv", pictures, clips.Look(stamps=stamps))
    _, times, facts = read(path)
    assert times == pytest.approx([s / 1000 for s in stamps], abs=0.002)
    assert facts.frames_per_second == pytest.approx(3 / 0.06, rel=0.01), "that of the steps that are usual"


def test_times_begin_at_the_first_frame(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "v.mkv", [clips.noise(64, 48)] * 3, clips.Look(stamps=(700, 800, 900)))
    assert read(path)[1] == pytest.approx([0, 0.1, 0.2], abs=0.002)


@pytest.mark.parametrize(
    ("rotation", "corner"), [(0, (0, 0)), (90, (1, 0)), (180, (1, 1)), (270, (0, 1)), (-90, (0, 1))]
)
def test_a_turned_recording_is_shown_upright(tmp_path: Path, rotation: int, corner: tuple[int, int]) -> None:
    look = clips.Look(codec="libx264", rotation=rotation)
    pixels, _, facts = read(clips.write(tmp_path / "v.mp4", [clips.corner_picture(96, 64)] * 2, look))
    sideways = rotation % 180 == 90
    assert (facts.width, facts.height) == ((64, 96) if sideways else (96, 64))
    height, width = pixels[0].shape[:2]
    quarters = {
        (row, column): float(
            pixels[0][
                row * height // 2 + 8 : row * height // 2 + 16, column * width // 2 + 8 : column * width // 2 + 16
            ].mean()
        )
        for row in (0, 1)
        for column in (0, 1)
    }
    assert max(quarters, key=quarters.__getitem__) == corner


def test_stored_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    look = clips.Look(codec="libx264", pixel_aspect=Fraction(2, 1))
    _, _, facts = read(clips.write(tmp_path / "v.mp4", [clips.noise(64, 48)] * 2, look))
    assert (facts.width, facts.height) == (128, 48)


@pytest.mark.parametrize("width", [62, 66, 68, 100, 884])
def test_every_column_is_decoded_and_always_the_same(tmp_path: Path, width: int) -> None:
    picture = np.full((46, width, 3), 200, np.uint8)
    path = clips.write(tmp_path / "v.mp4", [picture] * 3, clips.Look(codec="libx264"))
    first, second = read(path)[0], read(path)[0]
    for frame, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(frame, other)
        assert frame.min() > 190
        assert frame.max() < 210


def test_odd_sizes_are_read(tmp_path: Path) -> None:
    path = tmp_path / "odd.webm"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx-vp9", rate=10)
        stream.width, stream.height, stream.pix_fmt = 61, 47, "yuv420p"
        frame = av.VideoFrame.from_ndarray(clips.noise(61, 47), format="rgb24")
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    _, _, facts = read(path)
    assert (facts.width, facts.height, facts.frames) == (61, 47, 1)
    assert (facts.frames_per_second, facts.duration_seconds) == (0, 0)


@pytest.mark.parametrize("name", ["a.mp4", "a.wav"])
def test_sound_alone_has_no_video_stream(tmp_path: Path, name: str) -> None:
    assert rejection(clips.write_audio(tmp_path / name)) == Rejection.NO_VIDEO_STREAM


def test_a_file_without_bytes_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    path.touch()
    assert rejection(path) == Rejection.EMPTY_BODY


def test_a_video_track_without_samples_has_no_frames(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()
    assert rejection(path) in {Rejection.NO_FRAMES, Rejection.NO_VIDEO_STREAM}


def test_a_stream_of_undecodable_packets_has_no_frames(tmp_path: Path) -> None:
    source = clips.write(tmp_path / "good.mkv", [clips.noise(64, 48, n) for n in range(5)], clips.Look(codec="libx264"))
    path = tmp_path / "bad.mkv"
    with av.open(str(source)) as good, av.open(str(path), "w") as bad:
        stream = bad.add_stream_from_template(good.streams.video[0])
        for packet in good.demux(video=0):
            if packet.size:
                broken = av.Packet(bytes(packet.size))
                broken.pts, broken.dts, broken.time_base, broken.stream = (
                    packet.pts,
                    packet.dts,
                    packet.time_base,
                    stream,
                )
                bad.mux(broken)
    assert rejection(path) == Rejection.NO_FRAMES


@pytest.mark.parametrize(
    "text", ["#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", "ffconcat version 1.0\nfile '/etc/hostname'\n"]
)
def test_a_playlist_is_never_followed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "v.mp4"
    path.write_text(text)
    assert rejection(path) == Rejection.NOT_A_VIDEO


def test_noise_is_not_a_video(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    path.write_bytes(np.random.default_rng(3).bytes(100_000))
    assert rejection(path) == Rejection.NOT_A_VIDEO


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("name", ["v.mp4", "v.mkv"])
def test_a_cut_file_is_truncated(tmp_path: Path, share: float, name: str) -> None:
    whole = clips.write(tmp_path / name, [clips.noise(160, 120, n) for n in range(60)], clips.Look(rate=10))
    content = whole.read_bytes()
    cut = tmp_path / f"cut{whole.suffix}"
    cut.write_bytes(content[: int(len(content) * share)])
    assert rejection(cut) == Rejection.TRUNCATED


def test_a_file_without_its_table_for_seeking_is_whole(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "v.mkv", [clips.noise(160, 120, n) for n in range(60)], clips.Look(rate=10))
    content = path.read_bytes()
    path.write_bytes(content[: content.rfind(b"\x1c\x53\xbb\x6b") + 20])
    assert len(read(path)[0]) == 60


def test_a_whole_file_is_not_cut_short(tmp_path: Path, demo_clip: Path) -> None:
    assert not cut_short(demo_clip)
    odd = tmp_path / "x"
    odd.write_bytes(b"\x00\x00\x00\x08ftyp\x00\x00\x00\x00mdat")
    assert cut_short(odd)


def test_a_large_frame_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "v.mp4", [clips.corner_picture(400, 300)], clips.Look(codec="libx264"))
    assert rejection(path, Limits(max_frame_pixels=400 * 300 - 1)) == Rejection.TOO_LARGE_FRAME
    read(path, Limits(max_frame_pixels=400 * 300))


def lying(path: Path, codec: str) -> Path:
    """A clip of 64x48 whose container says 60000x60000."""
    content = clips.write(path, [clips.noise(64, 48)] * 3, clips.Look(codec=codec)).read_bytes()
    true = (64).to_bytes(4, "little") + (48).to_bytes(4, "little")
    assert true in content
    path.write_bytes(content.replace(true, (60_000).to_bytes(4, "little") * 2))
    return path


def test_a_size_that_only_the_container_claims_is_not_believed(tmp_path: Path) -> None:
    _, _, facts = read(lying(tmp_path / "v.avi", "mpeg4"))
    assert (facts.width, facts.height) == (64, 48)


def test_an_impossible_size_is_refused(tmp_path: Path) -> None:
    assert rejection(lying(tmp_path / "v.avi", "rawvideo")) in {Rejection.TOO_LARGE_FRAME, Rejection.NO_FRAMES}


def test_a_long_video_is_refused_by_probe_and_reader(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "v.mp4", [clips.noise(64, 48)] * 30, clips.Look(rate=10))
    assert rejection(path, Limits(max_duration_seconds=2)) == Rejection.TOO_LONG
    with pytest.raises(RejectedVideoError) as caught:
        list(VideoReader(path, Limits(max_duration_seconds=2)))
    assert caught.value.code == Rejection.TOO_LONG


def test_damage_in_the_middle_is_counted(tmp_path: Path, person_clip: Path) -> None:
    content = bytearray(person_clip.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = np.random.default_rng(5).bytes(400)
    path = tmp_path / "v.mp4"
    path.write_bytes(content)
    _, _, facts = read(path)
    assert facts.decode_errors > 0
    assert facts.frames > 15


_FUZZ = """
import json, random, sys
from pathlib import Path
from fastbreak_service.errors import RejectedVideoError
from fastbreak_service.video.frames import VideoReader
from fastbreak_service.video.limits import Limits
from fastbreak_service.video.probe import probe

source, scratch = Path(sys.argv[1]).read_bytes(), Path(sys.argv[2])
outcomes = {}
for seed in range(int(sys.argv[3]), int(sys.argv[4])):
    chance = random.Random(seed)
    content = bytearray(source)
    for _ in range(chance.choice([1, 10, 200])):
        content[chance.randrange(len(content))] = chance.randrange(256)
    scratch.write_bytes(content)
    try:
        probe(scratch, Limits(max_duration_seconds=60))
        reader = VideoReader(scratch, Limits(max_duration_seconds=60))
        for _ in reader:
            pass
        outcome = "damaged" if reader.facts().decode_errors else "clean"
    except RejectedVideoError as error:
        outcome = error.code
    outcomes[outcome] = outcomes.get(outcome, 0) + 1
print(json.dumps(outcomes))
"""


def test_random_damage_ends_in_a_result_or_a_reason(tmp_path: Path) -> None:
    """In a process of its own, as in the service: any other exception or a crash fails the test."""
    pictures = [clips.noise(160, 120, n) for n in range(24)]
    clip = clips.write(tmp_path / "v.mp4", pictures, clips.Look(codec="libx264", rate=20))
    command = [sys.executable, "-c", _FUZZ, str(clip), str(tmp_path / "fuzzed.mp4"), "0", "60"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout)
    assert sum(outcomes.values()) == 60
    assert set(outcomes) <= {"clean", "damaged", *Rejection}
    assert outcomes.get("damaged", 0) > 10
