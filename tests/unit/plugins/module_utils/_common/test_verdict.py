# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verdicts, and what several come to together."""

from __future__ import annotations

from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict, combine
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.sampled_from(list(Verdict))))
def test_nothing_but_healthy_verdicts_is_healthy(verdicts: list[Verdict]) -> None:
    assert (combine(verdicts) is Verdict.HEALTHY) == (bool(verdicts) and set(verdicts) == {Verdict.HEALTHY})
    if Verdict.UNHEALTHY in verdicts:
        assert combine(verdicts) is Verdict.UNHEALTHY
