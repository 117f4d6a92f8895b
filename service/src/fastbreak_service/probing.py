# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Requests to another address of the service, from where this task is: a line of JSON for each answer.

A release is judged by them where the machine that deploys cannot reach the load balancer. Each request has a
connection of its own, no redirect is followed, and nothing is raised for what the network or the server does.
"""

from __future__ import annotations

import base64
import http.client
import json
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastbreak_service.timely import TimelyConnection, whole_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MOST_REQUESTS = 200
# A log line of a task holds 16 KiB before it is split.
MOST_BODY = 8_192
# As much of a body as is read. What is not told of it was there, too.
_BODY_BYTES = 1 << 20
# Who waits for the answers has others to look at: of a service that lets each request wait there are fewer.
_MOST_SECONDS = 60.0
# A load balancer hands it on and writes it into its access log, and a service may answer by what name it logs it.
_TRACE = "X-Amzn-Trace-Id"
_NAMES = ("X-Request-Id", _TRACE)
_LONGEST_NAME, _LONGEST_PLACE = 128, 200


class HeldHeaderError(Exception):
    """A header's value cannot be had; the message says which secret, why and what to do."""


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """What is asked, *count* times every *interval* seconds. ``keep`` bytes of each body are told."""

    method: str
    url: str
    count: int
    interval: float
    timeout: float
    version_header: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    keep: int = 0


def problem_of(request: ProbeRequest) -> str:
    """Why *request* cannot be sent; empty when it can."""
    parts = urlsplit(request.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return f"{request.url!r} is no http or https address"
    if not 1 <= request.count <= MOST_REQUESTS:
        return f"{request.count} requests are asked for, where 1 to {MOST_REQUESTS} can be sent"
    # A number that is no number compares as false with everything.
    if not (0 <= request.interval <= 60 and 0 < request.timeout <= 60):
        return "the interval is 0 to 60 seconds, and the time for an answer above 0 to 60 seconds"
    return ""


def answers(
    request: ProbeRequest,
    sleep: Callable[[float], None] = time.sleep,
    held: Callable[[], Mapping[str, str]] = dict,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[str]:
    """What came back for each request, as a line of JSON: of as many as are asked for, or can be sent in a minute.

    *held* gives headers of which the values lie elsewhere. Where it raises HeldHeaderError, no more are sent.
    """
    until = now() + _MOST_SECONDS
    for number in range(request.count):
        if number:
            if now() + request.interval >= until:
                return
            sleep(request.interval)
        try:
            headers = {"User-Agent": "fastbreak-rollout", **dict(request.headers), **held()}
        except HeldHeaderError as error:
            yield _line({"status": 0, "problem": str(error), "unreachable": True})
            return
        yield _line(_ask(request, headers, now))


def _line(told: dict[str, object]) -> str:
    return json.dumps(told, separators=(",", ":"))


def _ask(request: ProbeRequest, headers: Mapping[str, str], now: Callable[[], float]) -> dict[str, object]:
    parts = urlsplit(request.url)
    connection = TimelyConnection(parts, seconds=request.timeout, now=now)
    try:
        connection.connect()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return {"status": 0, "problem": str(error) or type(error).__name__, "unreachable": True}
    trace = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    began = now()
    try:
        connection.request(request.method, target, headers={_TRACE: trace, **headers, "Connection": "close"})
        answer = connection.getresponse()
        told: dict[str, object] = {
            "status": answer.status,
            "version": (answer.getheader(request.version_header) or "") if request.version_header else "",
            "location": _place(answer.getheader("Location") or ""),
            "request_id": _name(answer) or trace,
        }
        return {**told, **_body_of(answer, request.keep, began, now)}
    except (OSError, http.client.HTTPException) as error:
        return {"status": 0, "problem": str(error) or type(error).__name__, "request_id": trace}
    finally:
        connection.close()


def _body_of(answer: http.client.HTTPResponse, keep: int, began: float, now: Callable[[], float]) -> dict[str, object]:
    """What is told of the body. An answer whose body breaks off is none."""
    try:
        body = whole_body(answer, _BODY_BYTES)
    except http.client.IncompleteRead:
        # How much of it came differs from answer to answer, and they are counted by what is told of them.
        return {"status": 0, "location": "", "problem": f"{answer.status}, and its body broke off"}
    except (OSError, http.client.HTTPException) as error:
        problem = f"{answer.status}, and its body broke off: {error or type(error).__name__}"
        return {"status": 0, "location": "", "problem": problem}
    return {
        "seconds": round(now() - began, 4),
        "body": base64.b64encode(body[:keep]).decode(),
        "body_bytes": len(body),
    }


def _name(answer: http.client.HTTPResponse) -> str:
    """What the answer calls the request, if that is a name."""
    found = (answer.getheader(header) or "" for header in _NAMES)
    return next(
        (name for name in found if name.isascii() and name.isprintable() and 0 < len(name) <= _LONGEST_NAME), ""
    )


def _place(location: str) -> str:
    """Where a redirect points to, without query and login, which may hold secrets; bounded."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return ""
    host = parts.netloc.rpartition("@")[2]
    return f"{f'{parts.scheme}://{host}' if host else ''}{parts.path}"[:_LONGEST_PLACE]
