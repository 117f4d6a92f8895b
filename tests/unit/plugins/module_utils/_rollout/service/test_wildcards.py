# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Patterns of listener rules."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.wildcards import (
    example,
    matches,
    wildcards,
)
from hypothesis import given
from hypothesis import strategies as st


def test_wildcards_are_counted_but_for_those_behind_a_backslash() -> None:
    assert wildcards(["/a/*", "b?*", r"c\*d\?"]) == 3
    assert wildcards([]) == 0


@pytest.mark.parametrize(
    ("pattern", "text", "cased", "met"),
    [
        ("a*", "ABC", False, True),
        ("a*", "ABC", True, False),
        ("a?c", "abc", True, True),
        ("a?c", "ac", True, False),
        (r"a\*", "a*", True, True),
        (r"a\*", "ab", True, False),
        ("a.c", "abc", True, False),
        ("*", "", True, True),
    ],
)
def test_pattern_is_met_as_the_load_balancer_does(pattern: str, text: str, cased: bool, met: bool) -> None:
    assert matches(pattern, text, cased=cased) == met


@given(st.text("ab*?.\\", min_size=1, max_size=8))
def test_example_is_what_its_pattern_stands_for(pattern: str) -> None:
    assert matches(pattern, example(pattern), cased=True)
