# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users who follow redirects, verify certificates, and send requests all the time."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Self

import httpx

if TYPE_CHECKING:
    import ssl


class Users:
    """Three users of an address until the `with` block ends, a connection for each request; `outcomes` counts."""

    def __init__(self, url: str, trust: ssl.SSLContext) -> None:
        self.outcomes: Counter[str] = Counter()
        self._url, self._trust = url, trust
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _user in range(3)]

    def _send(self) -> None:
        while not self._ended.wait(0.1):
            try:
                answer = httpx.get(self._url, follow_redirects=True, verify=self._trust, timeout=60, trust_env=False)
                outcome = f"{answer.status_code} by {answer.url.scheme}"
            except httpx.HTTPError as error:
                outcome = f"{type(error).__name__}: {error}"
            self.outcomes[outcome] += 1

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
