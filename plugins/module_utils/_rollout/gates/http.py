# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``http``: requests through the load balancer that the new release has to answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import urlsplit

from ..service.requests import Aim, aim, aims
from ..stages import Stage
from .content import Content, read_content
from .http_address import (
    address_problems,
    at_listener,
    below,
    header_problems,
    read_headers,
    referred_secret,
    secrets_of,
    untold_problems,
)
from .http_expectation import Expectation
from .http_limits import AnswerLimits
from .http_tally import HttpTally
from .model import Gate, UserRequest
from .problems import LONGEST_SECONDS
from .settings import shared_fields
from .statistics.latency import block_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..._common.verdict import Verdict
    from ..._release.image import ReleaseImage
    from ..ports import Ports
    from ..stages import Phase
    from ..values import Answer, ListenerRule
    from .model import Beforehand, Scene

_SHORT_INTERVAL_SECONDS = 0.1
# With fewer answers a share of the users would say nothing.
_FEWEST_SAMPLES = 5
# Requests by which the running version is tried: at least, and at most.
_TRIALS, _MOST_TRIALS = 3, 10
# What a load balancer, or what stands before it, answers by itself: a redirect, a refusal, a fixed answer where no rule
# fits yet, and that no target answered.
_NOBODY = (*range(300, 500), 502, 503, 504)
# What a task of the service sends for a gate.
_BY_TASK = ("GET", "HEAD")
#: As much of a body as is looked at.
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpGate(Gate[HttpTally]):
    """Requests through the load balancer. ``version_header`` empty: every answer is of the release under judgement.

    That cannot be where both versions answer, so that it is refused there.

    ``url`` and ``headers`` are as they were given, ``path`` is what was added to the address of users; ``aim`` is what
    is sent, with what a rule asks for besides.
    """

    kind: ClassVar[str] = "http"
    only_asks: ClassVar[bool] = True
    options: ClassVar[Mapping[str, Any]] = {
        "path": {"type": "str"},
        "method": {"type": "str", "choices": ["GET", "HEAD", "OPTIONS", "POST"], "default": "GET"},
        "body_file": {"type": "path"},
        "body_pattern": {"type": "str"},
        "body_json": {"type": "dict", "default": {}},
        "maximum_latency_seconds": {"type": "float"},
        "maximum_latency_increase": {"type": "float"},
        "latency_quantile": {"type": "float", "default": 0.95},
        "expected_status": {"type": "list", "elements": "int", "default": [200]},
        "fatal_status": {"type": "list", "elements": "int", "default": []},
        "minimum_samples": {"type": "int", "default": 20},
        "maximum_failure_ratio": {"type": "float", "default": 0.05},
        "request_timeout_seconds": {"type": "float", "default": 5},
        "version_header": {"type": "str", "default": "x-fastbreak-version"},
        "headers": {"type": "dict", "default": {}},
    }

    tally: ClassVar[type[HttpTally]] = HttpTally
    needs_traffic: ClassVar[bool] = True
    usual_interval_seconds: ClassVar[float] = 0.5

    url: str
    interval_seconds: float = 0.5
    method: str = "GET"
    expected_status: tuple[int, ...] = (200,)
    fatal_status: tuple[int, ...] = ()
    minimum_samples: int = 20
    maximum_failure_ratio: float = 0.05
    request_timeout_seconds: float = 5.0
    version_header: str = "x-fastbreak-version"
    headers: tuple[tuple[str, str], ...] = ()
    content: Content = field(default_factory=Content)
    maximum_latency_seconds: float | None = None
    maximum_latency_increase: float | None = None
    latency_quantile: float = 0.95
    aim: Aim | None = None
    path: str = ""

    @classmethod
    def read(cls, options: Mapping[str, Any], url: str) -> HttpGate:
        """The gate of a path below *url*. Raises RequestError for a header that is no text."""
        path = options["path"] or "/"
        given = {name: options[name] for name in cls.options if name not in _READ_APART}
        shared = shared_fields(cls, options, f"http {path}", least_seconds=cls._sampling_seconds(options))
        headers = read_headers(f"Gate {shared['name']}: headers", options["headers"])
        statuses = {name: tuple(options[name]) for name in ("expected_status", "fatal_status")}
        return cls(
            **shared,
            **{**given, **statuses, "headers": headers},
            content=read_content(options),
            url=below(url, path),
            path=path,
        )

    @classmethod
    def _sampling_seconds(cls, options: Mapping[str, Any]) -> float:
        """How long it takes to send as many requests as *options* ask for."""
        interval, successes = options["interval_seconds"], options["consecutive_successes"]
        interval = cls.usual_interval_seconds if interval is None else interval
        needed: float = interval * (options["minimum_samples"] + (1 if successes is None else successes) - 1)
        return needed if 0 <= needed <= LONGEST_SECONDS else 0.0

    def aimed(self, rules: Iterable[ListenerRule]) -> HttpGate:
        """The gate whose requests have what the rule for its path asks for, besides what it says itself."""
        return replace(self, aim=aim(self.method, self.url, dict(self.headers), rules))

    def at(self, phase: Phase) -> HttpGate | None:
        """By the test listener before there are users; of some of the users as many answers as their share.

        Only that share of its requests reaches the release, so it sends them as much more often, as far as it may.
        """
        if phase.stage not in self.stages:
            return None
        if phase.stage is Stage.EACH_STEP:
            return self._of_some(phase.percent)
        if self.maximum_latency_increase is not None:
            return replace(self, maximum_latency_increase=None).at(phase)
        if phase.stage is Stage.AFTER_TRAFFIC:
            return self
        if not phase.test_url:
            return None
        url, sent = at_listener(phase.test_url, self.path or urlsplit(self.url).path, self.sent)
        return replace(self, url=url, aim=sent)

    def _of_some(self, percent: float) -> HttpGate:
        samples = max(_FEWEST_SAMPLES, ceil(self.minimum_samples * percent / 100))
        often = max(_SHORT_INTERVAL_SECONDS, self.interval_seconds * percent / 100)
        # What changes something with every answer does not do so more often.
        interval = self.interval_seconds if self.method == "POST" else min(self.interval_seconds, often)
        return replace(self, minimum_samples=min(self.minimum_samples, samples), interval_seconds=interval)

    def answering_seconds(self, percent: float) -> float:
        """How long it sends requests until enough of them are answered by a release with this share of them.

        To compare it, as many of the running version's are needed as make a block.
        """
        requests = self.minimum_samples * 100 / percent
        if self.maximum_latency_increase is not None and percent < 100:
            requests = max(requests, block_size(self.latency_quantile) * 100 / (100 - percent))
        return requests * self.interval_seconds

    @property
    def sent(self) -> Aim:
        """What is sent."""
        return self.aim or Aim(self.url, self.headers)

    def short(self, bake_seconds: float) -> Self:
        """As many samples, in less time."""
        # Not super(): a class with slots is made anew, and the one that super() means is not it.
        interval = min(self.interval_seconds, _SHORT_INTERVAL_SECONDS)
        return replace(Gate.short(self, bake_seconds), interval_seconds=interval)

    @property
    def users_url(self) -> str:
        """Where it sends them once all users reach the release."""
        return self.url

    @property
    def unfit_for_task(self) -> str:
        """A task asks in batches, which what changes something must not come in."""
        if self.content.file:
            return "sends a file of this machine, which a task does not have"
        return (
            "" if self.method in _BY_TASK else f"sends {self.method}, where a task sends {' and '.join(_BY_TASK)} only"
        )

    @property
    def needs_load_balancer(self) -> bool:
        """It sends requests through it."""
        return True

    @property
    def catches_up(self) -> bool:
        """A share of the users answers too seldom else, and its deadline passes. What changes something is not."""
        return self.method != "POST"

    @property
    def _expectation(self) -> Expectation:
        slowest = self.maximum_latency_seconds
        header, elsewhere = self.version_header, self.sent.only_from
        return Expectation(self.expected_status, self.content, header, elsewhere, slowest, self.fatal_status)

    @property
    def _limits(self) -> AnswerLimits:
        return AnswerLimits(
            self.minimum_samples,
            self.maximum_failure_ratio,
            self.maximum_latency_seconds,
            self.latency_quantile,
            self.maximum_latency_increase,
        )

    def problems(self) -> Iterator[str]:
        """No address, no sensible limits, or more samples than time."""
        yield from address_problems(self.url, self.sent)
        yield from self.content.problems(self.method)
        yield from header_problems(self.headers)
        yield from self._expectation.problems()
        if self.maximum_latency_increase is not None and not self.version_header:
            yield "maximum_latency_increase needs version_header, by which answers tell whose they are."
        yield from self._limits.problems(
            request_timeout_seconds=self.request_timeout_seconds,
            interval_seconds=self.interval_seconds,
            deadline=self.deadline_seconds,
            delay=self.initial_delay_seconds,
            successes=self.consecutive_successes,
        )

    @property
    def compared_at(self) -> frozenset[Stage]:
        """Answers of both versions come where only some of the users reach the release."""
        return frozenset() if self.maximum_latency_increase is None else frozenset({Stage.EACH_STEP})

    @property
    def untold_at(self) -> frozenset[Stage]:
        """Where only some of the users reach the release, most answers are the running version's."""
        return frozenset() if self.version_header else frozenset({Stage.EACH_STEP})

    def file_names(self) -> frozenset[str]:
        """What it sends."""
        return frozenset(filter(None, (self.content.file,)))

    @property
    def measuring_seconds(self) -> float:
        """How long one answer may take."""
        return self.request_timeout_seconds

    def secrets(self) -> Iterator[str]:
        """What its requests hold that is the user's."""
        yield from secrets_of(self.sent)

    def misfits(self, release: ReleaseImage) -> Iterator[str]:
        """Answers name the release by its tag."""
        yield from untold_problems(self.version_header, release)

    def beforehand(self, seen: Beforehand) -> Iterator[str]:
        """That the running version fails it, again and again: then it is the gate that is wrong, or users are hurt.

        A POST would change something before the release was found fit for anything.
        """
        if not seen.running_version or self.method == "POST":
            return
        tally = self.begin()
        for trial in range(1, _MOST_TRIALS + 1):
            answer = self._ask(seen.ports)
            tally = self.count(tally, answer, seen.running_version)
            # What others answer, or nobody, says nothing of the running version; and one that is right is enough.
            if not self._is_of(answer, seen.running_version) or max(tally.failures, tally.slow) < tally.samples:
                return
            if trial >= _TRIALS and (tally.failures == tally.samples or self._limits.is_too_slow(tally)):
                yield (
                    f"fails on the running version {seen.running_version} too: {self.seen(tally)}. Correct its path, "
                    "headers, limits and what it expects; or set the gate's running_version_may_fail, for a release "
                    "that mends or adds that."
                )
                return

    def _is_of(self, answer: Answer, version: str) -> bool:
        """Whether *answer* is that *version*'s. Without a header, it is where nobody before the service gives such."""
        if self.version_header:
            return answer.version == version
        return bool(answer.status) and answer.status not in _NOBODY

    def user_request(self) -> UserRequest | None:
        """The request that it judges by. None for one that changes something with every answer."""
        return self._user_request(self.sent) if self.method != "POST" else None

    def secret_names(self) -> frozenset[str]:
        """Those that its headers refer to."""
        return frozenset(filter(None, (referred_secret(value) for _name, value in self.headers)))

    def requests_by(self, rules: Iterable[ListenerRule]) -> tuple[UserRequest, ...]:
        """Its request as users can send it by these *rules*."""
        if self.method == "POST":
            return ()
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
        return self.count(tally, self._ask(scene.ports), scene.version)

    def _ask(self, ports: Ports) -> Answer:
        return ports.probe.request(
            self.method,
            self.sent.url,
            timeout_seconds=self.request_timeout_seconds,
            version_header=self.version_header,
            headers=self.sent.headers,
            body=ports.instruments.read_file(self.content.file) if self.content.file else b"",
            keep_bytes=_MOST_BYTES if self.content.expects else 0,
        )

    def count(self, tally: HttpTally, answer: Answer, version: str) -> HttpTally:
        """The counts with *answer*, while the release *version* is judged.

        Where only some of the users reach it, the others' answers are those of the running version.
        """
        counted = self._expectation.count(tally, answer, version)
        increase = self.maximum_latency_increase
        if increase is None or not self._expectation.is_timed(answer):
            return counted
        ours, quantile = answer.version == version, self.latency_quantile
        return counted.timed(answer.seconds, is_ours=ours, quantile=quantile, increase=increase)

    def assess(self, tally: HttpTally, *, baked: bool) -> Verdict:
        """Requests that could not be sent are an ERROR, unless the answers are bad enough already."""
        return self._limits.verdict(tally, baked=baked)

    def has_seen(self, tally: HttpTally) -> bool:
        """Whether anybody answered."""
        return bool(tally.samples or tally.others)

    def p_value(self, tally: HttpTally) -> float:
        """Of this many failures, and slow answers, when no more than the limits are."""
        return self._limits.p_value(tally)

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The share of the answers that may fail."""
        return None, self.maximum_failure_ratio

    def seen(self, tally: HttpTally) -> str:
        """The answers by their status."""
        parts = [f"{self.method} {self.sent.url}: {tally.told}", self._limits.seen(tally)]
        if tally.failures and self.sent.unmet:
            parts.append(f"{self.sent.unmet}: correct that rule, or the gate's url and headers")
        return "; ".join(part for part in (*parts, *tally.beside) if part)

    def expected(self) -> str:
        """Enough answers of the right status."""
        return self._limits.wanted(self._expectation.wanted, self.bake_seconds)


_READ_APART = ("path", "body_file", "body_pattern", "body_json")
