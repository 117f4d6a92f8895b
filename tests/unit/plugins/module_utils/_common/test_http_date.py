# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dates as HTTP's headers write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.http_date import parse_http_date
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "text", ["Thu, 01 Jan 2026 12:00:00 GMT", "Thu, 01 Jan 2026 12:00:00 -0000", "Thu, 01 Jan 2026 14:00:00 +0200"]
)
def test_a_date_is_read_in_utc(text: str) -> None:
    assert parse_http_date(text) == datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "soon", "7", "Thu, 99 Jan 2026 12:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -0200", "٣"]
)
def test_anything_else_is_none(text: str) -> None:
    assert parse_http_date(text) is None


@given(st.text())
def test_no_header_makes_it_fail(text: str) -> None:
    moment = parse_http_date(text)
    assert moment is None or moment.tzinfo is UTC
