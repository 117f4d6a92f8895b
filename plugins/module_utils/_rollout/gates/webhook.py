# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``webhook``: an HTTPS endpoint that is told of the release and answers with a verdict."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from ..._common.addresses import is_this_machine
from ..._common.verdict import Verdict
from ..._errors import OperationError, UnavailableError
from .model import Gate, Tally
from .settings import shared_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..values import Answer
    from .model import Scene

_LONGEST_SECONDS = 3600
_MOST_BYTES = 64 << 10
_SHOWN = 200
_OK = 200


@dataclass(frozen=True, slots=True)
class WebhookTally(Tally):
    """``latest`` and ``reason`` are the latest answer's, once ``told``. An answer without a verdict is no sample."""

    parts: ClassVar[tuple[type, ...]] = (Verdict,)

    latest: Verdict = Verdict.INCONCLUSIVE
    reason: str = ""
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookGate(Gate[WebhookTally]):
    """It is asked until it has answered HEALTHY as often in a row as it has to. No redirect is followed."""

    kind: ClassVar[str] = "webhook"
    options: ClassVar[Mapping[str, Any]] = {
        "webhook_url": {"type": "str"},
        "webhook_token": {"type": "str", "no_log": True},
        "webhook_timeout_seconds": {"type": "float", "default": 30},
    }
    tally: ClassVar[type[WebhookTally]] = WebhookTally
    needs_traffic: ClassVar[bool] = True
    aside: ClassVar[bool] = True
    once: ClassVar[bool] = True
    repeats: ClassVar[bool] = False
    usual_interval_seconds: ClassVar[float] = 15.0

    webhook_url: str
    webhook_token: str = ""
    webhook_timeout_seconds: float = 30.0
    interval_seconds: float = 15.0

    @classmethod
    def read(cls, options: Mapping[str, Any], _url: str) -> WebhookGate:
        """The gate that validated *options* stand for."""
        return cls(
            **shared_fields(cls, options, cls.kind, aside_seconds=options["webhook_timeout_seconds"]),
            webhook_url=options["webhook_url"] or "",
            webhook_token=options["webhook_token"] or "",
            webhook_timeout_seconds=options["webhook_timeout_seconds"],
        )

    def problems(self) -> Iterator[str]:
        """An address that secrets must not be sent to, or no time for an answer."""
        parts = urlsplit(self.webhook_url)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_this_machine(parts.hostname or "")):
            yield "webhook_url must be an https address; http is for this machine alone."
        elif not parts.hostname:
            yield "webhook_url has no host."
        if parts.username or parts.password:
            yield "webhook_url holds a login, which would be shown; give webhook_token instead."
        if not (self.webhook_token.isascii() and self.webhook_token.isprintable()):
            yield "webhook_token must be plain ASCII in one line."
        if not (isfinite(self.webhook_timeout_seconds) and 0 < self.webhook_timeout_seconds <= _LONGEST_SECONDS):
            yield f"webhook_timeout_seconds must be a number above 0, and at most {_LONGEST_SECONDS} (an hour)."

    @property
    def aside_seconds(self) -> float:
        """An answer that has not come by then is none."""
        return self.webhook_timeout_seconds

    def secrets(self) -> Iterator[str]:
        """The token, and what the address holds beside host and path."""
        yield from (value for value in (self.webhook_token, urlsplit(self.webhook_url).query) if value)
        yield from (value for _name, value in parse_qsl(urlsplit(self.webhook_url).query))

    def measure(self, tally: WebhookTally, scene: Scene) -> WebhookTally:
        """Ask it. Raises UnavailableError without an answer, and OperationError for one that is no verdict."""
        authorization = (("Authorization", f"Bearer {self.webhook_token}"),) if self.webhook_token else ()
        answer = scene.ports.probe.request(
            "POST",
            self.webhook_url,
            timeout_seconds=self.webhook_timeout_seconds,
            version_header="",
            headers=(("Content-Type", "application/json"), *authorization),
            body=json.dumps({"gate": self.name, "version": scene.version}).encode(),
            keep_bytes=_MOST_BYTES,
        )
        verdict, reason = self._read(answer)
        counted = tally.add(passed=verdict is Verdict.HEALTHY) if verdict in _COUNTED else tally
        return replace(counted, latest=verdict, reason=reason, told=True)

    def _read(self, answer: Answer) -> tuple[Verdict, str]:
        if not answer.status:
            raise UnavailableError(f"{self._place} did not answer: {answer.problem}")
        if answer.status != _OK:
            where = f" and pointed to {answer.location}, which is not followed" if answer.location else ""
            raise OperationError(f"{self._place} answered {answer.status}{where}, where 200 is expected")
        try:
            told = json.loads(answer.body)
            verdict = Verdict(told["verdict"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            known = ", ".join(verdict.value for verdict in Verdict)
            raise OperationError(
                f'{self._place} answered what is no verdict; it is to answer {{"verdict": "HEALTHY", "reason": "..."}} '
                f"with one of {known}"
            ) from error
        reason = told.get("reason")
        return verdict, " ".join(reason.split())[:_SHOWN] if isinstance(reason, str) else ""

    def assess(self, tally: WebhookTally, *, baked: bool) -> Verdict:
        """What it said last. Before it said anything, and before the bake time is over, nothing passes."""
        if tally.latest is Verdict.HEALTHY and not baked:
            return Verdict.INCONCLUSIVE
        return tally.latest

    def seen(self, tally: WebhookTally) -> str:
        """What it said last."""
        if not tally.told:
            return f"{self._place} has given no verdict yet"
        return f"{self._place} said {tally.latest.value}{f': {tally.reason}' if tally.reason else ''}"

    def expected(self) -> str:
        """HEALTHY."""
        return f"{self._place} to say HEALTHY"

    @property
    def _place(self) -> str:
        parts = urlsplit(self.webhook_url)
        return f"{parts.hostname or ''}{parts.path}"


_COUNTED = (Verdict.HEALTHY, Verdict.UNHEALTHY)
