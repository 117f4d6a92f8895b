# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Known clips through a running service: sent, waited for, read page by page, and erased. Against a real server."""

from __future__ import annotations

import http.server
import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from fastbreak_service.cli import main
from fastbreak_service.clips import ClipError
from fastbreak_service.served import Asked, NotAskedError, line_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANGLE = {"minimum": 1.0, "maximum": 90.5, "mean": 40.25}
ANALYSIS: dict[str, Any] = {
    "id": "a1",
    "status": "succeeded",
    "elapsed_seconds": 4.0,
    "video": {"frames": 100},
    "model": {"name": "blazepose-full", "sha256": "e" * 64},
    "movement": {"events": 2, "findings": 1, "left_out": 0, "looked_seconds": {"landing": 6.5}},
    "error": None,
    "persons": [
        {
            "id": 3,
            "frames": 90,
            "first_frame": 0,
            "last_frame": 89,
            "angles": {"left_knee_flexion": {**ANGLE, "samples": 90, "unit": "degree"}},
        }
    ],
}
EVENTS = [
    {"person": 3, "kind": "jump", "takeoff_frame": 20, "flight": None},
    {"person": 3, "kind": "landing", "contact_frame": 31, "legs": "double"},
    {"person": 9, "kind": "jump", "takeoff_frame": 40},
]
FINDING = {
    "person": 3,
    "measure": "peak_knee_flexion",
    "side": "left",
    "status": "not_clear",
    "words": "so and so",
    "reference": {"citation": "Somebody 2020", "population": "drop jumps", "reading": "abstract"},
    "shown": [{"contact_frame": 31, "frame": 35, "value": 60.0, "error": 5.0, "clears": False}],
}


@dataclass
class _Known:
    """What the server answers, and what it was asked."""

    states: list[str] = field(default_factory=list)
    version: str = "v2"
    refusals: list[int] = field(default_factory=list)
    analysis: dict[str, Any] = field(default_factory=lambda: dict(ANALYSIS))
    erasing: int = 204
    asked: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    body: bytes = b""
    token: str = ""


class _Server(http.server.BaseHTTPRequestHandler):
    known: _Known

    def do_POST(self) -> None:
        self.known.asked.append(f"POST {self.path}")
        self.known.keys.append(self.headers["Idempotency-Key"])
        self.known.names.append(self.headers["X-Fastbreak-Filename"])
        self.known.body = self.rfile.read(int(self.headers["Content-Length"]))
        self.known.token = self.headers["Authorization"] or ""
        if self.known.refusals:
            self._answer(self.known.refusals.pop(0), {"detail": "not now"})
        else:
            self._answer(202, {"id": "a1", "status": "queued"})

    def do_GET(self) -> None:
        self.known.asked.append(f"GET {self.path}")
        below, _question, query = self.path.partition("?")
        if below.endswith("/events"):
            # Two pages.
            first = "after=0" in query
            self._answer(200, {"events": EVENTS[:1] if first else EVENTS[1:], "next": "1" if first else None})
        elif below.endswith("/findings"):
            self._answer(200, {"findings": [FINDING], "next": None})
        else:
            status = self.known.states.pop(0) if self.known.states else self.known.analysis["status"]
            self._answer(200, {**self.known.analysis, "status": status})

    def do_DELETE(self) -> None:
        self.known.asked.append(f"DELETE {self.path}")
        self._answer(self.known.erasing, {})

    def _answer(self, status: int, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode() if status != 204 else b""
        self.send_response(status)
        self.send_header("X-Version", self.known.version)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def known() -> _Known:
    return _Known()


@pytest.fixture
def address(known: _Known) -> Iterator[str]:
    server_of = type("Server", (_Server,), {"known": known})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), server_of) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/analyses"
        server.shutdown()


@pytest.fixture
def clip(tmp_path: Path) -> str:
    path = tmp_path / "a clip.mp4"
    path.write_bytes(b"frames")
    return str(path)


@pytest.fixture
def served(clip: str, address: str, known: _Known) -> tuple[str, str, _Known]:
    return clip, address, known


