# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a running service finds in known clips, as a user would have it: sent, waited for, read, and erased again.

The lines are those of `golden`, so that the same file judges both. What is asked is one address, such as the listener
by which a release is reached before it has users.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import sys
import time
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from fastbreak_service.clips import FORM, ClipError, local
from fastbreak_service.movement.values import KINDS
from fastbreak_service.probing import HeldHeaderError
from fastbreak_service.timely import whole_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from urllib.parse import SplitResult

_ANSWER_SECONDS, _PAUSE_SECONDS = 60.0, 1.0
_MOST_BYTES, _PAGE, _SHOWN = 64 << 20, 1000, 200
# Nothing that the release did: the token is not one that may, or others have the places.
_NOT_OURS = (401, 403, 429)
# What passes by itself: no answer, a load balancer's word for that, or a service that asks to be asked again.
_PASSING = (0, 408, 429, 502, 503, 504)
_FRAMES = {"landing": "contact_frame", "jump": "takeoff_frame", "cut": "frame", "deceleration": "frame"}


class NotAskedError(Exception):
    """The service could not be asked, which says nothing of what it finds; the message says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Where analyses are sent to, and who answers. *wait* is for one clip, in seconds.

    Where *version_header* and *version* are given, only answers that name this version there count. *held* gives
    headers whose values lie elsewhere.
    """

    url: str
    wait: float
    version_header: str = ""
    version: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    held: Callable[[], Mapping[str, str]] = dict

    @property
    def problem(self) -> str:
        """Why nothing can be sent; empty when it can."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return f"{self.url!r} is no http or https address"
        return "" if 0 < self.wait < float("inf") else "the time for a clip has to be above 0 seconds"


@dataclass(slots=True)
class _Service:
    """A service that is asked until it answers, but no longer than *until*."""

    asked: Asked
    until: float
    now: Callable[[], float]
    sleep: Callable[[float], None]
    key: str = field(default_factory=lambda: str(uuid.uuid4()))

    def get(self, below: str) -> dict[str, Any]:
        """What stands at a path below the address of analyses."""
        return self._answered("GET", below, 200)

    def send(self, clip: Path) -> str:
        """Send *clip*; the id of its analysis. The same clip is accepted once, however often it has to be sent."""
        accepted = self._answered("POST", "", 202, clip)
        if isinstance(found := accepted.get("id"), str):
            return found
        raise ClipError("It accepted the clip without an id.")

    def every(self, analysis: str, what: str) -> Iterator[dict[str, Any]]:
        """All pages of *what* was found."""
        after = "0"
        while after is not None:
            page = self.get(f"/{analysis}/{what}?limit={_PAGE}&after={quote(str(after), safe='')}")
            yield from page[what]
            after = page["next"]

    def erase(self, analysis: str) -> None:
        """Erase the analysis, where the service can do that and the token may. Else it stays with the token's team."""
        try:
            status, _body = self._sent("DELETE", f"/{analysis}", None)
            told = "is erased" if status in (200, 202, 204) else f"was answered with {status} when it was to be erased"
        except NotAskedError as error:
            told = f"could not be erased: {error}"
        print(f"analysis {analysis}, made to judge this release, {told}", file=sys.stderr, flush=True)

    def pause(self) -> bool:
        """Wait a moment; False when the time is over."""
        if self.now() >= self.until:
            return False
        self.sleep(_PAUSE_SECONDS)
        return True

    def _answered(self, method: str, below: str, wanted: int, clip: Path | None = None) -> dict[str, Any]:
        while True:
            status, body = self._sent(method, below, clip)
            if status == wanted:
                return _object(method, body)
            if status in _PASSING and self.pause():
                continue
            shown = body[:_SHOWN].decode(errors="replace")
            told = f"{method} {urlsplit(self.asked.url).path} was answered with {status}: {shown}"
            raise NotAskedError(told) if status in _NOT_OURS else ClipError(told)

    def _sent(self, method: str, below: str, clip: Path | None) -> tuple[int, bytes]:
        """Status and body of the answer; 0 and why where there was none."""
        parts = urlsplit(self.asked.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=_ANSWER_SECONDS)
        try:
            headers = self._headers(clip)
            connection.connect()
        except (HeldHeaderError, OSError) as error:
            connection.close()
            raise NotAskedError(f"{parts.netloc} could not be asked: {error}") from error
        try:
            with open(clip, "rb") if clip else _Nothing() as body:  # noqa: PTH123 - one of two
                connection.request(method, _below(parts, below), body=body, headers=headers)
                answer = connection.getresponse()
            self._check(answer)
            return answer.status, whole_body(answer, _MOST_BYTES)
        except (OSError, http.client.HTTPException) as error:
            return 0, (str(error) or type(error).__name__).encode()
        finally:
            connection.close()

    def _headers(self, clip: Path | None) -> dict[str, str]:
        asked = self.asked
        sent = {"User-Agent": "fastbreak-rollout", **dict(asked.headers), **asked.held(), "Connection": "close"}
        if clip is None:
            return sent
        name, length = quote(clip.name, safe=""), str(clip.stat().st_size)
        told = {"Content-Type": "video/mp4", "Content-Length": length, "X-Fastbreak-Filename": name}
        return {**sent, **told, "Idempotency-Key": self.key}

    def _check(self, answer: http.client.HTTPResponse) -> None:
        """Another version's answer says nothing of this one. Who refuses may stand before it, and name no version."""
        name, wanted = self.asked.version_header, self.asked.version
        if not (name and wanted):
            return
        there = answer.getheader(name)
        if there and there != wanted:
            raise NotAskedError(f"Version {there} answered, where {wanted} was asked.")
        if not there and answer.status < HTTPStatus.BAD_REQUEST:
            raise ClipError(f"An answer names no version in {name}, so that somebody else may have given it.")


