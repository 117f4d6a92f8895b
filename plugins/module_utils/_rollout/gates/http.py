# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``http``: requests through the load balancer that the new release has to answer."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urljoin, urlsplit

from ..._common.given import value_problem
from ..._common.http_token import is_token
from ..._common.verdict import Verdict
from ..._errors import RequestError
from ..service.requests import Aim, aim, aims
from .model import Gate, Tally, UserRequest, shared_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..._release.image import ReleaseImage
    from ..values import Answer, ListenerRule
    from .model import Scene

_SHORT_INTERVAL_SECONDS = 0.1
#: Limits of what a gate may let through or wait for: with more it would judge nothing.
_MOST_FAILURES = 0.9
_MOST_STATUSES = 100
_LONGEST_REQUEST_SECONDS = 3600
# A value of a header that http.client sends as it is.
_VALUE = re.compile(r"[\t\x20-\x7e]*")


@dataclass(frozen=True, slots=True)
class HttpTally(Tally):
    """Counts of one window. ``samples`` are the answers that count, ``others`` those of another release."""

    others: int = 0
    errors: int = 0
    errors_in_a_row: int = 0
    statuses: tuple[tuple[str, int], ...] = ()
    last_error: str = ""
    redirect: str = ""

    def not_sent(self, problem: str) -> HttpTally:
        """The counts with a request that could not be sent."""
        return replace(self, errors=self.errors + 1, errors_in_a_row=self.errors_in_a_row + 1, last_error=problem)

    def answered(self, label: str, *, passed: bool) -> HttpTally:
        """The counts with an answer that counts; *label* is what it is called in words."""
        statuses = Counter(dict(self.statuses))
        statuses[label] += 1
        return replace(self.add(passed=passed), errors_in_a_row=0, statuses=tuple(sorted(statuses.items())))


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpGate(Gate[HttpTally]):
    """Requests through the load balancer. ``version_header`` empty: every answer is of the release under judgement.

    ``url`` and ``headers`` are as they were given; ``aim`` is what is sent, with what a rule asks for besides.
    """

    kind: ClassVar[str] = "http"
    options: ClassVar[Mapping[str, Any]] = {
        "path": {"type": "str"},
        "method": {"type": "str", "choices": ["GET", "HEAD", "OPTIONS"], "default": "GET"},
        "expected_status": {"type": "list", "elements": "int", "default": [200]},
        "minimum_samples": {"type": "int", "default": 20},
        "maximum_failure_ratio": {"type": "float", "default": 0.05},
        "interval_seconds": {"type": "float", "default": 0.5},
        "request_timeout_seconds": {"type": "float", "default": 5},
        "version_header": {"type": "str", "default": "x-fastbreak-version"},
        "headers": {"type": "dict", "default": {}},
    }

    tally: ClassVar[type[HttpTally]] = HttpTally

    url: str
    interval_seconds: float = 0.5
    method: str = "GET"
    expected_status: tuple[int, ...] = (200,)
    minimum_samples: int = 20
    maximum_failure_ratio: float = 0.05
    request_timeout_seconds: float = 5.0
    version_header: str = "x-fastbreak-version"
    headers: tuple[tuple[str, str], ...] = ()
    aim: Aim | None = None

    @classmethod
    def read(cls, options: Mapping[str, Any], url: str) -> HttpGate:
        """The gate of a path below *url*. Raises RequestError for a header that is no text."""
        path = options["path"] or "/"
        given = {name: options[name] for name in cls.options if name != "path"}
        shared = shared_fields(options, f"http {path}")
        headers = _pairs(shared["name"], options["headers"])
        return cls(
            **shared,
            **{**given, "expected_status": tuple(options["expected_status"]), "headers": headers},
            url=urljoin(url.rstrip("/") + "/", path.lstrip("/")),
        )

    def aimed(self, rules: Iterable[ListenerRule]) -> HttpGate:
        """The gate whose requests have what the rule for its path asks for, besides what it says itself."""
        return replace(self, aim=aim(self.method, self.url, dict(self.headers), rules))

    @property
    def sent(self) -> Aim:
        """What is sent."""
        return self.aim or Aim(self.url, self.headers)

    def short(self, bake_seconds: float) -> HttpGate:
        """As many samples, in less time."""
        interval = min(self.interval_seconds, _SHORT_INTERVAL_SECONDS)
        return replace(self, bake_seconds=min(self.bake_seconds, bake_seconds), interval_seconds=interval)

    def problems(self) -> Iterator[str]:
        """No address, no sensible limits, or more samples than time."""
        if urlsplit(self.url).scheme not in ("http", "https"):
            yield f"{self.url!r} is no http or https address; set 'url'."
        if self.sent.problem:
            yield f"it {self.sent.problem}; set its method, or take that condition out of a rule."
        for name, value in self.headers:
            if not (is_token(name) and _VALUE.fullmatch(value)):
                yield f"its header {name!r} cannot be sent: write plain ASCII, and the name without spaces."
        if not 0 <= self.maximum_failure_ratio <= _MOST_FAILURES:
            yield f"maximum_failure_ratio must be from 0 to {_MOST_FAILURES:g}; with more hardly anything could fail."
        if not self.expected_status:
            yield "expected_status is empty, so that no answer could pass; leave it out for 200."
        if any(not 100 <= status <= 599 for status in self.expected_status):
            yield "expected_status holds a number that is no status of HTTP (100 to 599)."
        if len(set(self.expected_status)) > _MOST_STATUSES:
            yield f"expected_status has more than {_MOST_STATUSES} statuses, so that hardly anything could fail."
        if not 0 < self.request_timeout_seconds <= _LONGEST_REQUEST_SECONDS:
            yield f"request_timeout_seconds must be a number above 0, and at most {_LONGEST_REQUEST_SECONDS} (an hour)."
        if self.minimum_samples < 1 or not self.interval_seconds > 0:
            yield "minimum_samples must be at least 1 and interval_seconds above 0."
        elif self.minimum_samples * self.interval_seconds > self.deadline_seconds:
            yield (
                f"{self.minimum_samples} samples every {self.interval_seconds:g} s do not fit into its deadline of "
                f"{self.deadline_seconds:g} s, so it could never pass."
            )

    def secrets(self) -> Iterator[str]:
        """A password or the values of a query in the address, and the values of headers."""
        parts = urlsplit(self.sent.url)
        yield from filter(None, (parts.username, parts.password))
        yield from (value for name, value in (*parse_qsl(parts.query), *self.sent.headers) if name.lower() != "host")

    def misfits(self, release: ReleaseImage) -> Iterator[str]:
        """Answers name the release by its tag."""
        if self.version_header and not release.tag:
            yield (
                f"tells releases apart by header {self.version_header}, but no release tag points to "
                f"{release.digest}. Tag the image <semver>-<commit>, or set the gate's version_header to ''."
            )

    def user_request(self) -> UserRequest:
        """The request that it judges by."""
        return self._user_request(self.sent)

    def requests_by(self, rules: Iterable[ListenerRule]) -> tuple[UserRequest, ...]:
        """Its request as users can send it by these *rules*."""
        return tuple(self._user_request(each) for each in aims(self.method, self.url, dict(self.headers), rules))

    def _user_request(self, sent: Aim) -> UserRequest:
        return UserRequest(
            self.method,
            sent.url,
            self.expected_status,
            self.interval_seconds,
            self.request_timeout_seconds,
            self.version_header,
            sent.headers,
        )

    def measure(self, tally: HttpTally, scene: Scene) -> HttpTally:
        """Send one request."""
        answer = scene.ports.probe.request(
            self.method,
            self.sent.url,
            timeout_seconds=self.request_timeout_seconds,
            version_header=self.version_header,
            headers=self.sent.headers,
        )
        return self.count(tally, answer, scene.version)

    def count(self, tally: HttpTally, answer: Answer, version: str) -> HttpTally:
        """The counts with *answer*, while the release *version* is judged."""
        if answer.unreachable:
            return tally.not_sent(answer.problem)
        elsewhere = self.sent.only_from
        if elsewhere and answer.status and not answer.version and answer.status not in self.expected_status:
            return tally.not_sent(f"{answer.status} of no release; {elsewhere}, and this machine may be elsewhere")
        if self.version_header and answer.version and answer.version != version:
            return replace(tally, others=tally.others + 1, errors_in_a_row=0)
        attributed = bool(answer.version) or not self.version_header
        passed = attributed and answer.status in self.expected_status
        counted = tally.answered(_label(answer, attributed=attributed), passed=passed)
        return replace(counted, redirect=answer.location) if answer.location and not passed else counted

    def assess(self, tally: HttpTally, *, baked: bool) -> Verdict:
        """Requests that could not be sent are an ERROR, unless the answers are bad enough already."""
        verdict = tally.verdict(self.minimum_samples, self.maximum_failure_ratio, baked=baked)
        unsent = tally.errors_in_a_row or (tally.errors and tally.samples < self.minimum_samples)
        return Verdict.ERROR if unsent and verdict is not Verdict.UNHEALTHY else verdict

    def seen(self, tally: HttpTally) -> str:
        """The answers by their status."""
        counted = ", ".join(f"{count} x {label}" for label, count in tally.statuses) or "no answer that counts"
        parts = [f"{self.method} {self.sent.url}: {tally.failures} of {tally.samples} failed ({counted})"]
        if tally.failures and self.sent.unmet:
            parts.append(f"{self.sent.unmet}: correct that rule, or the gate's url and headers")
        if tally.redirect:
            parts.append(
                f"redirected to {tally.redirect}, which is not followed: set the gate's path (and url) to what answers "
                "itself, or add the status to expected_status"
            )
        if tally.others:
            parts.append(f"{tally.others} from another release not counted")
        if tally.errors:
            parts.append(f"{tally.errors} could not be sent ({tally.last_error})")
        return "; ".join(parts)

    def expected(self) -> str:
        """Enough answers of the right status."""
        wanted = " or ".join(str(status) for status in self.expected_status)
        return (
            f"at least {self.minimum_samples} answers, at most {self.maximum_failure_ratio:.1%} of them other than "
            f"{wanted}, over {self.bake_seconds:g} s"
        )


def _label(answer: Answer, *, attributed: bool) -> str:
    if not answer.status:
        return f"no answer ({answer.problem})"
    return str(answer.status) if attributed else f"{answer.status} without the version header"


def _pairs(name: str, headers: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    for header, value in headers.items():
        if problem := value_problem(value):
            raise RequestError(f"Gate {name}: headers.{header} {problem}.")
    return tuple((str(name), str(value)) for name, value in headers.items())
