# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A steady load of user requests, and an honest tally of what became of them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from types import TracebackType

REQUEST_TIMEOUT_SECONDS = 10.0
VERSION_HEADER = "x-fastbreak-version"


@dataclass
class Tally:
    """What the users saw: answers by outcome, split at the first success.

    `outcomes` maps a status code, or the name of a transport error, to a count of the requests sent after the first
    success; `before_first_success` counts those sent while nothing had been released yet.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    before_first_success: int = 0
    versions: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    seen_success: bool = False

    def add(self, outcome: str, version: str | None) -> None:
        succeeded = outcome.startswith("2")
        self.seen_success = self.seen_success or succeeded
        if not self.seen_success:
            self.before_first_success += 1
            return
        self.outcomes[outcome] += 1
        if version:
            self.versions[version] += 1

    @property
    def requests(self) -> int:
        return self.outcomes.total()

    @property
    def failures(self) -> int:
        return sum(count for outcome, count in self.outcomes.items() if not outcome.startswith("2"))

    def sentence(self) -> str:
        """One line: how many requests, how many failed and how, which versions answered."""
        failed = ", ".join(
            f"{count} x {name}" for name, count in sorted(self.outcomes.items()) if not name.startswith("2")
        )
        parts = [f"{self.requests} user requests in {self.seconds:.0f} s, {self.failures} failed"]
        if failed:
            parts.append(f"({failed})")
        if self.before_first_success:
            parts.append(f"+ {self.before_first_success} before the first release answered")
        return " ".join(parts)


@dataclass(frozen=True)
class Watched:
    """The user requests that were sent while a release was deployed, and since when."""

    environment: str
    tag: str
    began: datetime
    tally: Tally


class SteadyLoad:
    """Sends `per_second` GET requests to `url` from a few threads until the context ends; `trust` verifies TLS.

    The pace is kept by the clock, not by the answers: a slow answer delays no other while a thread is free.
    """

    def __init__(
        self,
        url: str,
        trust: ssl.SSLContext | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        per_second: float = 20.0,
        threads: int = 8,
    ) -> None:
        self.tally = Tally()
        self.began = datetime.now(UTC)
        self._url = url
        self._trust = trust
        self._headers = dict(headers or {})
        self._interval = 1.0 / per_second
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._next = 0.0
        self._begun = 0.0
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]

    def __enter__(self) -> Self:
        self._begun = self._next = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(REQUEST_TIMEOUT_SECONDS + 1)
        self.tally.seconds = time.monotonic() - self._begun

    def _work(self) -> None:
        with httpx.Client(timeout=REQUEST_TIMEOUT_SECONDS, verify=self._trust or True, headers=self._headers) as client:
            while not self._stop.is_set():
                if self._stop.wait(self._take_slot()):
                    return
                self._send(client)

    def _take_slot(self) -> float:
        """Reserve the next moment to send; return the seconds until then."""
        with self._lock:
            now = time.monotonic()
            self._next = max(self._next + self._interval, now - 1.0)
            return max(0.0, self._next - now)

    def _send(self, client: httpx.Client) -> None:
        version = None
        try:
            response = client.get(self._url)
            outcome, version = str(response.status_code), response.headers.get(VERSION_HEADER)
        except httpx.TransportError as error:
            outcome = type(error).__name__
        with self._lock:
            self.tally.add(outcome, version)
