# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Telling whoever waits for it that an analysis has ended: a mutation of GraphQL, signed with the task's credentials.

News are a courtesy. What could not be told is logged and not tried again: whoever asks for the analysis sees its state.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import boto3
import structlog
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError

from fastbreak_service.store.failures import DATABASE_ERRORS, reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

_SECONDS = 5
_MOST_BYTES = 1 << 16
_ANNOUNCE = """mutation ($id: ID!, $team: String!, $status: Status!) {
  announce(id: $id, team: $team, status: $status) { id team status }
}"""
log = structlog.get_logger()


class Ends(Protocol):
    """See store.analyses.AnalysisStore."""

    def ended(self, analysis: UUID) -> tuple[str, str] | None:
        """Whose analysis it is and as what it has ended; None when it has not. Raises DATABASE_ERRORS."""


class Announcer:
    """Tells a GraphQL API. `send` posts a body with headers and returns the answer's body; it raises OSError."""

    def __init__(
        self, url: str, ends: Ends, send: Callable[[urllib.request.Request], bytes] | None = None, session: Any = None
    ) -> None:
        self._url, self._ends = url, ends
        self._send = send or _sent
        self._session = session or boto3.Session()

    async def __call__(self, analysis: UUID) -> None:
        """Tell how it has ended, as it is recorded; never raises for what goes wrong on the way."""
        try:
            await asyncio.to_thread(self._tell, analysis)
        except DATABASE_ERRORS as error:
            log.warning("end not announced", analysis_id=str(analysis), reason=reason(error))
        except (BotoCoreError, HTTPException, OSError, ValueError) as error:
            log.warning("end not announced", analysis_id=str(analysis), reason=repr(error))

    def _tell(self, analysis: UUID) -> None:
        if (ended := self._ends.ended(analysis)) is None:
            return
        team, status = ended
        variables = {"id": str(analysis), "team": team, "status": status}
        answer = json.loads(self._send(self._signed({"query": _ANNOUNCE, "variables": variables})))
        if not isinstance(answer, dict) or answer.get("errors"):
            raise ValueError(f"GraphQL answered {answer}")

    def _signed(self, told: dict[str, Any]) -> urllib.request.Request:
        credentials = self._session.get_credentials()
        if credentials is None:
            raise OSError("there are no credentials to sign with")
        body = json.dumps(told).encode()
        request = AWSRequest("POST", self._url, {"Content-Type": "application/json"}, body)
        SigV4Auth(credentials.get_frozen_credentials(), "appsync", region_of(self._url)).add_auth(request)
        # The settings let no other address through than AppSync's, of https.
        return urllib.request.Request(self._url, body, dict(request.headers.items()))  # noqa: S310


def region_of(url: str) -> str:
    """The region in an API's address, `https://ID.appsync-api.REGION.amazonaws.com/graphql`."""
    return (urlsplit(url).hostname or "").split(".")[2]


def _sent(request: urllib.request.Request) -> bytes:
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - see above
        body: bytes = answer.read(_MOST_BYTES)
        return body


async def untold(_analysis: UUID) -> None:
    """Tell nobody."""
