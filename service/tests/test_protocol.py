# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a decoder that was taken over may say, and what the server makes of it."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from dataclasses import asdict, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbreak_service.errors import RejectedVideoError, Rejection
from fastbreak_service.movement.values import MOST_EVENTS
from fastbreak_service.segments.cutting import Segment
from fastbreak_service.video.completeness import Completeness
from fastbreak_service.video.limits import Limits
from fastbreak_service.worker import client
from fastbreak_service.worker.protocol import (
    AnyJob,
    Cover,
    Job,
    Join,
    Look,
    event_line,
    parse_event,
    parse_job,
    parse_verdict,
)
from support.reports import trails

if TYPE_CHECKING:
    from pathlib import Path

VIDEO = {
    "width": 4,
    "height": 3,
    "frames_per_second": 1.5,
    "frames": 2,
    "duration_seconds": 10.0,
    "decode_errors": 0,
    "completeness": "unknown",
    "remarks": [{"kind": "damaged", "from_seconds": 1.0, "to_seconds": 2.0, "words": "Damaged."}],
}
SUMMARY = {"minimum": 1.0, "maximum": 2.0, "mean": 1.5, "samples": 2, "unit": "degree"}
PERSON = {"id": 1, "frames": 2, "first_frame": 0, "last_frame": 1, "angles": {"trunk_lean": SUMMARY}}
MOVEMENT = asdict(trails().reviewed(30))
MOVED = MOVEMENT["persons"][0]
DOUBT = {"kind": "may_be_one", "person": 1, "other": 1, "seconds": 0.5, "words": "As large."}
RESULT = {
    "video": VIDEO,
    "model": {"name": "m", "sha256": "s"},
    "persons": [PERSON],
    "movement": MOVEMENT,
    "doubts": [DOUBT],
}
READY = event_line("ready", offline=True, files=True)
FIRST = Segment(0, 2, -0.5, 0.0, 0.0, 60.0, 0, 1800, 640, 480, Completeness.WHOLE)
CUT = [asdict(FIRST), asdict(replace(FIRST, number=1, lead_seconds=58.0, start_seconds=60.0, end_seconds=120.5))]
GOOD = [
    READY,
    event_line("done", id="a", result=RESULT),
    event_line("failed", id="a", code="truncated", message="Cut short."),
    event_line("failed", id="a", code="internal_error", message="x"),
    event_line("looked", id="a", frames=3, spent_seconds=0.5),
    event_line("spent", id="a", frames=3, spent_seconds=0.5),
    event_line("cut", id="a", segments=CUT),
]


def _looked(**values: float) -> str:
    """An event whose kinds were looked for in other seconds."""
    looked = MOVEMENT["looked_seconds"] | values
    return event_line("done", id="a", result=RESULT | {"movement": MOVEMENT | {"looked_seconds": looked}})


def _changed(of: str, **values: object) -> str:
    """An event whose first landing or finding has other values."""
    said = [MOVED[of][0] | values, *MOVED[of][1:]]
    return event_line("done", id="a", result=RESULT | {"movement": MOVEMENT | {"persons": [MOVED | {of: said}]}})


