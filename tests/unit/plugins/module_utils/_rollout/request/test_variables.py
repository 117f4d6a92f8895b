# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Environment variables of a task that runs once."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.variables import variables


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, ()), ({"B": "x", "A": 1}, (("A", "1"), ("B", "x"))), ({"A": ""}, (("A", ""),)), ({1: 2}, (("1", "2"),))],
)
def test_texts_and_whole_numbers_are_taken(given: dict[Any, Any], expected: tuple[tuple[str, str], ...]) -> None:
    assert variables("environment", given) == (expected, [])


@pytest.mark.parametrize("value", [None, True, [], {"a": 1}, 1.5])
def test_what_is_no_text_is_named_by_its_option(value: object) -> None:
    _, problems = variables("migration.environment", {"A": value, "B": "x"})
    (problem,) = problems
    assert problem.startswith("migration.environment.A must be text")


def test_a_variable_has_a_name() -> None:
    assert variables("environment", {"": "x"})[1]
