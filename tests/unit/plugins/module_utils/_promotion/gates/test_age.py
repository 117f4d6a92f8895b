# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate `age`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.time_span import UNKNOWN_TIME, TimeSpan
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.age import Age, AgePolicy, parse_time
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.model import Judgement
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.subject import ConfigReading, read_config

from tests.unit.plugins.module_utils._promotion.gates.case import NOON, NOW, policy, problems, source_image, span


def config(created: Any) -> ConfigReading:
    return read_config("linux/amd64", json.dumps({"created": created}).encode())


def assess(*configs: ConfigReading, minimum: float | None = None, maximum: float | None = None) -> Judgement:
    return Age().assess(AgePolicy(minimum, maximum), configs, source_image(), NOW)


@pytest.mark.parametrize(
    ("created", "minimum", "maximum", "verdict"),
    [
        ("2026-11-23T10:00:00Z", None, None, Verdict.HEALTHY),
        ("2026-11-23T10:00:00Z", 2, 2, Verdict.HEALTHY),
        ("2026-11-23T10:00:00.000000001Z", 2, None, Verdict.HEALTHY),
        ("2026-11-23T10:00:01Z", 2, None, Verdict.UNHEALTHY),
        ("2026-11-23T09:59:59Z", None, 2, Verdict.UNHEALTHY),
        ("2026-11-23T12:00:00+02:00", 2, 2, Verdict.HEALTHY),
        ("2026-11-23T12:00:01Z", None, None, Verdict.HEALTHY),
        ("2026-11-23T12:01:00Z", None, 1, Verdict.HEALTHY),
        ("2026-11-23T12:01:00Z", 0.001, None, Verdict.UNHEALTHY),
        ("2026-11-23T12:01:01Z", None, None, Verdict.UNHEALTHY),
        ("2026-11-23T10:00:00Z", float("nan"), None, Verdict.UNHEALTHY),
        ("2026-11-23T10:00:00Z", None, float("nan"), Verdict.UNHEALTHY),
        ("1970-01-01T00:00:00Z", None, None, Verdict.INCONCLUSIVE),
        ("1980-01-01T00:00:01Z", 1, None, Verdict.INCONCLUSIVE),
        ("0001-01-01T00:00:00Z", 1, None, Verdict.INCONCLUSIVE),
        ("0001-01-01T00:00:00+23:59", 1, None, Verdict.INCONCLUSIVE),
        ("", 1, None, Verdict.INCONCLUSIVE),
        (None, 1, None, Verdict.INCONCLUSIVE),
        ("yesterday", 1, None, Verdict.INCONCLUSIVE),
        ("2026-11-23", 1, None, Verdict.INCONCLUSIVE),
        ("2026-02-30T00:00:00Z", 1, None, Verdict.INCONCLUSIVE),
        ("2026-11-23T10:00:00", 1, None, Verdict.INCONCLUSIVE),
        (7, 1, None, Verdict.INCONCLUSIVE),
        ([], 1, None, Verdict.INCONCLUSIVE),
        (["x"], 1, None, Verdict.ERROR),
    ],
)
def test_age_is_counted_from_the_configs_time(created: Any, minimum: Any, maximum: Any, verdict: Verdict) -> None:
    assert assess(config(created), minimum=minimum, maximum=maximum).verdict is verdict


@pytest.mark.parametrize(
    ("minimum", "maximum", "now", "verdict"),
    [
        (2, 2, span(NOON, timedelta(0)), Verdict.HEALTHY),
        (2, None, span(NOON, timedelta(minutes=5)), Verdict.UNHEALTHY),
        (None, 2, span(NOON, timedelta(minutes=5)), Verdict.HEALTHY),
        (None, 2, span(NOON + timedelta(minutes=1), timedelta(minutes=5)), Verdict.UNHEALTHY),
        (1, 3, span(NOON, timedelta(minutes=6)), Verdict.INCONCLUSIVE),
        (1, 3, span(NOON + timedelta(days=365), timedelta(days=365)), Verdict.INCONCLUSIVE),
        (1, 3, span(NOON, NOON - datetime(1970, 1, 1, tzinfo=UTC)), Verdict.INCONCLUSIVE),
        (1, 3, UNKNOWN_TIME, Verdict.INCONCLUSIVE),
    ],
)
def test_of_the_times_that_are_told_the_stricter_counts_and_none_when_they_are_far_apart(
    minimum: float | None, maximum: float | None, now: TimeSpan, verdict: Verdict
) -> None:
    created = (config("2026-11-23T10:00:00Z"),)
    found = Age().assess(AgePolicy(minimum, maximum), created, source_image(), now)
    assert found.verdict is verdict
    assert ("`Date` header" in found.seen) is (verdict is Verdict.INCONCLUSIVE)


def test_each_platform_has_an_age_of_its_own() -> None:
    old, young = config("2026-11-20T00:00:00Z"), config("2026-11-23T11:59:00Z")
    assert assess(old, young, minimum=24) == Judgement(
        Verdict.UNHEALTHY, "linux/amd64: created 2026-11-23T11:59:00Z, 0.0 hours ago, too young"
    )


def test_a_config_that_could_not_be_read_does_not_pass() -> None:
    assert assess(ConfigReading("linux/amd64", problem="it is gone")) == Judgement(
        Verdict.ERROR, "linux/amd64: it is gone"
    )


def test_a_fraction_of_nanoseconds_is_read() -> None:
    assert parse_time("2026-11-23T10:00:00.123456789Z") == datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (AgePolicy(24, None), "created at least 24 hours ago"),
        (AgePolicy(None, 1.5), "created at most 1.5 hours ago"),
        (AgePolicy(1, 2), "created at least 1 hour ago and at most 2 hours ago"),
    ],
)
def test_the_limits_are_said(limits: AgePolicy, words: str) -> None:
    assert Age().expect(limits, source_image()) == words


def test_options_are_the_limits() -> None:
    assert policy("age", minimum_hours=24) == AgePolicy(24.0, None)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "neither 'minimum_hours' nor 'maximum_hours'"),
        ({"minimum_hours": 5, "maximum_hours": 1}, "is above maximum_hours"),
        ({"minimum_hours": -5}, "counts hours from 0"),
        ({"maximum_hours": -5}, "counts hours from 0"),
        ({"minimum_hours": 0}, "so that nothing could fail"),
        ({"maximum_hours": float("inf")}, "in numbers that end"),
        ({"minimum_hours": 1, "maximum_hours": ".inf"[1:]}, "in numbers that end"),
        ({"maximum_hours": "nan"}, "in numbers that end"),
        ({"maximum_hours": 1e12}, "maximum_hours 1e+12 is above 87600 (ten years), so that nothing could fail"),
        ({"maximum_hours": 87_601}, "so that nothing could fail"),
        ({"minimum_hours": 1, "maximum_hours": 1e300}, "so that nothing could fail"),
        ({"minimum_hours": 1e12}, "so that nothing could pass"),
        ({"minimum_hours": 1e-9}, "less than a minute"),
        ({"minimum_hours": -0.0}, "so that nothing could fail"),
    ],
)
def test_limits_that_nothing_could_fail_or_pass_are_refused(options: dict[str, Any], told: str) -> None:
    (problem,) = problems("age", **options)
    assert told in problem
