# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry's refusals as our errors, and requests that are sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.backoff import BackoffPolicy
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    CredentialsError,
    OperationError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.remote.answers import BUSY
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.remote.wire import BrokenConnectionError

from tests.registries.sides import Waits
from tests.unit.plugins.module_utils._oci.case import IMAGE, MANIFESTS

if TYPE_CHECKING:
    from tests.registries.faulty import FaultyRegistry


def test_who_may_not_is_told_so(client: Any, registry: FaultyRegistry) -> None:
    registry.fault("GET", MANIFESTS, status=403, body=b'{"errors": [{"code": "DENIED", "message": "no"}]}')
    with pytest.raises(CredentialsError, match=r"may not.*DENIED: no"):
        client.read_manifest(Address("a/b", "1.0"))


def test_texts_of_a_registry_are_shown_without_control_characters(client: Any, registry: FaultyRegistry) -> None:
    body = '{"errors": [{"code": "X\\u001b[2J", "message": "a\\nb\\u202e' + "y" * 9000 + '"}]}'
    registry.fault("HEAD", "/blobs/", status=418)
    registry.fault("GET", "/blobs/", status=418, body=body.encode())
    with pytest.raises(OperationError) as raised:
        client.read_blob(Address("a/b", IMAGE.blobs[0].digest), limit_bytes=100)
    assert "\x1b" not in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 1200


def test_texts_of_a_registry_can_be_printed_and_sent_whatever_it_says(client: Any, registry: FaultyRegistry) -> None:
    body = b'{"errors": [{"code": "\\ud800X", "message": "a\\udfff\\u202eb", "detail": "\\udc00"}, {"code": [[]]}, {}]}'
    registry.fault("GET", MANIFESTS, status=400, body=body)
    with pytest.raises(OperationError) as raised:
        client.read_manifest(Address("a/b", "1.0"))
    assert "400 (X: a b ( )" in raised.value.message
    assert raised.value.details["code"] == "X"
    assert raised.value.message.encode().isascii()


class Answer:
    """An answer as far as it is looked at here."""

    said = b""

    def __init__(self, status: int, retry_after: str = "", date: str = "") -> None:
        self.status, self.headers = status, {"Retry-After": retry_after, "Date": date}

    def header(self, name: str) -> str:
        return self.headers[name]


def asked(*answers: Answer | BrokenConnectionError) -> tuple[Waits, Any]:
    """A clock, and what asks a host that answers like this, to the end like the last."""
    waits, left = Waits(), list(answers)

    def ask() -> Answer:
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, BrokenConnectionError):
            raise found
        return found

    return waits, lambda: waits.retrier.answer("try it", "registry.example", ask)


def test_a_busy_host_is_asked_again_when_it_said() -> None:
    waits, ask = asked(Answer(503, "7"), BrokenConnectionError("it broke"), Answer(404))
    assert ask().status == 404
    assert waits.seconds == [7.25, 0.5]


def test_a_time_that_a_host_asks_for_is_held_against_its_own_date() -> None:
    until = "Thu, 01 Jan 2015 12:00:07 GMT"
    waits, ask = asked(Answer(503, until, "Thu, 01 Jan 2015 12:00:00 GMT"), Answer(503, until), Answer(404))
    assert ask().status == 404
    # Without a date of its own, the time of day says nothing: the wait is ours.
    assert waits.seconds == [7.25, 0.5]


@pytest.mark.parametrize("status", sorted(BUSY))
def test_a_host_that_stays_busy_is_given_up(status: int) -> None:
    waits, ask = asked(Answer(status))
    with pytest.raises(UnavailableError, match=f"it answered {status}, to the end of 6 attempts"):
        ask()
    assert len(waits.seconds) == BackoffPolicy().attempts - 1


def test_a_failure_that_cannot_pass_is_not_waited_for() -> None:
    waits, ask = asked(BrokenConnectionError("no certificate", final=True))
    with pytest.raises(UnavailableError, match="no certificate"):
        ask()
    assert waits.seconds == []
