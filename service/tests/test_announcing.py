# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Whoever waits is told that an analysis has ended; what goes wrong on the way hurts no analysis."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING, Any

import boto3
import psycopg
import pytest
from structlog.testing import capture_logs

from fastbreak_service.worker.announcing import Announcer

if TYPE_CHECKING:
    import urllib.request

URL = "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql"
ID = uuid.uuid4()


class Ends:
    """Knows whose analysis it is, and as what it has ended."""

    def __init__(self, ended: tuple[str, str] | Exception | None = ("hawks", "succeeded")) -> None:
        self._ended = ended

    def ended(self, _analysis: uuid.UUID) -> tuple[str, str] | None:
        if isinstance(self._ended, Exception):
            raise self._ended
        return self._ended


def announce(ends: Ends, answer: bytes | Exception = b'{"data": {}}', key: str = "AKIA") -> tuple[list[Any], list[Any]]:
    """What was sent, and what was logged."""
    sent: list[urllib.request.Request] = []

    def send(request: urllib.request.Request) -> bytes:
        sent.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key="secret", aws_session_token="token")
    with capture_logs() as logged:
        asyncio.run(Announcer(URL, ends, send, session)(ID))
    return sent, logged


def test_the_team_is_told_with_a_signature() -> None:
    [request], logged = announce(Ends())
    assert (request.full_url, request.get_method(), logged) == (URL, "POST", [])
    assert isinstance(request.data, bytes)
    told = json.loads(request.data)
    assert told["variables"] == {"id": str(ID), "team": "hawks", "status": "succeeded"}
    assert "announce(id: $id, team: $team, status: $status)" in told["query"]
    assert "/eu-west-1/appsync/aws4_request" in str(request.get_header("Authorization"))
    assert request.get_header("X-amz-security-token") == "token"


def test_nobody_is_told_of_what_is_gone_or_has_not_ended() -> None:
    assert announce(Ends(None)) == ([], [])


@pytest.mark.parametrize(
    "answer", [TimeoutError("slow"), b"no JSON", b"[]", b"null", b'{"errors": [{"message": "Unauthorized"}]}']
)
def test_what_goes_wrong_is_logged_and_no_more(answer: bytes | Exception) -> None:
    sent, [entry] = announce(Ends(), answer)
    assert (len(sent), entry["event"], entry["analysis_id"]) == (1, "end not announced", str(ID))


def test_a_database_that_is_away_is_logged_and_no_more() -> None:
    sent, [entry] = announce(Ends(psycopg.OperationalError("away")))
    assert (sent, entry["event"]) == ([], "end not announced")