BAD = [
    "",
    "null",
    "[]",
    "7",
    "{",
    "[" * 100_000,
    "{}",
    event_line("made_up"),
    json.dumps({"event": ["done"]}),
    event_line("ready", offline="no", files=True),
    event_line("failed", id="a", code="made_up_by_a_file", message="x"),
    event_line("failed", id="a", code="truncated", message="x\n{}"),
    event_line("failed", id="a", code="truncated", message="x" * 2000),
    event_line("failed", id=7, code="truncated", message="x"),
    event_line("failed", id="a", code=["truncated"], message="x"),
    event_line("done", id="a", result=None),
    event_line("done", id="a", result=RESULT | {"more": 1}),
    event_line("done", id="a", result=RESULT | {"video": VIDEO | {"frames": float("nan")}}),
    event_line("done", id="a", result=RESULT | {"video": VIDEO | {"frames": "2"}}),
    event_line("done", id="a", result=RESULT | {"video": VIDEO | {"frames": 10**400}}),
    event_line("done", id="a", result=RESULT | {"model": {"name": "m"}}),
    event_line("done", id="a", result=RESULT | {"persons": {}}),
    event_line("done", id="a", result=RESULT | {"persons": [PERSON | {"id": 2**31}]}),
    event_line("done", id="a", result=RESULT | {"persons": [PERSON | {"frames": -1}]}),
    event_line("done", id="a", result=RESULT | {"persons": [PERSON | {"frames": True}]}),
    event_line("done", id="a", result=RESULT | {"persons": [PERSON | {"angles": {"made_up": SUMMARY}}]}),
    event_line("done", id="a", result=RESULT | {"persons": [PERSON | {"angles": {"trunk_lean": 7}}]}),
    event_line("done", id="a", result={name: value for name, value in RESULT.items() if name != "movement"}),
    event_line("done", id="a", result=RESULT | {"movement": None}),
    event_line("done", id="a", result=RESULT | {"movement": MOVEMENT | {"left_out": -1}}),
    event_line("done", id="a", result=RESULT | {"movement": MOVEMENT | {"persons": [MOVED | {"person": 2}]}}),
    event_line("done", id="a", result=RESULT | {"movement": MOVEMENT | {"persons": [MOVED, MOVED]}}),
    event_line("done", id="a", result=RESULT | {"persons": [PERSON, PERSON]}),
    event_line("done", id="a", result=RESULT | {"movement": MOVEMENT | {"looked_seconds": {}}}),
    _looked(jane_doe=1.0),
    _looked(cut=-0.1),
    _looked(cut=11.1),
    _looked(cut=1e308),
    _looked(cut=float("nan")),
    event_line("done", id="a", result=RESULT | {"doubts": [DOUBT | {"other": 2}]}),
    event_line("done", id="a", result=RESULT | {"doubts": [DOUBT | {"kind": "twins"}]}),
    event_line("done", id="a", result=RESULT | {"doubts": [DOUBT] * 201}),
    event_line(
        "done",
        id="a",
        result=RESULT
        | {"movement": MOVEMENT | {"persons": [MOVED | {"events": MOVED["events"][:1] * (MOST_EVENTS + 1)}]}},
    ),
    _changed("events", contact_frame=-1),
    _changed("events", contact_frame=True),
    _changed("events", contact_seconds=float("inf")),
    _changed("events", contact_seconds=10**400),
    _changed("events", contact_frame=10**400),
    _changed("events", kind="fall"),
    _changed("events", legs="three"),
    _changed("events", measures=[{}]),
    _changed("events", view=None),
    _changed("findings", words="x\0"),
    _changed("findings", words="x" * 1001),
    _changed("findings", status="injured"),
    _changed("findings", more=1),
    event_line("looked", id="a", frames=3),
    event_line("looked", id="a", frames=3, spent_seconds=-1),
    event_line("spent", id="a", frames=-3, spent_seconds=1),
    event_line("looked", id="a", frames=3, spent_seconds=float("inf")),
    event_line("cut", id="a", segments=CUT[:1]),
    event_line("cut", id="a", segments=None),
    event_line("cut", id="a", segments=[CUT[0], 7]),
    event_line("cut", id="a", segments=[CUT[0], CUT[1] | {"start_seconds": 61.0}]),
    event_line("cut", id="a", segments=[CUT[0], CUT[1] | {"end_seconds": 60.0}]),
    event_line("cut", id="a", segments=[CUT[0], CUT[1] | {"number": 0}]),
    event_line("cut", id="a", segments=[CUT[0], CUT[1] | {"completeness": "x"}]),
    event_line("cut", id="a", segments=[CUT[0], CUT[1] | {"more": 1}]),
]


def test_every_job_comes_back_from_its_line() -> None:
    jobs: list[AnyJob] = [
        Job("a", "v", "m.csv", Limits(), 60.0),
        Look("a", "v", FIRST, "s", Limits(5)),
        Join("a", [(FIRST, "s"), (FIRST, None)], "m.csv", Limits()),
        Cover("a", "v", "f", [[[1.0, [2.0, None]]]], [[1.0, 2.0]], Limits()),  # type: ignore[list-item] # JSON has no tuples
    ]
    assert [parse_job(job.line()) for job in jobs] == jobs


