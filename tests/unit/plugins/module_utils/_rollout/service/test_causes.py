# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ECS and the load balancer tell, in words and in bounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import botocore.session
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.causes import (
    events_in_words,
    target_words,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import ServiceEvent, Target

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = (
    "(service inference) was unable to place a task because no container instance met all of its requirements. "
    "The closest matching (container-instance {}) has insufficient memory available."
)


def events(*texts: str) -> list[ServiceEvent]:
    """Events a second apart, the oldest first."""
    return [ServiceEvent(BEGAN + timedelta(seconds=second), text) for second, text in enumerate(texts)]


@pytest.mark.parametrize(
    "text",
    [
        "(service s) was unable to place a task because no container instance met all of its requirements.",
        "(service s) (task 1a) failed container health checks.",
        "(service s) (port 8080) is unhealthy in (target-group tg) due to (reason Health checks failed with [503]).",
        "(service s) is unable to consistently start tasks successfully.",
        "(service s) operations are being throttled on elb.",
        "(service s) (deployment ecs-svc/1) deployment failed: tasks failed to start.",
        "(service s) failed to launch a task with (error ECS was unable to assume the role).",
        "(service s) was unable to stop or start tasks during a deployment because of the deployment configuration.",
    ],
)
def test_what_hinders_is_told_before_what_is_routine(text: str) -> None:
    routine = (
        "(service s) has started 2 tasks: (task 1) (task 2).",
        "(service s) registered 1 targets in (target-group tg)",
        "(service s) has begun draining connections on 1 tasks.",
        "(service s) has stopped 1 running tasks: (task 1).",
        "(service s) has reached a steady state.",
    )
    assert events_in_words(events(text, *routine), BEGAN) == text.removeprefix("(service s) ").rstrip(".")


def test_only_events_since_the_deployment_began_are_told() -> None:
    assert events_in_words(events("old trouble", "new trouble"), BEGAN + timedelta(seconds=1)) == "new trouble"
    assert events_in_words(events("old trouble"), BEGAN + timedelta(seconds=1)) == ""


def test_routine_is_told_where_there_is_nothing_else_and_briefly() -> None:
    told = events_in_words(events(*[f"(service s) has started {count} tasks: (task a)." for count in (1, 2, 3)]), BEGAN)
    assert told == "has started 3 tasks: (task a) | has started 2 tasks: (task a)"


def test_equal_events_are_told_once_and_all_in_bounds() -> None:
    many = events_in_words(events(*(PLACE.format(f"{number:032x}") for number in range(50))), BEGAN)
    assert many.endswith("has insufficient memory available (50 times)")
    assert "|" not in many
    different = ("x" * 1000, *"abcdefg")
    kinds = events_in_words(events(*different[::-1]), None)
    assert len(kinds) < 5 * 330
    assert kinds.count("|") == 4


REASONS = botocore.session.get_session().get_service_model("elbv2").shape_for("TargetHealthReasonEnum").enum


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_of_the_api_has_words(reason: str) -> None:
    assert target_words(Target("10.0.0.1", "unhealthy", reason)).startswith(f"unhealthy ({reason}: ")


def test_what_the_api_adds_is_told_when_it_tells_more() -> None:
    added = Target("a", "unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]")
    assert target_words(added).endswith("than the target group expects, Health checks failed with these codes: [503])")
    assert target_words(Target("a", "unhealthy", "Target.Timeout", "Request timed out")).endswith("in time)")
    assert target_words(Target("a", "odd", "Target.New", "It is new")) == "odd (Target.New: It is new)"
    assert target_words(Target("a", "healthy")) == "healthy"
