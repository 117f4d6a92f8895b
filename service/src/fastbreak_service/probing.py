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
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MOST_REQUESTS = 200
# A log line of a task holds 16 KiB before it is split.
MOST_BODY = 8_192


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
    request: ProbeRequest, sleep: Callable[[float], None] = time.sleep, held: Callable[[], Mapping[str, str]] = dict
) -> Iterator[str]:
    """What came back for each request, as a line of JSON.

    *held* gives headers of which the values lie elsewhere. Where it raises HeldHeaderError, no more are sent.
    """
    for number in range(request.count):
        if number:
            sleep(request.interval)
        try:
            headers = {"User-Agent": "fastbreak-rollout", **dict(request.headers), **held()}
        except HeldHeaderError as error:
            yield _line({"status": 0, "problem": str(error), "unreachable": True})
            return
        yield _line(_ask(request, headers))


def _line(told: dict[str, object]) -> str:
    return json.dumps(told, separators=(",", ":"))


def _ask(request: ProbeRequest, headers: Mapping[str, str]) -> dict[str, object]:
    parts = urlsplit(request.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=request.timeout)
    try:
        connection.connect()
    except (OSError, ssl.SSLError) as error:
        return {"status": 0, "problem": str(error) or type(error).__name__, "unreachable": True}
    began = time.monotonic()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(request.method, target, headers=dict(headers))
        answer = connection.getresponse()
        body = answer.read(max(request.keep, 1))[: request.keep]
        return {
            "status": answer.status,
            "version": (answer.getheader(request.version_header) or "") if request.version_header else "",
            "location": (answer.getheader("Location") or "").partition("?")[0][:200],
            "seconds": round(time.monotonic() - began, 4),
            "request_id": (answer.getheader("X-Request-Id") or "")[:128],
            "body": base64.b64encode(body).decode(),
        }
    except (OSError, http.client.HTTPException) as error:
        return {"status": 0, "problem": str(error) or type(error).__name__}
    finally:
        connection.close()
