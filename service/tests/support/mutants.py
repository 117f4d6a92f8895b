# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Videos that are none, or broken, or meant to break something: as many as are asked for, the same for each seed."""

from __future__ import annotations

import io
import random
import struct
import zlib
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import av
import numpy as np

from support import clips

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PICTURES = 12
_BASES = (
    ("mp4", "libx264"),
    ("mp4", "mpeg4"),
    ("mov", "mjpeg"),
    ("avi", "mjpeg"),
    ("mkv", "ffv1"),
    ("webm", "libvpx"),
    ("ts", "mpeg2video"),
    ("mpg", "mpeg2video"),
    ("flv", "flv"),
    ("ogg", "libvpx"),
    ("h264", "libx264"),
    ("wmv", "wmv2"),
)
_BOXES = (
    *(b"ftyp", b"moov", b"mvhd", b"trak", b"tkhd", b"mdia", b"mdhd", b"hdlr", b"minf", b"stbl"),
    *(b"stsd", b"stts", b"stss", b"stsc", b"stsz", b"stco", b"elst", b"mdat", b"avcC", b"esds"),
)
_SIZES = (0, 1, 7, 8, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000)
# Without it some containers get ids that are drawn anew each time.
_EXACTLY = {"fflags": "+bitexact"}
_ENCODERS = {"mjpeg": {"strict": "unofficial"}, "libvpx": {"deadline": "good", "cpu-used": "5"}}
NAMES = (
    "../../../../etc/passwd",
    "/etc/passwd",
    "-rf",
    "--version",
    "concat:a.mp4|b.mp4",
    "http:evil.mp4",
    "file:x.mp4",
    "pipe:0",
    "%s%n%d.mp4",
    "frame%03d.png",
    "a*b?.mp4",
    "a b\tc.mp4",
    "a\nSet-Cookie: b=c.mp4",
    "$(touch pwned).mp4",
    "`id`; id | id.mp4",
    "<script>alert(1)</script>.mp4",
    "'; DROP TABLE analyses; --.mp4",
    "\u202e4pm.exe",
    "\u0000x.mp4",
    "e\u0301\U0001f3c0.mp4",
    "n" * 250,
    "NUL",
    ".",
    " ",
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """Bytes that somebody sends under a name, and of which kind they are."""

    kind: str
    name: str
    content: bytes


def bases(folder: Path) -> dict[str, bytes]:
    """Small whole videos by the names of their files, one for each container and codec."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [clips.noise(96, 64, number) for number in range(PICTURES)]
    made: dict[str, bytes] = {}
    for ending, codec in _BASES:
        look = clips.Look(codec=codec, rate=20, encoder=_ENCODERS.get(codec, {}), container=_EXACTLY)
        path = clips.write(folder / f"{codec}.{ending}", pictures, look)
        made[path.name] = path.read_bytes()
    made["sound.mp4"] = clips.write_audio(folder / "sound.mp4").read_bytes()
    made["sound.wav"] = clips.write_audio(folder / "sound.wav").read_bytes()
    return made


def mutants(whole: dict[str, bytes], count: int, seed: int = 0) -> Iterator[Mutant]:
    """So many of them, of each kind in turn."""
    return islice(_endless(whole, random.Random(seed)), count)  # noqa: S311 - the same again


def _endless(whole: dict[str, bytes], chance: random.Random) -> Iterator[Mutant]:
    while True:
        for kind, make in KINDS.items():
            name, content = make(whole, chance)
            yield Mutant(kind, name, content)


type _Made = tuple[str, bytes]


def _any(whole: dict[str, bytes], chance: random.Random, *endings: str) -> _Made:
    return chance.choice([(name, whole[name]) for name in whole if not endings or name.endswith(endings)])


def _truncated(whole: dict[str, bytes], chance: random.Random) -> _Made:
    name, content = _any(whole, chance)
    return name, content[: chance.randrange(len(content))]


def _flipped(whole: dict[str, bytes], chance: random.Random) -> _Made:
    name, content = _any(whole, chance)
    changed = bytearray(content)
    for _ in range(chance.choice((1, 8, 64, 512))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return name, bytes(changed)


def _blanked(whole: dict[str, bytes], chance: random.Random) -> _Made:
    name, content = _any(whole, chance)
    begin, fill = chance.randrange(len(content)), chance.choice((b"\0", b"\xff", b"\x47"))
    length = chance.randrange(1, len(content) - begin + 1)
    return name, content[:begin] + fill * length + content[begin + length :]


def _shuffled(whole: dict[str, bytes], chance: random.Random) -> _Made:
    name, content = _any(whole, chance)
    step = max(1, len(content) // 16)
    parts = [content[place : place + step] for place in range(0, len(content), step)]
    chance.shuffle(parts)
    return name, b"".join(parts)


def _headed(whole: dict[str, bytes], chance: random.Random) -> _Made:
    """The header of one container, and the rest of another."""
    (name, first), (_, second) = _any(whole, chance), _any(whole, chance)
    cut = chance.randrange(4, 256)
    return name, first[:cut] + second[cut:]


def _boxes(whole: dict[str, bytes], chance: random.Random) -> _Made:
    """A box that claims another size, is of another kind, is there again, or lies in itself."""
    name, content = _any(whole, chance, ".mp4", ".mov")
    box = chance.choice([box for box in _BOXES if box in content])
    place = content.index(box) - 4
    size = struct.unpack(">I", content[place : place + 4])[0]
    changed = {
        "size": content[:place] + struct.pack(">I", chance.choice(_SIZES)) + content[place + 4 :],
        "kind": content[: place + 4] + chance.choice(_BOXES) + content[place + 8 :],
        "again": content[:place] + content[place : place + size] * chance.choice((2, 300)) + content[place + size :],
        "gone": content[:place] + content[place + size :],
        "deep": content[:place]
        + b"".join(struct.pack(">I", (500 - depth) * 8) + b"moov" for depth in range(500))
        + content[place:],
    }
    return name, chance.choice(list(changed.values()))


def _field(content: bytes, box: bytes, offset: int, value: int) -> bytes:
    """The video with another number in a box, at so many bytes behind the box's name."""
    place = content.index(box) + 4 + offset
    return content[:place] + struct.pack(">I", value) + content[place + 4 :]


def _rates(whole: dict[str, bytes], chance: random.Random) -> _Made:
    """No frames a second, ten thousand of them, and what lies beyond."""
    name, content = _any(whole, chance, "libx264.mp4", "mpeg4.mp4")
    scale = chance.choice((0, 1, 10_000 * 512, 0x7FFFFFFF, 0xFFFFFFFF))
    delta = chance.choice((0, 1, 512, 0x7FFFFFFF, 0xFFFFFFFF))
    return name, _field(_field(content, b"mdhd", 12, scale), b"stts", 12, delta)


def _long(whole: dict[str, bytes], chance: random.Random) -> _Made:
    """Ten hours, or days, of which there is half a second."""
    name, content = _any(whole, chance, "libx264.mp4", "mpeg4.mp4")
    for box, offset in ((b"mvhd", 16), (b"mdhd", 16), (b"tkhd", 20)):
        if chance.random() < 0.7:
            content = _field(content, box, offset, chance.choice((36_000_000, 0x7FFFFFFF, 0xFFFFFFFF)))
    return name, _field(content, b"stts", 12, chance.choice((512, 36_000 * 10_240 // PICTURES, 0x7FFFFFFF)))


def _counted(whole: dict[str, bytes], chance: random.Random) -> _Made:
    """Tables that claim to have billions of rows."""
    name, content = _any(whole, chance, "libx264.mp4", "mpeg4.mp4")
    box, offset = chance.choice(((b"stts", 4), (b"stsc", 4), (b"stsz", 8), (b"stco", 4), (b"stsd", 4)))
    return name, _field(content, box, offset, chance.choice((0, 0x10000000, 0x7FFFFFFF, 0xFFFFFFFF)))


def _huge(whole: dict[str, bytes], chance: random.Random) -> _Made:
    """16k x 16k, and more, in the container or in the picture's own header."""
    side = chance.choice((16_384, 32_767, 65_535))
    name, content = _any(whole, chance, "libx264.mp4", "mpeg4.mp4", ".mov", ".avi")
    if b"stsd" in content and chance.random() < 0.5:
        place = content.index(b"stsd") + 4 + 8 + 8 + 24
        return name, content[:place] + struct.pack(">HH", side, side) + content[place + 4 :]
    if b"\xff\xc0\x00\x11\x08" in content:
        return name, content.replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", side, side))
    return "bomb.png", _png(side, side)


def _png(width: int, height: int) -> bytes:
    """A picture of nothing, whose bytes unpack to a thousand times as many."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    packer = zlib.compressobj(9)
    row = bytes(1 + width * 3)
    rows = b"".join(packer.compress(row) for _ in range(min(height, 2048))) + packer.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _bomb(_: dict[str, bytes], chance: random.Random) -> _Made:
    """A small file of very many or of large pictures, all of them alike."""
    side, count = chance.choice(((64, 20_000), (2048, 400), (4000, 60)))
    target = io.BytesIO()
    with av.open(target, "w", format="matroska", options=_EXACTLY) as container:
        stream = container.add_stream("libx264", rate=chance.choice((30, 1000)), options={"preset": "ultrafast"})
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = side
        stream.pix_fmt = "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((side, side, 3), np.uint8), format="rgb24")
        packet = next(iter([*stream.encode(picture), *stream.encode()]))
        content = bytes(packet)
        for number in range(count):
            again = av.Packet(content)
            again.stream, again.pts, again.dts, again.time_base = stream, number, number, stream.time_base
            again.is_keyframe = True
            container.mux(again)
    return "bomb.mkv", target.getvalue()


def _sound(whole: dict[str, bytes], chance: random.Random) -> _Made:
    return _any(whole, chance, "sound.mp4", "sound.wav")


_PLAYLISTS = (
    ("list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
    ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nhttp://169.254.169.254/latest/meta-data/\n#EXT-X-ENDLIST\n"),
    ("list.txt", b"ffconcat version 1.0\nfile /etc/passwd\nfile /dev/zero\n"),
    ("list.sdp", b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"),
    ("list.mpd", b"<?xml version='1.0'?><MPD><Period><BaseURL>file:///etc/passwd</BaseURL></Period></MPD>"),
    ("e.xml", b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"),
    ("s.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>"),
    ("s.srt", b"1\n00:00:00,000 --> 10:00:00,000\n<b>text</b>\n"),
)
_TEXTS = (
    ("page.html", b"<!doctype html><title>x</title><script>alert(1)</script>"),
    ("a.json", b'{"a": ' * 5000),
    ("a.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"),
    ("a.exe", b"MZ" + bytes(200)),
    ("a.elf", b"\x7fELF" + bytes(200)),
    ("a.gif", b"GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;"),
    ("a.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9"),
    ("a.bmp", b"BM" + bytes(12) + struct.pack("<IiiHHIIiiII", 40, 30000, 30000, 1, 24, 0, 0, 0, 0, 0, 0)),
    ("a.mp4", b""),
    ("a.mp4", bytes(100_000)),
    ("a.mp4", b"\xff" * 100_000),
)


def _polyglot(whole: dict[str, bytes], chance: random.Random) -> _Made:
    """A video that is something else as well."""
    name, content = _any(whole, chance)
    other = chance.choice((*_TEXTS, *_PLAYLISTS))[1][:4096]
    zipped = b"PK\x05\x06" + bytes(18)
    return name, chance.choice((other + content, content + other, content + zipped, other[:8] + content[8:]))


KINDS: dict[str, Callable[[dict[str, bytes], random.Random], _Made]] = {
    "truncated": _truncated,
    "bits flipped": _flipped,
    "blanked": _blanked,
    "shuffled": _shuffled,
    "another's header": _headed,
    "boxes": _boxes,
    "frame rates": _rates,
    "long claims": _long,
    "row counts": _counted,
    "huge frames": _huge,
    "frame bombs": _bomb,
    "sound alone": _sound,
    "playlists": lambda _, chance: chance.choice(_PLAYLISTS),
    "no video": lambda _, chance: chance.choice(_TEXTS),
    "noise": lambda _, chance: ("a.mp4", chance.randbytes(chance.randrange(1, 50_000))),
    "polyglots": _polyglot,
    "names": lambda whole, chance: (chance.choice(NAMES), _any(whole, chance)[1]),
}
