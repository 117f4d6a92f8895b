# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How long an answer is kept, and for which requests it is the answer. Pure: the caller reads the clock.

CloudFront developer guide: "Manage how long content stays in the cache", "Understand cache policies", "How CloudFront
processes HTTP 4xx and 5xx status codes", "Invalidate files".
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

Headers = dict[str, str | list[str]]
Key = tuple[object, ...]

_MOST_ENTRIES = 2000
_A_DAY, _A_YEAR, _ERROR_SECONDS = 86_400, 31_536_000, 10
_ERRORS_ALWAYS_KEPT = {404, 414, 500, 501, 502, 503, 504}
_ERRORS_KEPT_IF_TOLD = {400, 403, 405, 412, 415}
_GOOD = {200, 203, 300, 301, 302, 307, 308, 410}


@dataclass(frozen=True)
class Lifetimes:
    """The seconds of a cache policy."""

    minimum: int
    default: int
    maximum: int

    @classmethod
    def of(cls, policy: Mapping[str, object]) -> "Lifetimes":
        """Those of a policy's configuration; the default is a day and the maximum a year where it names none."""
        minimum = _whole(policy.get("MinTTL"), 0)
        default = max(minimum, _whole(policy.get("DefaultTTL"), _A_DAY))
        return cls(minimum, default, max(default, _whole(policy.get("MaxTTL"), _A_YEAR)))


@dataclass(frozen=True)
class Answer:
    """What an origin answered."""

    status: int
    reason: str
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """The first value of a header; empty when there is none."""
        value = self.headers.get(name, "")
        return value if isinstance(value, str) else value[0]


@dataclass
class Entry:
    """An answer in the cache."""

    answer: Answer
    uri: str
    stored_at: float
    fresh_until: float


class Cache:
    """The answers of one distribution. It keeps the newest; safe from any thread."""

    def __init__(self) -> None:
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Key) -> Entry | None:
        with self._lock:
            return self._entries.get(key)

    def keep(self, key: Key, entry: Entry) -> None:
        with self._lock:
            self._entries[key] = entry
            self._entries.move_to_end(key)
            while len(self._entries) > _MOST_ENTRIES:
                self._entries.popitem(last=False)

    def drop(self, key: Key) -> None:
        with self._lock:
            self._entries.pop(key, None)

    def invalidate(self, paths: Iterable[str]) -> None:
        """Forget what the paths name; `*` at the end of a path stands for the rest."""
        patterns = [_pattern(path) for path in paths]
        with self._lock:
            for key in [key for key, entry in self._entries.items() if any(p.fullmatch(entry.uri) for p in patterns)]:
                del self._entries[key]


def seconds_kept(answer: Answer, lifetimes: Lifetimes, error_seconds: Mapping[int, int], now: float) -> int:
    """For how long an answer may be given again without asking the origin; `now` in seconds since 1970."""
    told = _told(answer, now)
    if answer.status in _GOOD:
        if lifetimes.maximum == 0:
            return 0
        wanted = lifetimes.default if told is None else told
        return min(max(wanted, lifetimes.minimum), lifetimes.maximum)
    if answer.status in _ERRORS_ALWAYS_KEPT or (answer.status in _ERRORS_KEPT_IF_TOLD and told):
        return max(error_seconds.get(answer.status, _ERROR_SECONDS), min(told or 0, lifetimes.maximum))
    return 0


def _told(answer: Answer, now: float) -> int | None:
    """The seconds that the origin tells; None when it tells none."""
    directives = _directives(answer.header("cache-control"))
    if directives.keys() & {"no-cache", "no-store", "private"}:
        return 0
    for name in ("s-maxage", "max-age"):
        if name in directives and directives[name].isdigit():
            return int(directives[name])
    if expires := answer.header("expires"):
        try:
            return max(0, int(parsedate_to_datetime(expires).timestamp() - now))
        except ValueError:
            return 0
    return None


def _directives(text: str) -> dict[str, str]:
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _pattern(path: str) -> re.Pattern[str]:
    path = path if path.startswith("/") else f"/{path}"
    if path.endswith("*"):
        return re.compile(re.escape(path[:-1]) + ".*", re.DOTALL)
    return re.compile(re.escape(path))


def _whole(value: object, otherwise: int) -> int:
    return otherwise if value is None else int(str(value))
