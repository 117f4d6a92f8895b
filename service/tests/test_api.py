# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The API against a running service and a real database."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from fastbreak_service.api.openapi import document
from fastbreak_service.api.parts import Parts
from fastbreak_service.api.routes import make_routes
from fastbreak_service.movement.values import KINDS
from support import clips
from support.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from support.postgres import Postgres

SETTINGS = Path(__file__).resolve().parents[1] / "schemathesis.toml"
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def analysed(service: Service, person_clip: Path) -> dict[str, Any]:
    """An analysis that succeeded."""
    return service.wait_for(service.accepted(person_clip.read_bytes(), filename="run.mp4"))


def code(answer: httpx.Response) -> str:
    """The error code of an answer; its form is checked on the way."""
    said = answer.json()
    error = said["error"]
    assert set(error) == {"code", "message"}
    assert answer.headers["content-type"] == "application/problem+json"
    assert (said["type"], said["status"]) == (f"urn:fastbreak:problem:{error['code']}", answer.status_code)
    assert (said["detail"], bool(said["title"])) == (error["message"], True)
    assert error["message"].endswith((".", "`."))
    found: str = error["code"]
    return found


def test_alive_and_ready(service: Service) -> None:
    assert service.http.get("/healthz").status_code == 200
    assert service.http.get("/readyz").json() == {"status": "ready"}


def test_an_accepted_video_has_a_location(service: Service, plain_clip: Path) -> None:
    answer = service.send(plain_clip.read_bytes())
    assert answer.status_code == 202
    assert answer.json() == {"id": answer.json()["id"], "status": "queued"}
    assert answer.headers["location"] == f"/v1/analyses/{answer.json()['id']}"
    service.wait_for(answer.json()["id"])


def test_the_result_says_what_was_seen(analysed: dict[str, Any], models_directory: Path) -> None:
    assert analysed["status"] == "succeeded"
    assert analysed["error"] is None
    assert (analysed["filename"], analysed["footage_until"]) == ("run.mp4", None)
    assert analysed["elapsed_seconds"] > 0
    assert analysed["created_at"] <= analysed["started_at"] <= analysed["finished_at"]
    video = analysed["video"]
    assert (video["width"], video["height"], video["frames"], video["decode_errors"]) == (884, 496, 30, 0)
    assert video["frames_per_second"] == pytest.approx(30)
    assert video["duration_seconds"] == pytest.approx(1)
    assert analysed["model"]["name"] == "blazepose-full"
    assert len(analysed["model"]["sha256"]) == 64
    assert set(analysed["movement"].pop("looked_seconds")) == set(KINDS)
    assert analysed["movement"] == {"events": 0, "findings": 0, "left_out": 0}
    assert [person["id"] for person in analysed["persons"]] == [1, 2]
    for person in analysed["persons"]:
        assert 20 <= person["frames"] <= 30
        knee = person["angles"]["right_knee_flexion"]
        assert knee["minimum"] <= knee["mean"] <= knee["maximum"]
        assert 0 < knee["samples"] <= person["frames"]
        assert knee["unit"] == "degree"


def test_the_list_has_the_newest_first(service: Service, analysed: dict[str, Any], plain_clip: Path) -> None:
    newer = service.accepted(plain_clip.read_bytes())
    service.wait_for(newer)
    listed = service.http.get("/v1/analyses", params={"limit": 100}).json()["analyses"]
    order = [entry["id"] for entry in listed]
    assert order.index(newer) < order.index(analysed["id"])
    assert len(service.http.get("/v1/analyses", params={"limit": 1}).json()["analyses"]) == 1


def test_pages_of_analyses_make_up_the_whole(service: Service, analysed: dict[str, Any], postgres: Postgres) -> None:
    """Also where many were made in the same moment, and while new ones arrive."""
    with postgres.connect(service.environment["FASTBREAK_DATABASE_NAME"]) as connection:
        connection.execute(
            "INSERT INTO analyses (id, status, size_bytes, owner, service_version, created_at) "
            "SELECT gen_random_uuid(), 'succeeded', 1, 'x', '0', timestamptz '2020-01-01' + (n / 7) * interval '1 us' "
            "FROM generate_series(1, 164) n"
        )
    listed: list[str] = []
    after: str | None = None
    for _ in range(40):
        page = service.http.get("/v1/analyses", params={"limit": 23} | ({"after": after} if after else {})).json()
        listed += [entry["id"] for entry in page["analyses"]]
        after = page["next"]
        if after is None:
            break
    assert after is None
    assert len(listed) == len(set(listed)) >= 165
    assert analysed["id"] in listed


