# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""An edge location: what it answers from its cache, and what it asks the origin.

It goes around MiniStack's way from behavior to origin, after a viewer-request function has run, as on AWS. What an
edge knows of the request it serves is in `_viewing`, for MiniStack hands on less than is needed.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sandbox.ministack import cloudfront
from sandbox.services.cloudfront.model import distributions
from sandbox.services.cloudfront.model.cache import Answer, Entry, Headers, Key, seconds_kept
from sandbox.services.cloudfront.model.compression import compressed, encoding_wanted

Fetched = tuple[int, str, Headers, bytes]
Fetch = Callable[..., Awaitable[Fetched]]

_OF_AWS = (".amazonaws.com", ".on.aws")
_NOT_MODIFIED = 304
_LEAST_ERROR = 400
_CONDITIONS = ("if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range")


@dataclass
class Viewing:
    """A request that is being served."""

    distribution: dict[str, Any]
    headers: Mapping[str, str]
    behavior: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = ""
    """What X-Cache says instead of a miss."""


_viewing: ContextVar[Viewing] = ContextVar("viewing")


def install(scaled: Callable[[float], float], ask_custom_origin: Fetch) -> None:
    """Put a cache between MiniStack's behaviors and its origins. `scaled` turns AWS's seconds into the sandbox's."""
    _read_more_of_configurations()
    _know_what_is_viewed()
    fetch = cloudfront._fetch_from_origin

    async def fetched(given: Any, method: str, uri: str, query: str, headers: Any, *rest: Any) -> Fetched:
        async def ask(sent: Mapping[str, str]) -> Answer:
            others = given["s3_bucket"] or given["domain_name"].endswith(_OF_AWS)
            chosen = ask_custom_origin if given["vpc_origin_id"] or not others else fetch
            return Answer(*await chosen(given, method, uri, query, dict(sent), *rest))

        answer = await _Edge(_viewing.get(), scaled).answer(method, uri, query, headers, ask)
        return answer.status, answer.reason, dict(answer.headers), answer.body

    cloudfront._fetch_from_origin = fetched


def _read_more_of_configurations() -> None:
    parse, origin_of = cloudfront._dataplane_behavior, cloudfront._dataplane_origin
    parse_all = cloudfront.parse_distribution_dataplane_config

    def behavior(element: Any, path_pattern: str | None = None) -> Any:
        return parse(element, path_pattern) | {"compress": distributions.text_of(element, "Compress") == "true"}

    def origin(element: Any) -> Any:
        return origin_of(element) | {"vpc_origin_id": distributions.text_of(element, "VpcOriginId")}

    @lru_cache(maxsize=64)
    def parsed(text: str) -> Any:
        return parse_all({"config_xml": text})

    cloudfront._dataplane_behavior = behavior
    cloudfront._dataplane_origin = origin
    # Parsing took longer than all else that a request needs.
    cloudfront.parse_distribution_dataplane_config = lambda distribution: parsed(distribution["config_xml"])


def _know_what_is_viewed() -> None:
    handle, match = cloudfront.handle_viewer_request, cloudfront._match_behavior
    add_headers = cloudfront._add_cloudfront_headers

    async def handled(  # noqa: PLR0913, PLR0917 - as MiniStack calls it
        dist: Any, method: str, path: str, raw_uri: str, raw_query_string: str, headers: Any, *rest: Any
    ) -> Any:
        token = _viewing.set(Viewing(dist, dict(headers)))
        try:
            return await handle(dist, method, path, raw_uri, raw_query_string, headers, *rest)
        finally:
            _viewing.reset(token)

    def matched(parsed: Any, path: str) -> Any:
        found = match(parsed, path)
        _viewing.get().behavior = found or {}
        return found

    def headed(headers: Any, x_cache: str, *rest: Any, **named: Any) -> Any:
        viewing = _viewing.get(None)
        told = viewing.outcome if viewing and x_cache.startswith("Miss") else ""
        return add_headers(headers, told or x_cache, *rest, **named)

    cloudfront.handle_viewer_request = handled
    cloudfront._match_behavior = matched
    cloudfront._add_cloudfront_headers = headed


