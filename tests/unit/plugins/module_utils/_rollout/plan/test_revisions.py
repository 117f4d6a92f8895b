# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which revisions are kept."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.revisions import (
    MOST_SPARE,
    own_revisions,
    spare_revisions,
)
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


@pytest.mark.parametrize(
    ("active", "room", "needed", "foreign", "answer"),
    [
        # Nothing can be spare, so that nobody is asked.
        ((), 2, (), (), ((), 0)),
        ((1, 2), 2, (), (), ((), 0)),
        ((1, 2, 3), 2, (1,), (), ((), 0)),
        ((1, 2, 3), 2, (), (), ((1, 2, 3), 3)),
        ((1, 2, 3), 2, (), (2,), ((1, 3), 3)),
        (tuple(range(1, 101)), 10, (), (), (tuple(range(91 - MOST_SPARE, 101)), 10 + MOST_SPARE)),
        (tuple(range(1, 101)), 10, (90,), (), (tuple(range(90 - MOST_SPARE, 101)), 11 + MOST_SPARE)),
    ],
)
def test_no_more_revisions_are_asked_about_than_decide(
    active: tuple[int, ...],
    room: int,
    needed: tuple[int, ...],
    foreign: tuple[int, ...],
    answer: tuple[tuple[int, ...], int],
) -> None:
    own, asked = answer
    questions: list[str] = []

    def owns(arn: str) -> bool:
        questions.append(arn)
        return arn not in arns(*foreign)

    assert own_revisions(arns(*reversed(active)), room, frozenset(arns(*needed)), owns) == arns(*own)
    assert len(questions) == asked