@pytest.mark.parametrize(
    "after", ["", "x", "1", "1.x", "99999999999999999.x", "1." + "0" * 36, "1.2.trunk_lean", "%00"]
)
def test_a_made_up_cursor_of_the_list_is_refused(service: Service, after: str) -> None:
    answer = service.http.get(f"/v1/analyses?after={after}")
    assert (answer.status_code, code(answer)) == (400, "bad_parameter")


@pytest.mark.parametrize("path", ["/v1/analyses/", "/readyz/", "/v1", "/%00", "/v1/analyses/%0a/measures"])
def test_a_path_that_is_none_is_said(service: Service, path: str) -> None:
    answer = service.http.get(path)
    assert (answer.status_code, code(answer)) == (404, "not_found")


def test_no_series_comes_from_a_caller(service: Service) -> None:
    for n in range(5):
        service.http.request(f"MADEUP{n}", f"/made-up-{n}", headers={"x-request-id": f"made-up-{n}"})
    text = service.http.get("/metrics").text.lower()
    assert "made" not in text.replace("made up", "")
    assert 'method="other",route="unmatched",status="404"' in text


def test_readiness_is_asked_without_a_line_in_the_log(service: Service) -> None:
    service.http.get("/readyz")
    before = len(service.logged())
    for _ in range(5):
        service.http.get("/readyz")
    new = service.logged()[before:]
    assert [line for line in new if "readyz" in str(line) or "alembic" in str(line.get("logger"))] == []


def test_pages_of_measures_make_up_the_whole(service: Service, analysed: dict[str, Any]) -> None:
    path = f"/v1/analyses/{analysed['id']}/measures"
    whole = service.http.get(path, params={"limit": 10000}).json()
    assert whole["next"] is None
    pages: list[dict[str, Any]] = []
    after = None
    while True:
        page = service.http.get(path, params={"limit": 97} | ({"after": after} if after else {})).json()
        pages += page["measures"]
        after = page["next"]
        assert page["measures"]
        if after is None:
            break
    assert pages == whole["measures"]
    summed = sum(angle["samples"] for person in analysed["persons"] for angle in person["angles"].values())
    assert len(pages) == summed


def test_measures_can_be_picked(service: Service, analysed: dict[str, Any]) -> None:
    path = f"/v1/analyses/{analysed['id']}/measures"
    picked = service.http.get(path, params={"person": 2, "angle": "trunk_lean"}).json()["measures"]
    summary = analysed["persons"][1]["angles"]["trunk_lean"]
    values = [measure["value_degrees"] for measure in picked]
    assert {(measure["person"], measure["angle"]) for measure in picked} == {(2, "trunk_lean")}
    assert len(values) == summary["samples"]
    assert min(values) == pytest.approx(summary["minimum"])
    assert sum(values) / len(values) == pytest.approx(summary["mean"], abs=0.001)
    assert all(0.5 <= measure["confidence"] <= 1 for measure in picked)


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=10001", "person=-1", "angle=nose", "after=1.2"])
def test_a_bad_parameter_is_named(service: Service, analysed: dict[str, Any], query: str) -> None:
    answer = service.http.get(f"/v1/analyses/{analysed['id']}/measures?{query}")
    assert (answer.status_code, code(answer)) == (400, "bad_parameter")
    assert query.split("=", maxsplit=1)[0] in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/analyses/x",
        *(f"/v1/analyses/{NOBODY}{part}" for part in ("", "/measures", "/poses", "/events", "/findings")),
        *(f"/v1/analyses/{NOBODY}/findings/{number}/reviews" for number in ("1", "0", "x", "9999999999")),
    ],
)
def test_an_unknown_analysis_is_not_found(service: Service, path: str) -> None:
    answer = service.http.get(path)
    assert (answer.status_code, code(answer)) == (404, "not_found")


