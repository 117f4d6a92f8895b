# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times that others tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ansible_collections.fastbreak.aws.plugins.module_utils._common.time_span import UNKNOWN_TIME, TimeSpan, span_of
from hypothesis import given
from hypothesis import strategies as st

MOMENTS = st.datetimes(timezones=st.just(UTC))


def test_nothing_told_may_be_any_time() -> None:
    assert span_of([]) == span_of([None, None]) == UNKNOWN_TIME
    assert UNKNOWN_TIME.width > timedelta(days=365 * 9000)


@given(told=st.lists(st.tuples(MOMENTS, MOMENTS).map(lambda pair: TimeSpan(min(pair), max(pair))), min_size=1))
def test_a_span_holds_all_that_was_told_and_no_more(told: list[TimeSpan]) -> None:
    found = span_of([None, *told])
    assert found.earliest == min(each.earliest for each in told)
    assert found.latest == max(each.latest for each in told)
    assert found.width == found.latest - found.earliest


def test_a_single_time_is_a_span_without_width() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert span_of([TimeSpan(noon, noon)]).width == timedelta(0)
