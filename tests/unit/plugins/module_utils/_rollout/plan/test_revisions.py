# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which revisions are kept."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.revisions import spare_revisions
from hypothesis import given
from hypothesis import strategies as st

ARN = "arn:aws:ecs:us-east-1:111111111111:task-definition/web:"


def arns(*numbers: int) -> tuple[str, ...]:
    return tuple(f"{ARN}{number}" for number in numbers)


@pytest.mark.parametrize(
    ("own", "keep", "needed", "registers", "spare"),
    [
        (arns(1, 2, 3), 0, (), True, ()),
        (arns(1, 2, 3), 3, (), False, ()),
        (arns(1, 2, 3), 3, (), True, arns(1)),
        (arns(1, 2, 3), 1, (), True, arns(1, 2, 3)),
        (arns(1, 2, 3), 1, arns(2), False, arns(1)),
        (arns(9, 10, 100), 1, (), False, arns(9, 10)),
        ((), 1, arns(2), True, ()),
    ],
)
def test_oldest_are_spare(
    own: tuple[str, ...], keep: int, needed: tuple[str, ...], registers: bool, spare: tuple[str, ...]
) -> None:
    assert spare_revisions(own, keep, frozenset(needed), registers=registers) == spare


@given(st.sets(st.integers(1, 30)), st.integers(1, 9), st.sets(st.integers(1, 30)), st.booleans())
def test_neither_what_is_needed_nor_the_newest_are_spare(
    own: set[int], keep: int, needed: set[int], registers: bool
) -> None:
    spare = set(spare_revisions(arns(*own), keep, frozenset(arns(*needed)), registers=registers))
    left = set(arns(*own)) - spare
    assert not spare & set(arns(*needed))
    assert set(arns(*sorted(own)[len(own) - keep + registers :])) <= left or len(own) < keep
    assert len(left - set(arns(*needed))) <= keep
