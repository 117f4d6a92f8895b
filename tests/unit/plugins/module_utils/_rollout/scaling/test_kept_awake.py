# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of scaling that a release has left so that a task stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.kept_awake import (
    is_kept_awake,
    left_as_it_is,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.model import Scaling
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.rest import awake

from tests.unit.plugins.module_utils._rollout.case import scaling

RESTS = scaling(0, 4, backlog_per_task=2, backlog_namespace="Fastbreak/dev")
WORKS = replace(scaling(1, 4), suspended=False)
BY_HAND = replace(WORKS, suspended=True)


@pytest.mark.parametrize(
    ("standing", "before", "expected"),
    [
        (None, RESTS, False),
        (RESTS, None, False),
        (awake(RESTS), None, True),
        (awake(RESTS), awake(RESTS), True),
        # The release was to make it rest, or to let it rest no more.
        (BY_HAND, WORKS, True),
        (BY_HAND, RESTS, True),
        (BY_HAND, None, False),
        (BY_HAND, BY_HAND, False),
    ],
)
def test_schedule_that_a_release_suspended_is_known_by_what_there_was_or_by_its_policies(
    standing: Scaling | None, before: Scaling | None, expected: bool
) -> None:
    assert is_kept_awake(standing, before) is expected


@pytest.mark.parametrize(
    ("standing", "before", "expected"),
    [
        (None, None, None),
        (WORKS, None, None),
        (BY_HAND, RESTS, None),
        # Somebody else's, which has none of our policies.
        (Scaling(0, 4, suspended=False), None, None),
        (RESTS, None, RESTS),
        (replace(RESTS, maximum=0), WORKS, replace(RESTS, maximum=0)),
        (awake(RESTS), RESTS, RESTS),
        (awake(RESTS), WORKS, WORKS),
        (awake(RESTS), awake(RESTS), RESTS),
        (awake(RESTS), None, RESTS),
    ],
)
def test_scaling_that_is_no_longer_asked_for_is_left_as_it_was(
    standing: Scaling | None, before: Scaling | None, expected: Scaling | None
) -> None:
    assert left_as_it_is(standing, before) == expected