def _below(parts: SplitResult, below: str) -> str:
    """A path and query below an address, whose own query a listener's rule may want."""
    path, _, query = below.partition("?")
    asked = "&".join(filter(None, (parts.query, query)))
    return f"{parts.path.rstrip('/')}{path}" + (f"?{asked}" if asked else "")


class _Nothing:
    """No body."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_error: object) -> None:
        return None


def line_of(
    clip: str,
    asked: Asked,
    commit: str,
    *,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """What the service finds in a *clip*, a path or an address. Raises ClipError and NotAskedError."""
    with local(clip) as path:
        service = _Service(asked, now() + asked.wait, now, sleep)
        analysis = service.send(path)
        try:
            return {
                "golden": FORM,
                "clip": path.name,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "commit": commit,
                **_found(service, analysis),
            }
        except (KeyError, TypeError, AttributeError) as error:
            raise ClipError(f"{path.name}: the analysis has another form than is known: {error!r}") from error
        finally:
            service.erase(analysis)


def _found(service: _Service, analysis: str) -> dict[str, Any]:
    from fastbreak_service.vision.models import LANDMARK_FILE  # noqa: PLC0415 - loads OpenVINO, which sending needs not

    found = _ended(service, analysis)
    persons = found["persons"]
    places = {person["id"]: place for place, person in enumerate(persons, 1)}
    seconds = found["elapsed_seconds"] or 0.0
    line = {
        "models": {LANDMARK_FILE: found["model"]["sha256"]},
        "frames_per_second": round(found["video"]["frames"] / seconds, 2) if seconds > 0 else 0.0,
        "persons": [_person(person) for person in persons],
    }
    if found["movement"] is None:
        return line
    events = _of_known(service.every(analysis, "events"), places)
    findings = _of_known(service.every(analysis, "findings"), places)
    looked = found["movement"].get("looked_seconds")
    return {
        **line,
        "kinds": [*KINDS],
        **({"looked_seconds": looked} if looked else {}),
        "events": [_event(place, event) for place, event in events],
        "findings": [_finding(place, finding) for place, finding in findings],
    }


def _ended(service: _Service, analysis: str) -> dict[str, Any]:
    """The analysis once it has succeeded."""
    while (found := service.get(f"/{analysis}"))["status"] in ("queued", "running"):
        if not service.pause():
            told = f"The analysis is still {found['status']} after {service.asked.wait:g} s."
            # Who waits has others before it.
            raise NotAskedError(told) if found["status"] == "queued" else ClipError(told)
    if found["status"] != "succeeded":
        error = found["error"] or {}
        raise ClipError(f"The analysis {found['status']}: {error.get('message')} [{error.get('code')}]")
    return found


def _of_known(entries: Iterator[dict[str, Any]], places: Mapping[int, int]) -> Sequence[tuple[int, dict[str, Any]]]:
    """The *entries* of persons that are listed, each with the person's place."""
    return [(places[entry["person"]], entry) for entry in entries if entry["person"] in places]


def _person(person: Mapping[str, Any]) -> dict[str, Any]:
    counts = {name: person[name] for name in ("frames", "first_frame", "last_frame")}
    angles = {
        name: {value: angle[value] for value in ("minimum", "maximum", "mean")}
        for name, angle in person["angles"].items()
    }
    return {**counts, "angles": angles}


def _event(place: int, event: Mapping[str, Any]) -> dict[str, Any]:
    legs = {"legs": event["legs"]} if "legs" in event else {}
    return {"person": place, "kind": event["kind"], "frame": event[_FRAMES[event["kind"]]], **legs}


def _finding(place: int, finding: Mapping[str, Any]) -> dict[str, Any]:
    reference = finding["reference"]
    return {
        "person": place,
        **{name: finding[name] for name in ("measure", "side", "status")},
        "reference": f"{reference['citation']}: {reference['population']}",
        "shown": [{"frame": shown["frame"], "value": shown["value"]} for shown in finding["shown"]],
    }


def _object(method: str, body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ClipError(f"{method} was answered with what is no JSON.") from error
    if not isinstance(found, dict):
        raise ClipError(f"{method} was answered with JSON that is no object.")
    return found
