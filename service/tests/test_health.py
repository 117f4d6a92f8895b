# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The health check of a container that serves: what it takes for health, and how little it loads."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from fastbreak_service import health

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Serve = Callable[[bytes], None]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Answer the next request with some bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("FASTBREAK_PORT", str(server.getsockname()[1]))
        answering: list[threading.Thread] = []

        def begin(answer: bytes) -> None:
            def work() -> None:
                connection, _address = server.accept()
                with connection:
                    assert connection.recv(1024).startswith(b"GET /healthz HTTP/1.1\r\n")
                    connection.sendall(answer)

            answering.append(threading.Thread(target=work))
            answering[-1].start()

        yield begin
        for thread in answering:
            thread.join()


def test_an_answer_of_200_is_health(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    serve(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
    assert health.main(worker=False) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 503 Service Unavailable\r\n\r\n", b"", b"\xff 200 OK\r\n", b"HTTP/1.1\r\n"]
)
def test_any_other_answer_is_not(serve: Serve, capsys: pytest.CaptureFixture[str], answer: bytes) -> None:
    serve(answer)
    assert health.main(worker=False) == 1
    assert "/healthz answers" in capsys.readouterr().err


def test_a_bad_port_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FASTBREAK_PORT", "http")
    assert health.main(worker=False) == 2
    assert "FASTBREAK_PORT is 'http'" in capsys.readouterr().err


def test_it_loads_nothing_that_takes_long() -> None:
    """Every task pays for it every few seconds."""
    program = "import sys, fastbreak_service.start, fastbreak_service.health; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"argparse", "dataclasses", "http.client", "pathlib", "re", "urllib.request"} & set(done.stdout.split())