@pytest.mark.parametrize("line", GOOD, ids=range(len(GOOD)))
def test_an_event_of_a_known_form_is_taken(line: str) -> None:
    assert parse_event(line.encode()) == json.loads(line)


@pytest.mark.parametrize("line", BAD, ids=range(len(BAD)))
def test_any_other_event_is_none(line: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_event(line.encode())


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["event", "id", "result"]), inner),
)


@given(st.binary() | _JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_is_an_event_a_verdict_or_a_value_error(line: bytes) -> None:
    for parse in (parse_event, parse_verdict):
        try:
            parse(line)
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("output", "verdict"),
    [
        (b'{"code": null, "message": null}\n', None),
        (b'noise\n{"code": "truncated", "message": "x"}\n', (Rejection.TRUNCATED, "x")),
    ],
)
def test_a_verdict_is_read(output: bytes, verdict: tuple[Rejection, str] | None) -> None:
    assert parse_verdict(output) == verdict


@pytest.fixture
def impostor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of the decoder; it says what the file beside it holds, then waits for its end."""
    said = tmp_path / "said"
    program = tmp_path / "impostor"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.stdout.write(open({str(said)!r}).read())\nsys.stdout.flush()\n"
        "sys.stdin.readline()\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(client, "sys", SimpleNamespace(executable=str(program)))
    return said


ANSWERS = [*BAD[2:], GOOD[1], GOOD[2], READY, "x" * (client._LINE_BYTES + 1)]


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_a_worker_that_says_anything_else_is_ended_and_replaced(impostor: Path, tmp_path: Path, answer: str) -> None:
    """Not even a well-formed answer counts when it is another job's: it was said before the job was given."""
    impostor.write_text(READY + answer + "\n")
    worker = client.Worker(tmp_path, tmp_path, 60)

    async def run() -> object:
        await worker.start()
        return await worker.analyse(Job("the job", "v", "m", Limits()))

    with pytest.raises(client.WorkerDiedError):
        asyncio.run(run())
    assert worker.pid is None


