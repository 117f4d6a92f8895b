# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the registries' time is good enough to judge by, and what is said when it is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.time_span import UNKNOWN_TIME
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.told_time import time_problem

from tests.unit.plugins.module_utils._promotion.gates.case import NOON, span


@pytest.mark.parametrize("minutes", [0, 1, 5])
def test_clocks_that_agree_are_believed(minutes: float) -> None:
    assert not time_problem(span(NOON, timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("earlier", "said"),
    [
        (timedelta(minutes=6), "differ by 0.1 hours, between 2026-11-23T11:54:00Z and 2026-11-23T12:00:00Z"),
        (timedelta(days=365), "differ by 365 days, between 2025-11-23T12:00:00Z and"),
    ],
)
def test_clocks_that_do_not_are_shown(earlier: timedelta, said: str) -> None:
    assert said in time_problem(span(NOON, earlier))


def test_a_time_that_nobody_tells_is_not_known() -> None:
    assert "neither registry has a usable `Date` header" in time_problem(UNKNOWN_TIME)