class Clock:
    """Time that passes by waiting alone."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def line(clip: str, address: str, **more: Any) -> dict[str, Any]:
    clock = Clock()
    asked = Asked(address, 30.0, "X-Version", "v2", **more)
    return line_of(clip, asked, "c" * 40, now=clock.now, sleep=clock.sleep)


def test_a_clip_is_sent_read_and_erased(
    clip: str, address: str, known: _Known, capsys: pytest.CaptureFixture[str]
) -> None:
    known.states = ["queued", "running"]
    found = line(clip, address, headers=(("Authorization", "Bearer x"),))
    assert (known.body, known.token) == (b"frames", "Bearer x")
    assert (known.asked[0], known.names) == ("POST /v1/analyses", ["a%20clip.mp4"])
    assert known.asked[-1] == "DELETE /v1/analyses/a1"
    assert "analysis a1, made to judge this release, is erased" in capsys.readouterr().err
    assert found["models"] == {"pose_landmark_full.tflite": "e" * 64}
    assert (found["golden"], found["clip"], found["frames_per_second"]) == (1, "a clip.mp4", 25.0)
    assert found["persons"] == [
        {"frames": 90, "first_frame": 0, "last_frame": 89, "angles": {"left_knee_flexion": ANGLE}}
    ]
    assert found["events"] == [
        {"person": 1, "kind": "jump", "frame": 20},
        {"person": 1, "kind": "landing", "frame": 31, "legs": "double"},
    ]
    (finding,) = found["findings"]
    assert (finding["reference"], finding["shown"]) == ("Somebody 2020: drop jumps", [{"frame": 35, "value": 60.0}])


def test_an_analysis_from_before_there_were_events_has_none(clip: str, address: str, known: _Known) -> None:
    known.analysis["movement"] = None
    assert not {"events", "findings"} & line(clip, address).keys()


def test_what_passes_is_sent_again_as_the_same(clip: str, address: str, known: _Known) -> None:
    known.refusals = [429, 503, 502]
    assert line(clip, address)["persons"]
    assert len(known.keys) == 4
    assert len(set(known.keys)) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_may_not_says_nothing_of_the_release(clip: str, address: str, known: _Known, status: int) -> None:
    known.refusals = [status]
    with pytest.raises(NotAskedError, match=f"was answered with {status}.*not now"):
        line(clip, address)


def test_a_queue_that_stays_full_says_nothing_of_the_release(clip: str, address: str, known: _Known) -> None:
    known.refusals = [429] * 100
    with pytest.raises(NotAskedError, match="429"):
        line(clip, address)


def test_another_versions_answer_says_nothing_of_the_release(clip: str, address: str, known: _Known) -> None:
    known.version = "v1"
    with pytest.raises(NotAskedError, match="Version v1 answered, where v2 was asked"):
        line(clip, address)


@pytest.mark.parametrize(
    ("refused", "analysis", "told"),
    [
        (500, {}, "was answered with 500"),
        (415, {}, "was answered with 415"),
        (
            0,
            {"status": "failed", "error": {"code": "worker_died", "message": "It died."}},
            r"It died\. \[worker_died\]",
        ),
        (0, {"status": "running"}, "still running after 30 s"),
        (0, {"persons": [{"id": 1}]}, "another form than is known"),
        (0, {"model": None}, "another form than is known"),
    ],
)
def test_a_service_that_cannot_analyse_is_told(
    served: tuple[str, str, _Known], refused: int, analysis: dict[str, Any], told: str
) -> None:
    clip, address, known = served
    known.refusals = [refused] if refused else []
    known.analysis.update(analysis)
    with pytest.raises(ClipError, match=told):
        line(clip, address)
    assert bool(refused) or known.asked[-1].startswith("DELETE")


def test_what_cannot_be_erased_is_told_and_judges_nothing(
    clip: str, address: str, known: _Known, capsys: pytest.CaptureFixture[str]
) -> None:
    known.erasing = 405
    assert line(clip, address)["persons"]
    assert "was answered with 405 when it was to be erased" in capsys.readouterr().err


def test_the_command_tells_apart_who_failed(clip: str, address: str, known: _Known) -> None:
    assert main(["golden", "--through", address, clip]) == 0
    known.refusals = [403]
    assert main(["golden", "--through", address, clip]) == 75
    known.refusals = [500]
    assert main(["golden", "--through", address, clip]) == 1
    assert main(["golden", "--through", "ftp://a", clip]) == 2
    assert main(["golden", "--through", address, "--wait", "0", clip]) == 2
    assert main(["golden", "--through", address, "--header", "X", clip]) == 2
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server) as gone:
        nobody = f"http://127.0.0.1:{gone.server_port}/v1/analyses"
    assert main(["golden", "--through", nobody, clip]) == 75


def test_an_answer_that_names_no_version_is_not_taken_for_the_release(clip: str, address: str, known: _Known) -> None:
    known.version = ""
    with pytest.raises(ClipError, match="names no version in X-Version"):
        line(clip, address)


def test_a_query_of_the_address_goes_with_each_question(clip: str, address: str, known: _Known) -> None:
    assert line(clip, f"{address}?release=new")["persons"]
    assert all("release=new" in asked for asked in known.asked)
    assert "GET /v1/analyses/a1?release=new" in known.asked
    assert known.asked[0] == "POST /v1/analyses?release=new"


@pytest.mark.parametrize(("status", "error"), [("queued", NotAskedError), ("running", ClipError)])
def test_who_waits_behind_others_is_not_judged(
    clip: str, address: str, known: _Known, status: str, error: type[Exception]
) -> None:
    known.states = [status] * 100
    with pytest.raises(error, match=f"still {status} after 30 s"):
        line(clip, address)