def test_what_a_worker_says_is_checked_beside_the_servers_loop(
    impostor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer may be megabytes, and health checks do not wait for it."""
    checked: list[bool] = []

    def check(line: bytes) -> dict[str, Any]:
        checked.append(threading.current_thread() is threading.main_thread())
        return parse_event(line)

    monkeypatch.setattr(client, "parse_event", check)
    impostor.write_text(READY)
    worker = client.Worker(tmp_path, tmp_path, 60)

    async def run() -> None:
        await worker.start()
        await worker.stop()

    asyncio.run(run())
    assert checked == [False]


def test_whoever_waits_for_an_answer_takes_no_time(impostor: Path, tmp_path: Path) -> None:
    """And is told how much work it may be."""
    asks = event_line("spent", id="the job", frames=3, spent_seconds=1.5)
    program = tmp_path / "impostor"
    program.write_text(
        f"#!{sys.executable}\nimport json, sys\nsys.stdout.write({READY + asks!r})\nsys.stdout.flush()\n"
        "sys.stdin.readline()\nallowed = json.loads(sys.stdin.readline())['allowed_seconds']\n"
        "print(json.dumps({'event': 'looked', 'id': 'the job', 'frames': 4, 'spent_seconds': allowed}), flush=True)\n"
        "sys.stdin.readline()\n"
    )
    worker = client.Worker(tmp_path, tmp_path, 0.5)
    asked: list[tuple[float, int]] = []

    async def allow(seconds: float, frames: int) -> float:
        asked.append((seconds, frames))
        await asyncio.sleep(1)
        return 7.25

    async def run() -> tuple[int, float]:
        await worker.start()
        try:
            return await worker.look(Look("the job", "v", FIRST, "s", Limits()), allow)
        finally:
            await worker.stop()

    assert asyncio.run(run()) == (4, 7.25)
    assert asked == [(1.5, 3)]


def test_whoever_asks_what_is_not_theirs_to_ask_is_ended(impostor: Path, tmp_path: Path) -> None:
    """A whole video is no segment, and another job's question is none of this one's."""
    worker = client.Worker(tmp_path, tmp_path, 60)

    async def allow(_seconds: float, _frames: int) -> float:
        raise AssertionError

    async def run(look: bool) -> object:
        await worker.start()
        if look:
            return await worker.look(Look("the job", "v", FIRST, "s", Limits()), allow)
        return await worker.analyse(Job("the job", "v", "m", Limits()))

    for look, asks in ((True, "another"), (False, "the job")):
        impostor.write_text(READY + event_line("spent", id=asks, frames=3, spent_seconds=1.5))
        with pytest.raises(client.WorkerDiedError):
            asyncio.run(run(look))


@pytest.mark.parametrize(
    ("questions", "answered"),
    [
        ([(1.5, 3), (1.5, 3)], [1.5]),
        ([(1.5, 3), (11.4, 90)], [1.5]),
        ([(1.5, 3), (11.6, 2)], [1.5]),
        ([(1.5, 3), (11.6, 90), (21.7, 90), (30.1, 200)], [1.5, 11.6, 21.7]),
        ([(1.5, 3), (50.0, 90), (51.0, 91)], [1.5, 50.0]),
    ],
    ids=["the same again", "within what it may be", "frames go back", "after a while", "after a no"],
)
def test_whoever_asks_again_without_being_further_is_not_answered(
    questions: list[tuple[float, int]], answered: list[float]
) -> None:
    """Each question holds the time limit, and costs the database a transaction."""
    asked: list[float] = []

    async def allow(seconds: float, _frames: int) -> float:
        asked.append(seconds)
        return seconds + 10 if seconds < 40 else seconds

    async def run() -> None:
        answers = client.Questions(allow)
        for seconds, frames in questions:
            await answers.answer(seconds, frames)

    with pytest.raises(client.WorkerDiedError, match="more work than it had done"):
        asyncio.run(run())
    assert asked == answered


def test_a_decoder_that_asks_without_end_is_ended(impostor: Path, tmp_path: Path) -> None:
    asks = event_line("spent", id="the job", frames=0, spent_seconds=0.0)
    program = tmp_path / "impostor"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.stdout.write({READY!r})\nsys.stdout.flush()\n"
        f"while sys.stdin.readline():\n    sys.stdout.write({asks!r})\n    sys.stdout.flush()\n"
    )
    worker = client.Worker(tmp_path, tmp_path, 60)
    asked: list[float] = []

    async def allow(seconds: float, _frames: int) -> float:
        asked.append(seconds)
        return 10.0

    async def run() -> object:
        await worker.start()
        return await worker.look(Look("the job", "v", FIRST, "s", Limits()), allow)

    with pytest.raises(client.WorkerDiedError):
        asyncio.run(run())
    assert (asked, worker.pid) == ([0.0], None)


def test_an_analysis_that_takes_too_long_is_ended(impostor: Path, tmp_path: Path) -> None:
    program = tmp_path / "impostor"
    program.write_text(program.read_text().replace("sys.stdin.readline()", "sys.stdin.read()"))
    impostor.write_text(READY)
    worker = client.Worker(tmp_path, tmp_path, 0.2)

    async def run() -> object:
        await worker.start()
        return await worker.analyse(Job("the job", "v", "m", Limits()))

    with pytest.raises(client.AnalysisTimeoutError) as caught:
        asyncio.run(run())
    assert caught.value.code == "timed_out"
    assert worker.pid is None


@pytest.mark.parametrize("output", ["", "null", '{"code": "made_up", "message": "x"}', '{"code": "truncated"}'])
def test_a_probe_that_says_anything_else_refuses_the_video(impostor: Path, tmp_path: Path, output: str) -> None:
    impostor.write_text(output)
    with pytest.raises(RejectedVideoError) as caught:
        asyncio.run(client.probe(tmp_path / "v", Limits()))
    assert caught.value.code == Rejection.NOT_A_VIDEO
