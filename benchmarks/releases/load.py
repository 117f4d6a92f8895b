# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users: so many requests a second, whatever the answers take, and what became of each."""

import json
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Self

import httpx

PATH = "/v1/analyses?limit=1"
PER_SECOND = 50.0
_THREADS = 24
_PATIENCE_SECONDS = 10.0
_VERSION = "x-fastbreak-version"


@dataclass(frozen=True)
class Sample:
    """One request. Times are seconds since the epoch; `good`: it was answered as users expect it."""

    began: float
    ended: float
    status: int
    version: str
    good: bool


class Load:
    """Sends requests to `url` until the `with` block ends. The pace is kept by the clock."""

    def __init__(self, url: str, trust: ssl.SSLContext | None = None, per_second: float = PER_SECOND) -> None:
        self.samples: list[Sample] = []
        self._url = url
        self._trust = trust
        self._interval = 1.0 / per_second
        self._next = 0.0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._send_all, daemon=True) for _ in range(_THREADS)]

    def __enter__(self) -> Self:
        self._next = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(2 * _PATIENCE_SECONDS)

    def _send_all(self) -> None:
        with httpx.Client(timeout=_PATIENCE_SECONDS, verify=self._trust or True) as client:
            while not self._ended.wait(self._wait()):
                sample = send(client, self._url)
                with self._lock:
                    self.samples.append(sample)

    def _wait(self) -> float:
        """Take the next moment to send at; seconds until then. Users who were held up do not come all at once."""
        with self._lock:
            now = time.monotonic()
            self._next = max(self._next + self._interval, now - 1.0)
            return max(0.0, self._next - now)


def send(client: httpx.Client, url: str) -> Sample:
    """One request of a user."""
    began = time.time()
    try:
        answer = client.get(url)
        status, version, good = answer.status_code, answer.headers.get(_VERSION, ""), _is_good(answer)
    except httpx.TransportError:
        status, version, good = 0, "", False
    return Sample(began, time.time(), status, version, good)


def _is_good(answer: httpx.Response) -> bool:
    try:
        body = answer.json()
    except json.JSONDecodeError:
        return False
    return answer.status_code == 200 and isinstance(body, dict) and isinstance(body.get("items"), list)
