# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Visitors who open the site and load what its page names, and some whose page has been open for two releases."""

import re
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from typing import Self

import httpx

from benchmarks.site.build import digest

Ask = Callable[[str], tuple[int, bytes]]
_NAMED = re.compile(r'src="/(assets/[^"]+)"')
_RELEASE = re.compile(r"release (\d+)")
OPEN_FOR = 2
"""Releases for which a page stays open until it loads a part of itself."""


class Visits:
    """What visitors met. *ask* gets a path of the site: the status and the body."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._pages: dict[int, list[str]] = {}
        self.opened = 0
        self.failures: Counter[str] = Counter()

    def visit(self) -> None:
        """Open the site, load what the page names, and load a part of a page of before."""
        status, body = self._ask("/")
        self.opened += 1
        found = _RELEASE.search(body.decode(errors="replace"))
        if status != 200 or not found:
            self.failures["the page"] += 1
            return
        release, named = int(found[1]), _NAMED.findall(body.decode())
        if not all([self._is_whole(path) for path in named]):  # noqa: C419 - a browser loads all of them
            self.failures["a page that lacks what it names"] += 1
        if release not in self._pages:
            self._pages[release] = named
            old = self._pages.get(release - OPEN_FOR, [])
            # A part that later releases changed.
            if old and not self._is_whole(old[0]):
                self.failures["an open page whose part is gone"] += 1

    def _is_whole(self, path: str) -> bool:
        status, body = self._ask(f"/{path}")
        return status == 200 and digest(body) in path


class Load:
    """Visitors, each a browser of its own, who come and go until the block ends."""

    def __init__(self, url: str, authority: str, visitors: int = 2) -> None:
        self._url, self._trusted = url, ssl.create_default_context(cafile=authority)
        self._ended = threading.Event()
        self.visits: list[Visits] = []
        self._threads = [threading.Thread(target=self._come_and_go) for _ in range(visitors)]

    def _come_and_go(self) -> None:
        with httpx.Client(base_url=self._url, verify=self._trusted, trust_env=False, timeout=60) as browser:

            def ask(path: str) -> tuple[int, bytes]:
                answer = browser.get(path)
                return answer.status_code, answer.content

            visits = Visits(ask)
            self.visits.append(visits)
            while not self._ended.is_set():
                try:
                    visits.visit()
                except httpx.HTTPError as error:
                    visits.failures[type(error).__name__] += 1

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    @property
    def opened(self) -> int:
        """Pages that were opened."""
        return sum(visits.opened for visits in self.visits)

    @property
    def failures(self) -> Counter[str]:
        """What they met that they should not have, by kind."""
        return sum((visits.failures for visits in self.visits), Counter())
