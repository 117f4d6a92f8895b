# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The time of day is a registry's, whatever the controller's clock says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.remote.told_time import ToldTime

from tests.unit.plugins.module_utils._common.fakes import FakeClock
from tests.unit.plugins.module_utils._oci.case import MANIFESTS

if TYPE_CHECKING:
    from tests.registries.faulty import FaultyRegistry

NOON = datetime(2015, 1, 1, 12, tzinfo=UTC)


class Answer:
    """An answer as far as it is looked at here."""

    def __init__(self, date: str) -> None:
        self.date = date

    def header(self, name: str) -> str:
        assert name == "Date"
        return self.date


def told(clock: FakeClock, *dates: str) -> ToldTime:
    time = ToldTime(clock)
    for date in dates:
        time.hear(Answer(date))  # type: ignore[arg-type]
    return time


def test_time_goes_on_from_what_was_told() -> None:
    clock = FakeClock()
    time = told(clock, "Thu, 01 Jan 2015 12:00:00 GMT")
    clock.sleep(90)
    assert time.now() == NOON + timedelta(seconds=90)


def test_the_newest_time_counts() -> None:
    clock = FakeClock()
    dates = ("Thu, 01 Jan 2015 11:00:00 GMT", "Thu, 01 Jan 2015 12:00:00 GMT", "Thu, 01 Jan 2015 11:30:00 GMT")
    assert told(clock, *dates).now() == NOON


@pytest.mark.parametrize("date", ["", "soon", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_what_is_no_usable_date_tells_nothing(date: str) -> None:
    assert told(FakeClock(), date).now() is None


def test_a_registrys_answers_tell_its_time(client: Any, registry: FaultyRegistry) -> None:
    assert client.now() is None
    # The fault is an answer too: whatever comes from this registry has its time.
    registry.fault("GET", MANIFESTS, status=404, headers={"Date": "Tue, 01 Jan 2115 12:00:00 GMT"})
    client.read_manifest(Address("a/b", "1.0"))
    assert client.now() - datetime(2115, 1, 1, 12, tzinfo=UTC) < timedelta(minutes=5)
