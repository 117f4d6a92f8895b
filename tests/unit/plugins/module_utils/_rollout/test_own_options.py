# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that only some kinds have."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.own_options import (
    given_strays,
    merge_options,
    stray_options,
)

KINDS = {"fast": {"speed": {"type": "int", "default": 3}, "name": {"type": "str"}}, "slow": {"name": {"type": "str"}}}


def test_kinds_may_share_an_option() -> None:
    assert merge_options(KINDS) == KINDS["fast"]


def test_kinds_cannot_mean_different_things_by_a_name() -> None:
    with pytest.raises(ValueError, match="slow and another kind mean different things by the option name"):
        merge_options({**KINDS, "slow": {"name": {"type": "int"}}})


@pytest.mark.parametrize(
    ("kind", "given", "strays"),
    [
        ("slow", {"speed": 3, "name": "x"}, []),
        ("slow", {"speed": 4, "name": "x"}, ["speed"]),
        ("slow", {"speed": None}, ["speed"]),
        ("fast", {"speed": 4, "name": "x"}, []),
    ],
)
def test_an_option_of_another_kind_is_a_stray_unless_it_has_its_default(
    kind: str, given: dict[str, object], strays: list[str]
) -> None:
    assert stray_options(kind, KINDS, given) == strays


SPEC = {"ways": {"type": "list", "elements": "dict", "options": {"kind": {"default": "slow"}, **merge_options(KINDS)}}}


@pytest.mark.parametrize(
    ("ways", "told"),
    [
        ([{"kind": "slow", "name": "x"}, {"kind": "fast", "speed": 3}], []),
        (
            [{"kind": "slow", "speed": 3}],
            ["ways[0] is of kind slow and is given speed, which it does not have; of its"],
        ),
        ([{"speed": None}], ["ways[0] is of kind slow and is given speed"]),
        (["kind=slow speed=3"], ["ways[0] is of kind slow and is given speed"]),
        ([{"kind": "other", "speed": 3}], []),
        (None, []),
    ],
)
def test_an_option_that_was_given_is_a_stray_whatever_its_value(ways: object, told: list[str]) -> None:
    found = list(given_strays("ways", "kind", KINDS, SPEC, {"ways": ways}))
    assert [problem[: len(start)] for problem, start in zip(found, told, strict=True)] == told
