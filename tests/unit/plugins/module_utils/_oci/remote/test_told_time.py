# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The time of day is a registry's, whatever the controller's clock says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.time_span import TimeSpan
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.remote.told_time import ToldTime

from tests.registries.faulty import FaultyRegistry
from tests.unit.plugins.module_utils._common.fakes import FakeClock
from tests.unit.plugins.module_utils._oci.case import MANIFESTS

NOON = datetime(2015, 1, 1, 12, tzinfo=UTC)


class Answer:
    """An answer as far as it is looked at here: its ``Date`` headers, and its ``Age`` ones behind a bar."""

    def __init__(self, headers: str) -> None:
        dates, _bar, ages = headers.partition("|")
        self.headers = {"Date": dates, "Age": ages}

    def values(self, name: str) -> list[str]:
        return [value.strip() for value in self.headers[name].split(";") if value.strip()]


def told(clock: FakeClock, *answers: str) -> ToldTime:
    time = ToldTime(clock)
    for headers in answers:
        time.hear(Answer(headers))  # type: ignore[arg-type]
    return time


def at(hour: int, minute: int = 0) -> str:
    return f"Thu, 01 Jan 2015 {hour:02}:{minute:02}:00 GMT"


def noon(earlier: float = 0, later: float = 0) -> TimeSpan:
    """From so many minutes before noon to so many after it."""
    return TimeSpan(NOON - timedelta(minutes=earlier), NOON + timedelta(minutes=later))


def test_time_goes_on_from_what_was_told() -> None:
    clock = FakeClock()
    time = told(clock, at(12))
    clock.sleep(90)
    assert time.now() == noon(-1.5, 1.5)
    time.hear(Answer(at(12, 2)))  # type: ignore[arg-type]
    assert time.now() == noon(-1.5, 2)


@pytest.mark.parametrize(
    ("answers", "span"),
    [
        ([at(12)], noon()),
        ([at(11), at(12), at(11, 30)], noon(60)),
        ([at(12), "Thu, 01 Jan 1970 00:00:00 GMT"], TimeSpan(datetime(1970, 1, 1, tzinfo=UTC), NOON)),
        ([f"{at(12)}; {at(13)}"], noon(0, 60)),
        ([f"soon; {at(12)}"], noon()),
        ([f"{at(11)} | 3600"], noon()),
        ([f"{at(12)} | 0"], noon()),
        ([f"{at(11)} | 3600", f"{at(11)} | 3000"], noon(10)),
        # This cache writes the date again.
        ([f"{at(12)} | 3600", at(12)], noon()),
        ([at(12), f"{at(10)} | old", f"{at(10)} | -1", f"{at(10)} | 5; 5", f"{at(10)} | {'9' * 30}"], noon()),
        ([at(12), "soon", "", "Fri, 31 Dec 9998 23:59:59 GMT", "Thu, 01 Jan 2015 25:00:00 GMT"], noon()),
    ],
)
def test_the_earliest_and_the_latest_that_was_told_are_kept(answers: list[str], span: TimeSpan) -> None:
    assert told(FakeClock(), *answers).now() == span


@pytest.mark.parametrize(
    "headers", ["", "soon", "Fri, 31 Dec 9999 23:59:59 GMT", f"{at(12)} | yesterday", " | 5", "0", "\x00"]
)
def test_what_is_no_usable_date_tells_nothing(headers: str) -> None:
    assert told(FakeClock(), headers).now() is None


def test_a_registrys_answers_tell_its_time(client: Any, registry: FaultyRegistry) -> None:
    assert client.now() is None
    # The fault is an answer too: whatever comes from this registry has its time.
    registry.fault("GET", MANIFESTS, status=404, headers={"Date": "Tue, 01 Jan 2115 12:00:00 GMT"})
    client.read_manifest(Address("a/b", "1.0"))
    wrong = datetime(2115, 1, 1, 12, tzinfo=UTC)
    assert timedelta(0) <= client.now().latest - wrong < timedelta(minutes=5)
    assert client.now().earliest < wrong - timedelta(days=365)


def test_another_host_that_it_redirects_to_does_not_tell_its_time(client: Any, registry: FaultyRegistry) -> None:
    with FaultyRegistry() as elsewhere:
        elsewhere.fault("GET", "/there", status=404, headers={"Date": "Tue, 01 Jan 2115 12:00:00 GMT"})
        location = f"http://{elsewhere.host}/there"
        registry.fault("GET", MANIFESTS, status=307, headers={"Location": location})
        assert client.read_manifest(Address("a/b", "1.0")) is None
    assert client.now().width < timedelta(minutes=5)
