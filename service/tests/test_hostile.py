# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Whatever the decoder raises, and however much of a file is left, ends in a result or in a reason."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbreak_service.errors import RejectedVideoError, Rejection
from fastbreak_service.video import decoding, ebml, frames
from fastbreak_service.video.boxes import cut_short
from fastbreak_service.video.decoding import Tally
from fastbreak_service.video.frames import VideoReader
from fastbreak_service.video.guard import rejecting
from fastbreak_service.video.limits import Limits
from fastbreak_service.video.probe import probe
from support import clips
from support.pictures import rgb

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# What Python, NumPy and PyAV raise by themselves; each stands for its kind.
KINDS: list[Exception] = [
    ValueError("cannot decode unknown codec"),
    TypeError("an integer is required"),
    MemoryError(),
    OverflowError("Python int too large to convert to C int"),
    ZeroDivisionError("Fraction(1, 0)"),
    AssertionError(),
    AttributeError("'NoneType' object has no attribute 'width'"),
    IndexError("list index out of range"),
    KeyError("side data"),
    NotImplementedError("pixel format"),
    RuntimeError("generator raised StopIteration"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    OSError(5, "Input/output error", "/tmp/secret/place"),  # noqa: S108
    av.InvalidDataError(1094995529, "Invalid data found when processing input", "/tmp/secret/place"),  # noqa: S108
    av.PatchWelcomeError(1163346256, "Not yet implemented"),
]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip with nothing wrong, 24 frames."""
    path = tmp_path_factory.mktemp("hostile") / "v.mp4"
    return clips.write(path, [clips.noise(96, 64, n) for n in range(24)], clips.Look(codec="libx264", rate=20))


def outcome(path: Path) -> str:
    """What comes of a file: the number of its frames, or the code of its rejection."""
    try:
        probe(path, Limits())
        return str(sum(1 for _ in VideoReader(path, Limits())))
    except RejectedVideoError as error:
        rejection = error
    assert rejection.message.endswith(".")
    assert "Traceback" not in rejection.message
    assert str(path) not in rejection.message
    return rejection.code


@pytest.mark.parametrize("error", KINDS, ids=lambda error: type(error).__name__)
def test_every_exception_becomes_a_rejection_with_its_reason(error: Exception) -> None:
    with pytest.raises(RejectedVideoError) as caught, rejecting(Rejection.UNDECODABLE, "It cannot be read."):
        raise error
    assert caught.value.code == Rejection.UNDECODABLE
    assert caught.value.message.startswith("It cannot be read. The decoder says: ")
    assert "secret" not in caught.value.message


def test_a_rejection_stays_what_it_is() -> None:
    with pytest.raises(RejectedVideoError) as caught, rejecting(Rejection.UNDECODABLE, "It cannot be read."):
        raise RejectedVideoError(Rejection.TOO_LONG, "Too long.")
    assert caught.value.code == Rejection.TOO_LONG


def _raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise error

    return fail


@pytest.mark.parametrize("error", KINDS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("place", ["open", "stream", "picture", "orientation", "clock"])
def test_an_exception_at_any_step_is_a_rejection(
    monkeypatch: pytest.MonkeyPatch, good: Path, error: Exception, place: str
) -> None:
    targets = {
        "open": (av, "open"),
        "stream": (sys.modules["fastbreak_service.video.container"], "main_stream"),
        "picture": (frames, "upright"),
        "orientation": (frames, "square_size"),
        "clock": (frames, "Clock"),
    }
    monkeypatch.setattr(*targets[place], _raising(error))
    with pytest.raises(RejectedVideoError):
        list(VideoReader(good, Limits()))


class _Packet:
    """A packet whose decoding raises."""

    is_corrupt, is_discard, is_keyframe, size, pts = False, False, False, 1, 0

    def __init__(self, error: Exception) -> None:
        self.decode = _raising(error)


@pytest.mark.parametrize("error", KINDS, ids=lambda error: type(error).__name__)
def test_a_packet_that_cannot_be_decoded_is_damage_or_a_rejection(error: Exception) -> None:
    tally = Tally()
    try:
        assert decoding.decoded(_Packet(error), tally) == []  # type: ignore[arg-type]
    except RejectedVideoError:
        assert not isinstance(error, av.FFmpegError)
    else:
        assert isinstance(error, av.FFmpegError)
        assert tally.errors == 1


@pytest.mark.parametrize("packets", [1, 7, 8, 20])
@pytest.mark.parametrize("late", [False, True])
def test_damage_at_the_end_is_told_however_short_the_stream_is(packets: int, *, late: bool) -> None:
    reported = 0
    tally = Tally(open_ended=True, pictures=packets, reports=lambda: reported)
    for number in range(packets):
        tally.packet(_Packet(ValueError()))  # type: ignore[arg-type]
        reported += late and number == packets - 1
    if late:
        with pytest.raises(RejectedVideoError, match="cut short"):
            tally.check()
    else:
        tally.check()


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7])
def test_a_file_whose_rest_is_empty_is_no_success(good: Path, tmp_path: Path, share: float) -> None:
    """As a download that reserved its space and broke off leaves it: the length is right and the rest is zeros."""
    content = good.read_bytes()
    begin = content.index(b"mdat") + 4
    end = content.index(b"moov") - 4
    kept = begin + int((end - begin) * share)
    path = tmp_path / "v.mp4"
    path.write_bytes(content[:kept] + bytes(end - kept) + content[end:])
    # The first picture may be among what is empty.
    assert outcome(path) in ({Rejection.TRUNCATED, Rejection.NO_FRAMES} if share == 0.1 else {Rejection.TRUNCATED})


@pytest.mark.parametrize("name", ["v.mkv", "v.avi", "v.flv", "v.wmv", "v.mov", "v.webm"])
def test_half_a_file_is_no_success(tmp_path: Path, name: str) -> None:
    codec = {"webm": "libvpx", "flv": "flv", "wmv": "wmv2"}.get(name[2:], "mpeg4")
    pictures = [clips.noise(96, 64, n) for n in range(60)]
    whole = clips.write(tmp_path / name, pictures, clips.Look(codec=codec, rate=20))
    assert outcome(whole) == "60"
    content = whole.read_bytes()
    half = tmp_path / f"half-{name}"
    for share in (0.4, 0.8):
        half.write_bytes(content[: int(len(content) * share)])
        assert outcome(half) in {Rejection.TRUNCATED, Rejection.NOT_A_VIDEO, Rejection.NO_FRAMES}, share


CODECS = {"h264": "libx264", "264": "libx264", "m4v": "mpeg4", "ogg": "libvpx", "hevc": "libx265"}
QUICK = {"libx265": {"preset": "ultrafast", "x265-params": "log-level=none"}, "libvpx": {"deadline": "realtime"}}


@pytest.mark.parametrize(
    "name", ["v.h264", "v.hevc", "v.m2v", "v.mpg", "v.ts", "v.264.ts", "v.hevc.ts", "v.ogg", "v.m4v"]
)
def test_half_a_file_that_announces_nothing_is_no_success(tmp_path: Path, name: str) -> None:
    codec, pictures = CODECS.get(name.split(".")[1], "mpeg2video"), 40
    look = clips.Look(codec=codec, rate=25, encoder=QUICK.get(codec, {}))
    whole = clips.write(tmp_path / name, [clips.noise(192, 96, n) for n in range(pictures)], look)
    assert outcome(whole) == str(pictures)
    content = whole.read_bytes()
    half = tmp_path / f"half-{name}"
    for share in (0.2, 0.4, 0.63, 0.8):
        length = int(len(content) * share)
        if name.endswith("ts"):
            # Cut within a packet it is told at once. Here it is cut between two, and within a picture: what begins with
            # the next packet is nothing new. A recording that ends with a picture is just a short one.
            length -= length % 188
            while content[length + 1] & 0x40:
                length -= 188
        half.write_bytes(content[:length])
        assert outcome(half) in {Rejection.TRUNCATED, Rejection.NO_FRAMES, Rejection.NOT_A_VIDEO}, share


@pytest.mark.parametrize("options", ["bframes=4:open-gop=1:keyint=10", "keyint=1"])
def test_every_byte_of_the_last_picture_counts(tmp_path: Path, options: str) -> None:
    """A raw HEVC stream without its last bytes, more and more of them, down to the trailing bits that nobody reads."""
    look = clips.Look(
        codec="libx265", rate=25, encoder={"preset": "ultrafast", "x265-params": f"log-level=none:{options}"}
    )
    content = clips.write(tmp_path / "v.hevc", [clips.noise(64, 64, n) for n in range(12)], look).read_bytes()
    for missing in (0, 8, 16, 40, 80):
        (tmp_path / "v.hevc").write_bytes(content[: len(content) - missing])
        assert outcome(tmp_path / "v.hevc") == (Rejection.TRUNCATED if missing else "12"), missing


@pytest.mark.parametrize("packet", [188, 192, 204])
def test_a_transport_stream_that_ends_within_a_packet_is_cut(tmp_path: Path, packet: int) -> None:
    sync = bytes(4 if packet == 192 else 0) + b"\x47"
    content = b"".join(sync + bytes([number]) * (packet - len(sync)) for number in range(9))
    for missing in (0, 1, 100, packet - 1):
        path = tmp_path / f"{missing}.ts"
        path.write_bytes(content[: len(content) - missing])
        assert cut_short(path) is (missing > 0)


@pytest.mark.parametrize("name", ["v.h264", "v.m2v", "v.mpg", "v.ts", "v.ogg", "v.mxf", "v.m4v"])
def test_a_whole_file_that_announces_nothing_is_read(tmp_path: Path, name: str) -> None:
    codec = CODECS.get(name[2:], "mpeg2video")
    pictures = [clips.noise(128, 96, n) for n in range(30)]
    path = clips.write(tmp_path / name, pictures, clips.Look(codec=codec, rate=25))
    assert outcome(path) == "30"


@pytest.mark.parametrize("seed", range(24))
def test_a_hostile_header_ends_in_a_result_or_a_reason(good: Path, tmp_path: Path, seed: int) -> None:
    """Durations, rates, sizes, counts and codec names of the index, overwritten with zeros, ones and noise."""
    chance = np.random.default_rng(seed)
    content = bytearray(good.read_bytes())
    index = content.index(b"moov")
    for _ in range(int(chance.integers(1, 6))):
        place = int(chance.integers(index + 4, len(content) - 8))
        fill = [bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff", chance.bytes(4)][int(chance.integers(4))]
        content[place : place + 4] = fill
    path = tmp_path / "v.mp4"
    path.write_bytes(content)
    command = "import sys; sys.path[:0] = sys.argv[2:]; from test_hostile import outcome; from pathlib import Path; "
    if seed:
        assert outcome(path)
        return
    # Once in a process of its own, as in the service.
    done = subprocess.run(
        [sys.executable, "-c", command + "print(outcome(Path(sys.argv[1])))", str(path), *sys.path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("rate", [1, 1000, 60_000])
def test_any_rate_is_measured_not_believed(tmp_path: Path, rate: int) -> None:
    path = clips.write(tmp_path / "v.mkv", [clips.noise(64, 48, n) for n in range(5)], clips.Look(rate=rate))
    assert outcome(path) == "5"


# By the container and what it is told to leave out; a decoder shows the end of some codecs, of others nobody does.
CUT = [
    ("v.mp4", "libx264", {}),
    ("v.mp4", "libx264", {"movflags": "frag_keyframe+empty_moov"}),
    ("v.mkv", "libx264", {}),
    ("v.mkv", "ffv1", {"live": "1"}),
    ("v.webm", "libvpx", {"live": "1"}),
    ("v.flv", "flv", {}),
    ("v.flv", "flv", {"flvflags": "no_duration_filesize"}),
    ("v.mxf", "mpeg2video", {}),
    ("v.avi", "mpeg4", {}),
]


@pytest.mark.parametrize(("name", "codec", "options"), CUT, ids=range(len(CUT)))
def test_a_file_that_ends_in_a_packet_is_truncated_however_little_is_missing(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    look = clips.Look(codec=codec, rate=25, container=options)
    whole = clips.write(tmp_path / name, [clips.noise(96, 64, n) for n in range(30)], look).read_bytes()
    assert outcome(tmp_path / name) == "30"
    for share in (0.3, 0.6, 0.9):
        (tmp_path / name).write_bytes(whole[: int(share * len(whole))])
        assert outcome(tmp_path / name) == Rejection.TRUNCATED, share


@given(st.binary(max_size=64))
def test_any_outline_is_read_to_an_answer(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("outline") / "v.webm"
    path.write_bytes(ebml.MAGIC + content)
    assert ebml.cut_short(path) in (True, False)


_LEFT_IN_THE_MIDDLE = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from fastbreak_service.errors import RejectedVideoError
from fastbreak_service.video.frames import VideoReader
from fastbreak_service.video.limits import Limits
for _ in range(10):
    try:
        list(VideoReader(Path(sys.argv[1]), Limits()))
    except RejectedVideoError as error:
        print(error.code)
"""


def test_a_decoder_left_in_the_middle_of_its_pictures_ends(tmp_path: Path) -> None:
    """Its threads have damage to report while it is freed, which takes the interpreter that frees it."""
    look = clips.Look(codec="libx264", pixel_aspect=Fraction(1, 100))
    path = clips.write(tmp_path / "v.mp4", [clips.noise(160, 120, n) for n in range(10)], look)
    content = bytearray(path.read_bytes())
    begin = content.find(b"mdat")
    content[begin + len(content) // 4 : begin + len(content) // 2 : 97] = b"\0" * len(
        content[begin + len(content) // 4 : begin + len(content) // 2 : 97]
    )
    path.write_bytes(content)
    command = [sys.executable, "-c", _LEFT_IN_THE_MIDDLE, str(path), *sys.path]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout.split() == [Rejection.UNSUPPORTED_SHAPE] * 10


def _joined(tmp_path: Path, *sizes: tuple[int, int]) -> Path:
    path = tmp_path / "v.h264"
    parts = [
        clips.write(path, [clips.corner_picture(*size)] * 6, clips.Look(codec="libx264")).read_bytes() for size in sizes
    ]
    path.write_bytes(b"".join(parts))
    return path


def test_pictures_that_turn_larger_or_smaller_are_shown_as_large_as_the_first(tmp_path: Path) -> None:
    frames_read = list(VideoReader(_joined(tmp_path, (160, 120), (320, 240), (80, 60)), Limits()))
    assert [frame.picture.planes[0].shape for frame in frames_read] == [(120, 160)] * 18
    for frame in frames_read:
        assert rgb(frame.picture)[10:50, 10:70].min() > 200
        assert rgb(frame.picture)[70:, 90:].max() < 50


def test_pictures_that_turn_wider_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RejectedVideoError, match="160x120 to 320x120") as caught:
        list(VideoReader(_joined(tmp_path, (160, 120), (320, 120)), Limits()))
    assert caught.value.code == Rejection.UNSUPPORTED_SHAPE


def test_the_last_picture_lasts_as_long_as_the_one_before_it(tmp_path: Path) -> None:
    stamps = (0, 10, 200_000, 200_010)
    path = clips.write(tmp_path / "v.mkv", [clips.noise(64, 48, n) for n in range(4)], clips.Look(stamps=stamps))
    reader = VideoReader(path, Limits())
    assert len(list(reader)) == 4
    assert reader.facts().duration_seconds == pytest.approx(200.02)
