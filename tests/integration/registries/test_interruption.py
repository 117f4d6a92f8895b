# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""An interruption of a promotion whose registry sends a byte now and then: the process ends at once, and says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.registries.promote_case import TAG, push_sample
from tests.registries.drip import Drip
from tests.registries.faulty import FaultyRegistry
from tests.registries.relay import Relay

ROOT = Path(__file__).resolve().parents[3]
SLOW = {
    "a head": (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "a body": (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
    "nothing": (b"", b""),
}


def begin(source: str, destination: str, folder: Path) -> subprocess.Popen[str]:
    program = ROOT / "tests" / "integration" / "registries" / "promoting.py"
    words = [sys.executable, str(program), source, destination, str(folder)]
    path = f"{ROOT}:{ROOT}/.ansible/collections"
    return subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str], number: int) -> str:
    """Interrupt it. How it ended; its peer would keep it for ever."""
    process.send_signal(number)
    return process.communicate(timeout=60)[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("what", SLOW)
def test_a_slow_source_does_not_outlive_an_interruption(tmp_path: Path, what: str, number: int) -> None:
    with Drip(*SLOW[what], pause_seconds=0.2) as source, FaultyRegistry() as destination:
        process = begin(source.host, destination.host, tmp_path)
        assert source.came.wait(60)
        assert "was interrupted" in end(process, number)
        assert destination.store.tags == {}


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
def test_a_destination_that_does_not_answer_does_not_outlive_an_interruption(tmp_path: Path, method: str) -> None:
    with FaultyRegistry() as source, FaultyRegistry() as destination, Relay(destination.host) as relay:
        push_sample(source.host)
        relay.hold_requests_after(method, 0)
        process = begin(source.host, relay.host, tmp_path)
        relay.wait_until_held()
        assert "was interrupted" in end(process, signal.SIGINT)
        assert ("prod/app", TAG) not in destination.store.tags