def test_every_route_is_described() -> None:
    settings = SimpleNamespace(work=SimpleNamespace(version="1.2.3"), issuer=None)
    parts = Parts(settings, *[None] * 19)  # type: ignore[arg-type] # none of them is asked
    routed = {(route.path, method) for route in make_routes(parts) for method in route.methods or ()}
    paths = document("1.2.3", None)["paths"].items()
    described = {(path, method.upper()) for path, methods in paths for method in methods}
    assert described == {(path, method) for path, method in routed if method != "HEAD"}


@pytest.fixture(scope="module")
def bad_videos(tmp_path_factory: pytest.TempPathFactory, demo_clip: Path, plain_clip: Path) -> dict[str, bytes]:
    """Bodies that cannot be analysed, by what is wrong with them."""
    folder = tmp_path_factory.mktemp("bad")
    whole = demo_clip.read_bytes()
    large = clips.write(folder / "large.mp4", [clips.corner_picture(4100, 2400)])
    return {
        "nothing": b"",
        "text": b"not a video at all\n" * 200,
        "noise": clips.noise(100, 100).tobytes(),
        "playlist": b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "sound": clips.write_audio(folder / "sound.mp4").read_bytes(),
        "half": whole[: len(whole) // 2],
        "no index": plain_clip.read_bytes()[:2000],
        "large": large.read_bytes(),
    }


@pytest.mark.parametrize(
    ("what", "status", "expected"),
    [
        ("nothing", 422, "empty_body"),
        ("text", 415, "not_a_video"),
        ("noise", 415, "not_a_video"),
        ("playlist", 415, "not_a_video"),
        ("sound", 422, "no_video_stream"),
        ("half", 422, "truncated"),
        ("no index", 422, "truncated"),
        ("large", 422, "too_large_frame"),
    ],
)
def test_what_cannot_be_analysed_is_refused_with_a_reason(
    service: Service, bad_videos: dict[str, bytes], what: str, status: int, expected: str
) -> None:
    answer = service.send(bad_videos[what])
    assert (answer.status_code, code(answer)) == (status, expected)


def test_another_content_type_is_refused(service: Service) -> None:
    answer = service.http.post("/v1/analyses", content=b"{}", headers={"content-type": "application/json"})
    assert (answer.status_code, code(answer)) == (415, "unsupported_media_type")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/v1/analyses", "/v1/analyses/x", "/nothing"])
def test_every_answer_names_the_release(service: Service, path: str) -> None:
    answer = service.http.get(path)
    assert answer.headers["x-fastbreak-version"] == "1.2.3-test"
    assert answer.headers["x-request-id"]


def test_a_request_id_is_taken_over_and_logged(service: Service) -> None:
    answer = service.http.get("/v1/analyses", headers={"x-request-id": "trace-4711"})
    assert answer.headers["x-request-id"] == "trace-4711"
    service.wait_logged(event="request", request_id="trace-4711", path="/v1/analyses", status=200)


def test_a_forged_request_id_is_not_logged(service: Service) -> None:
    answer = service.http.get("/v1/analyses", headers={"x-request-id": 'a" b{'})
    assert answer.headers["x-request-id"] != 'a" b{'


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/analyses", "GET, HEAD, POST"),
        ("POST", "/v1/analyses/x", "DELETE, GET, HEAD"),
        ("PUT", "/v1/analyses/x/measures", "GET, HEAD"),
        ("POST", "/readyz", "GET, HEAD"),
        ("BREW", "/v1/analyses", "GET, HEAD, POST"),
        ("OPTIONS", "/v1/analyses", "GET, HEAD, POST"),
    ],
)
def test_the_wrong_method_is_said_with_the_right_ones(service: Service, method: str, path: str, allowed: str) -> None:
    answer = service.http.request(method, path)
    assert (answer.status_code, code(answer)) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


def test_what_is_sent_again_under_its_key_is_accepted_once(service: Service, plain_clip: Path) -> None:
    video, headers = plain_clip.read_bytes(), {"content-type": "video/mp4", "idempotency-key": uuid.uuid4().hex}

    def send(content: bytes = video, filename: str = "a.mp4") -> httpx.Response:
        return service.http.post("/v1/analyses", content=content, params={"filename": filename}, headers=headers)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: send(), range(4)))
    answers.append(send())
    assert {answer.status_code for answer in answers} == {202}
    (identity,) = {answer.json()["id"] for answer in answers}
    assert service.wait_for(identity)["status"] == "succeeded"
    assert send().json()["id"] == identity
    for other in (send(video + b"\0"), send(filename="b.mp4")):
        assert (other.status_code, code(other)) == (422, "idempotency_key_reused")
    accepted = [entry["analysis_id"] for entry in service.logged() if entry["event"] == "analysis accepted"]
    assert accepted.count(identity) == 1


