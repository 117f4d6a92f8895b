# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users' requests against what stands in for the service, both as they run in the benchmark."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters import probe

from benchmarks.releases import app
from benchmarks.releases.images import LAUNCHER
from benchmarks.releases.kinds import BY_NAME, KINDS
from benchmarks.releases.load import PATH, Load, send
from tests.sandbox.balancer import eventually
from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def serving() -> Iterator[str]:
    server = app.Server(("127.0.0.1", 0), app.Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("kind", "status", "good"),
    [
        ("good", 200, True),
        ("status-500", 500, False),
        ("error-body", 200, False),
        ("wrong-json", 200, False),
        ("wrong-keypoints", 200, True),
        ("slower", 200, True),
    ],
)
def test_users_know_a_good_answer(kind: str, status: int, good: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BY_NAME[kind].settings.items():
        monkeypatch.setenv(name, str(value))
    with serving() as url, httpx.Client() as client:
        found = send(client, f"{url}{PATH}")
    assert (found.status, found.good) == (status, good)
    assert found.ended >= found.began


def test_a_twentieth_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILS_EVERY", "20")
    statuses = [app.answer(PATH)[0] for _ in range(40)]
    assert statuses.count(500) == 2


def test_it_fails_everybody_once_users_have_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILS_AFTER_USERS_SECONDS", "0")
    monkeypatch.setattr(app, "USED_SINCE", [])
    assert app.answer("/readyz", "ELB-HealthChecker/2.0")[0] == 200
    assert app.answer(PATH, app.PROBE)[0] == 200
    assert app.answer(PATH, "a browser")[0] == app.answer(PATH, app.PROBE)[0] == 500


def test_it_bears_users_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILS_AFTER_USERS_SECONDS", "1e9")
    monkeypatch.setattr(app, "USED_SINCE", [])
    assert app.answer(PATH, "a browser")[0] == app.answer(PATH, "a browser")[0] == 200


def test_it_knows_the_requests_that_judge() -> None:
    assert app.PROBE == probe._AGENT


@pytest.mark.parametrize(
    ("setting", "status"), [({}, 200), ({"NEVER_READY": "1"}, 503), ({"READY_AFTER_SECONDS": "1e9"}, 503)]
)
def test_readiness(setting: dict[str, str], status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    assert app.answer("/readyz")[0] == status


def test_nobody_answers() -> None:
    with httpx.Client() as client:
        found = send(client, "http://127.0.0.1:1/")
    assert (found.status, found.good, found.version) == (0, False, "")


def test_users_come_at_their_pace_whatever_the_answers_take() -> None:
    with serving() as url, Load(f"{url}{PATH}", per_second=100.0) as load:
        assert eventually(lambda: len(load.samples) >= 20)
    began = sorted(sample.began for sample in load.samples)
    # At most the pace: a busy machine makes it slower and never faster.
    assert (len(began) - 1) / 100.0 <= began[-1] - began[0] + 0.1
    assert all(sample.good for sample in load.samples)


def test_a_server_that_is_none_answers_with_rubbish() -> None:
    class Rubbish(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Rubbish) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with httpx.Client() as client:
            found = send(client, f"http://127.0.0.1:{server.server_address[1]}/")
        thread.join()
    assert (found.status, found.good) == (200, False)


@pytest.mark.process
@pytest.mark.parametrize(
    ("words", "settings", "code"),
    [
        (["migrate"], {}, 0),
        (["migrate"], BY_NAME["migration-fails"].settings, 1),
        (["serve"], BY_NAME["crash-at-start"].settings, 3),
    ],
)
def test_the_program_ends_as_it_is_told(words: list[str], settings: dict[str, object], code: int) -> None:
    environment = {**os.environ, **{name: str(value) for name, value in settings.items()}}
    ended = subprocess.run([sys.executable, str(Path(app.__file__)), *words], env=environment, check=False, timeout=60)
    assert ended.returncode == code


@pytest.mark.process
def test_the_health_check_starts_no_python(tmp_path: Path) -> None:
    launcher = tmp_path / "fastbreak-service"
    launcher.write_bytes(LAUNCHER)
    done = subprocess.run(["/bin/sh", str(launcher), "healthcheck"], env={"PATH": "/nowhere"}, check=False, timeout=60)
    assert done.returncode == 0


@pytest.mark.process
@pytest.mark.parametrize(
    ("program", "code"), [("import os, time; os.kill(os.getppid(), 15); time.sleep(60)", 0), ("exit(3)", 3)]
)
def test_the_launcher_ends_with_its_program_or_when_it_is_told_to(tmp_path: Path, program: str, code: int) -> None:
    """The program itself has not said what it does when it is told to end."""
    (tmp_path / "app.py").write_text(program)
    launcher = LAUNCHER.decode().replace("python3 /app.py", f"{sys.executable} {tmp_path / 'app.py'}")
    done = subprocess.run(["/bin/sh", "-c", launcher], check=False, timeout=60)
    assert done.returncode == code


@pytest.mark.process
def test_the_program_ends_when_it_is_told_to() -> None:
    """As the first process of a container it would not, and every deployment would wait until it is killed."""
    run = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); sys.argv = ['app', 'serve']; "
    run += "from benchmarks.releases import app; app.Server.server_bind = lambda server: None; "
    run += "app.Server.server_activate = lambda server: None; "
    run += "app.Server.serve_forever = lambda server: signal.raise_signal(signal.SIGTERM); app.serve(); sys.exit(7)"
    ended = subprocess.run([sys.executable, "-c", run], cwd=ROOT, check=False, timeout=60)
    assert ended.returncode == 0


def test_every_setting_of_a_kind_is_one_that_the_program_reads() -> None:
    source = Path(app.__file__).read_text()
    assert all(f'"{name}"' in source for kind in KINDS for name in kind.settings)
