# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings of every gate: what is not given is the kind's own."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.settings import SHARED_OPTIONS, shared_fields
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.stages import Stage


def read(**given: Any) -> dict[str, Any]:
    options = {name: option.get("default") for name, option in SHARED_OPTIONS.items()}
    return shared_fields(HttpGate, {**options, **given}, "http /")


def test_what_is_not_given_is_the_kinds_own() -> None:
    fields = read()
    assert (fields["name"], fields["interval_seconds"], fields["stages"]) == ("http /", 0.5, tuple(Stage))


@pytest.mark.parametrize(
    ("given", "deadline"),
    [
        ({}, 90),
        ({"initial_delay_seconds": 5, "bake_seconds": 10}, 75),
        ({"bake_seconds": 1, "interval_seconds": 10, "consecutive_successes": 3}, 90),
        ({"deadline_seconds": 7}, 7),
    ],
)
def test_a_deadline_leaves_a_minute_beyond_what_is_needed(given: dict[str, Any], deadline: float) -> None:
    assert read(**given)["deadline_seconds"] == deadline


def test_stages_are_known_by_their_names() -> None:
    assert read(stages=["each_step", "each_step"])["stages"] == (Stage.EACH_STEP,)
    with pytest.raises(RequestError, match="stages names later; a stage is one of before_traffic"):
        read(stages=["later"])
