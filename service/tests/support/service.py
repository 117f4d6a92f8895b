# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The service as a process of its own, as it runs in its container."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from support.postgres import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def command(*arguments: str) -> list[str]:
    """A command of the service, by this interpreter."""
    return [sys.executable, "-m", "fastbreak_service", *arguments]


@dataclass
class Service:
    """One replica."""

    environment: dict[str, str]
    log: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    program: str = "serve"

    def __post_init__(self) -> None:
        """Talk to it over one connection pool."""
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)

    def launch(self) -> None:
        """Start it."""
        environment = {
            **os.environ,
            **self.environment,
            "FASTBREAK_PORT": str(self.port),
            "FASTBREAK_HOST": "127.0.0.1",
            # What a killed service leaves behind goes with the test's own folder.
            "TMPDIR": str(self.log.parent),
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command(self.program), env=environment, stdout=log)

    def start(self) -> Service:
        """Start it and wait until it is ready."""
        self.launch()
        self.wait_ready()
        return self

    def wait_alive(self) -> None:
        """Wait until /healthz answers."""
        self._wait_for("/healthz", lambda answer: answer.status_code == 200)

    def wait_ready(self) -> None:
        """Wait until /readyz answers 200."""
        self._wait_for("/readyz", lambda answer: answer.status_code == 200)

    def wait_for_reason(self, code: str) -> None:
        """Wait until /readyz answers 503 with this code."""
        self._wait_for("/readyz", lambda answer: answer.status_code == 503 and answer.json()["error"]["code"] == code)

    def _wait_for(self, path: str, good: Callable[[httpx.Response], bool]) -> None:
        deadline = time.monotonic() + 180
        while True:
            try:
                answer = self.http.get(path)
                if good(answer):
                    return
                seen = f"{answer.status_code} {answer.text}"
            except httpx.TransportError as error:
                seen = str(error)
            assert time.monotonic() < deadline, f"{seen}\n{self.log.read_text()}"
            time.sleep(0.1)

    def send(self, video: bytes, **parameters: str) -> httpx.Response:
        """Upload a video."""
        return self.http.post("/v1/analyses", content=video, params=parameters, headers={"content-type": "video/mp4"})

    def accepted(self, video: bytes, **parameters: str) -> str:
        """Upload a good video; the analysis's id."""
        answer = self.send(video, **parameters)
        assert answer.status_code == 202, answer.text
        identity: str = answer.json()["id"]
        return identity

    def wait_for(self, identity: str, *states: str, seconds: float = 300) -> dict[str, Any]:
        """Wait until an analysis is in one of the states (ended, by default); the analysis."""
        wanted = states or ("succeeded", "failed")
        # What it ends with stays, and to ask for it takes time from the analysis.
        pause, deadline = 0.05 if states else 0.2, time.monotonic() + seconds
        while True:
            seen: dict[str, Any] = self.http.get(f"/v1/analyses/{identity}").json()
            if seen.get("status") in wanted:
                return seen
            assert time.monotonic() < deadline, f"{seen}\n{self.log.read_text()}"
            time.sleep(pause)

    def logged(self) -> list[dict[str, Any]]:
        """Its log so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def wait_logged(self, **fields: object) -> dict[str, Any]:
        """Wait until a line with these fields is in the log; the line."""
        deadline = time.monotonic() + 240
        while True:
            for entry in self.logged():
                if fields.items() <= entry.items():
                    return entry
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def worker_pid(self) -> int:
        """The id of the worker that was started last."""
        pids = [entry["worker_pid"] for entry in self.logged() if entry["event"] == "worker started"]
        assert pids
        return int(pids[-1])

    def terminate(self, seconds: float = 180) -> int:
        """Stop it as a container is stopped; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """End it without a word, as a machine ends it that fails."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """Whatever happened, leave nothing running."""
        self.http.close()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