class _Edge:
    def __init__(self, viewing: Viewing, scaled: Callable[[float], float]) -> None:
        self._viewing, self._scaled = viewing, scaled
        self._cache = distributions.CACHES.of(viewing.distribution)

    async def answer(
        self,
        method: str,
        uri: str,
        query: str,
        headers: Mapping[str, str],
        ask: Callable[[Mapping[str, str]], Awaitable[Answer]],
    ) -> Answer:
        """From the cache while it is fresh, else from the origin. Only GET is kept, and never a part."""
        behavior = self._viewing.behavior
        encoding = encoding_wanted(
            self._viewing.headers.get("accept-encoding", ""), compresses=distributions.compresses(behavior)
        )
        if method != "GET" or "range" in headers:
            return self._told(await ask(headers))
        key = (*distributions.cache_key(behavior, method, uri, query, headers), encoding)
        entry = self._cache.find(key)
        if entry and time.monotonic() < entry.fresh_until:
            return self._conditional(self._aged(entry, "Hit from cloudfront"))
        sent = {name: value for name, value in headers.items() if name not in _CONDITIONS}
        if entry is None:
            return self._conditional(self._kept(key, uri, compressed(await ask(sent), encoding)))
        return self._conditional(await self._renewed(key, entry, sent, encoding, ask))

    async def _renewed(
        self,
        key: Key,
        entry: Entry,
        sent: Mapping[str, str],
        encoding: str,
        ask: Callable[[Mapping[str, str]], Awaitable[Answer]],
    ) -> Answer:
        """A stale entry, if the origin says that it has not changed; else what the origin has now."""
        tag = entry.answer.header("etag").removeprefix("W/")
        answer = await ask({**sent, "if-none-match": tag} if tag else sent)
        if answer.status != _NOT_MODIFIED:
            self._cache.drop(key)
            return self._kept(key, entry.uri, compressed(answer, encoding))
        self._store(key, entry.uri, entry.answer)
        return self._aged(Entry(entry.answer, entry.uri, time.monotonic(), 0), "RefreshHit from cloudfront")

    def _kept(self, key: Key, uri: str, answer: Answer) -> Answer:
        self._store(key, uri, answer)
        return self._told(answer)

    def _store(self, key: Key, uri: str, answer: Answer) -> None:
        behavior, distribution = self._viewing.behavior, self._viewing.distribution
        seconds = seconds_kept(
            answer, distributions.lifetimes(behavior), distributions.error_seconds(distribution), time.time()
        )
        # What must be asked for each time is kept all the same when it has a name to ask by, and a policy that keeps.
        may_be_asked = answer.header("etag") and "no-store" not in answer.header("cache-control")
        if seconds or (answer.status == 200 and may_be_asked and distributions.lifetimes(behavior).maximum):
            now = time.monotonic()
            self._cache.keep(key, Entry(answer, uri, now, now + self._scaled(seconds)))

    def _aged(self, entry: Entry, outcome: str) -> Answer:
        self._viewing.outcome = outcome if entry.answer.status < _LEAST_ERROR else "Error from cloudfront"
        age = str(int(time.monotonic() - entry.stored_at))
        return Answer(entry.answer.status, entry.answer.reason, {**entry.answer.headers, "age": age}, entry.answer.body)

    def _told(self, answer: Answer) -> Answer:
        if answer.status >= _LEAST_ERROR:
            self._viewing.outcome = "Error from cloudfront"
        return answer

    def _conditional(self, answer: Answer) -> Answer:
        """304 without a body for a viewer who has it already."""
        asked = {tag.strip().removeprefix("W/") for tag in self._viewing.headers.get("if-none-match", "").split(",")}
        if answer.status == 200 and answer.header("etag").removeprefix("W/") in asked - {""}:
            headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
            return Answer(_NOT_MODIFIED, "Not Modified", headers, b"")
        return answer