@pytest.mark.parametrize("key", [b"", b"a b", b"x" * 256, b"\xff", "ü".encode()])
def test_a_key_that_is_none_is_refused(service: Service, key: bytes) -> None:
    for keys in ([key], [b"k", b"k"]):
        headers = [(b"content-type", b"video/mp4"), *((b"idempotency-key", given) for given in keys)]
        answer = service.http.post("/v1/analyses", content=b"x", headers=headers)
        assert (answer.status_code, code(answer)) == (400, "bad_parameter")


def test_two_uploads_at_once_both_succeed(service: Service, person_clip: Path) -> None:
    video = person_clip.read_bytes()
    with ThreadPoolExecutor(2) as pool:
        identities = list(pool.map(lambda _: service.accepted(video), range(2)))
    first, second = (service.wait_for(identity) for identity in identities)
    assert first["status"] == second["status"] == "succeeded"
    assert first["persons"] == second["persons"]


def test_metrics_count(service: Service, analysed: dict[str, Any]) -> None:
    text = service.http.get("/metrics").text
    assert 'fastbreak_analyses_total{outcome="succeeded"}' in text
    assert 'fastbreak_build_info{revision="unknown",version="1.2.3-test"} 1.0' in text
    assert 'route="create_analysis",status="202"' in text


def test_no_secret_is_logged(service: Service, migrated: dict[str, str]) -> None:
    assert migrated["FASTBREAK_DATABASE_PASSWORD"] not in service.log.read_text()


@pytest.fixture(scope="module")
def small_service(migrated: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A replica with little room: 100 kB an upload, one waiting analysis, one second of video."""
    environment = migrated | {
        "FASTBREAK_MAX_UPLOAD_BYTES": "5000000",
        "FASTBREAK_QUEUE_SIZE": "1",
        "FASTBREAK_MAX_DURATION_SECONDS": "8",
    }
    replica = Service(environment, tmp_path_factory.mktemp("small") / "log.jsonl")
    try:
        yield replica.start()
    finally:
        replica.end()


def test_too_large_an_upload_is_refused_by_its_length(small_service: Service) -> None:
    answer = small_service.send(bytes(5_000_001))
    assert (answer.status_code, code(answer)) == (413, "too_large")


def test_too_large_an_upload_is_refused_by_counting(small_service: Service) -> None:
    chunks = (bytes(65536) for _ in range(100))
    answer = small_service.http.post("/v1/analyses", content=chunks, headers={"content-type": "video/mp4"})
    assert (answer.status_code, code(answer)) == (413, "too_large")


def test_too_long_a_video_is_refused(small_service: Service, tmp_path: Path) -> None:
    picture = clips.corner_picture(64, 48)
    slow = clips.write(tmp_path / "slow.mp4", [picture] * 20, clips.Look(rate=2))
    answer = small_service.send(slow.read_bytes())
    assert (answer.status_code, code(answer)) == (422, "too_long")


def test_a_full_queue_says_when_to_come_back(small_service: Service, long_clip: bytes, plain_clip: Path) -> None:
    running = small_service.accepted(long_clip)
    small_service.wait_for(running, "running")
    waiting = small_service.accepted(plain_clip.read_bytes())
    answer = small_service.send(long_clip)
    assert (answer.status_code, code(answer)) == (429, "queue_full")
    assert int(answer.headers["retry-after"]) >= 1
    assert small_service.wait_for(running)["status"] == "succeeded"
    assert small_service.wait_for(waiting)["status"] == "succeeded"


def test_the_service_is_what_it_says_of_itself(service: Service, analysed: dict[str, Any], tmp_path: Path) -> None:
    """Schemathesis makes requests up from the description, fit and unfit ones, and holds every answer against it.

    The last one here: it erases analyses, too.
    """
    described = f"{service.http.base_url}/v1/openapi.json"
    options = ["--seed", "1", "--max-examples", "5", "--generation-database", "none", "--no-shrink", "--no-color"]
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", str(SETTINGS), "run", described, *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    generated = re.search(r"(\d+) generated", done.stdout)
    assert generated is not None
    assert int(generated[1]) > 100
