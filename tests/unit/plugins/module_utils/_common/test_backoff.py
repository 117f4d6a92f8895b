# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long is waited before a request is sent again."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.backoff import (
    BackoffPolicy,
    delay_seconds,
    parse_retry_after,
)
from hypothesis import given
from hypothesis import strategies as st

DATE = "Thu, 01 Jan 2026 12:00:00 GMT"
POLICY = BackoffPolicy(base_seconds=0.5, cap_seconds=20, longest_asked_seconds=60)


@pytest.mark.parametrize(("attempt", "ceiling"), [(1, 0.5), (2, 1), (3, 2), (6, 16), (7, 20), (1000, 20)])
def test_the_ceiling_doubles_up_to_the_cap(attempt: int, ceiling: float) -> None:
    assert delay_seconds(POLICY, attempt, 1.0) == ceiling
    assert delay_seconds(POLICY, attempt, 0.0) == 0
    assert delay_seconds(POLICY, attempt, 0.25) == ceiling / 4


def test_what_a_server_asks_for_is_waited_at_least_and_not_for_ever() -> None:
    assert delay_seconds(POLICY, 1, 0.0, 7) == 7
    assert delay_seconds(POLICY, 1, 1.0, 7) == 7.5
    assert delay_seconds(POLICY, 1, 0.0, 1e9) == 60


@given(st.integers(1, 10**6), st.floats(0, 1), st.none() | st.floats(0, 1e12))
def test_a_delay_is_never_negative_nor_longer_than_both_limits(
    attempt: int, fraction: float, asked: float | None
) -> None:
    assert 0 <= delay_seconds(POLICY, attempt, fraction, asked) <= 80


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("Thu, 01 Jan 2026 12:00:30 -0000", 30),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("9" * 400, None),
        ("\u0663", None),
        ("Thu, 99 Jan 2026 12:00:30 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert parse_retry_after(text, DATE) == seconds


@pytest.mark.parametrize("date", ["", "today"])
def test_a_date_says_nothing_in_an_answer_without_a_date_of_its_own(date: str) -> None:
    assert parse_retry_after("Thu, 01 Jan 2026 12:00:30 GMT", date) is None
    assert parse_retry_after("30", date) == 30


@given(st.text(), st.text() | st.just(DATE))
def test_no_header_makes_it_fail(text: str, date: str) -> None:
    parsed = parse_retry_after(text, date)
    assert parsed is None or parsed >= 0
