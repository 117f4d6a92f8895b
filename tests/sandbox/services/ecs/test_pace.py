# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How fast waits pass: bake times faster than the rest, where that is asked for."""

import pytest

from sandbox.services.ecs.model.health import engine_health_check
from sandbox.services.ecs.model.pace import baked, scaled


@pytest.mark.parametrize(
    ("time_scale", "bake_scale", "minute", "baked_minute"),
    [
        ("1", "1", 60.0, 60.0),
        ("1", "60", 60.0, 1.0),
        ("10", "1", 6.0, 6.0),
        ("10", "60", 6.0, 0.1),
        ("0", "0", 60.0, 60.0),
    ],
)
def test_bake_times_pass_by_both_scales_and_nothing_else_does(
    monkeypatch: pytest.MonkeyPatch, time_scale: str, bake_scale: str, minute: float, baked_minute: float
) -> None:
    monkeypatch.setenv("SANDBOX_TIME_SCALE", time_scale)
    monkeypatch.setenv("SANDBOX_BAKE_SCALE", bake_scale)
    assert (scaled(60.0), baked(1)) == pytest.approx((minute, baked_minute))


@pytest.mark.parametrize(("time_scale", "seconds"), [("1", 10), ("5", 2), ("30", 1)])
def test_containers_are_checked_faster_but_never_without_end(
    monkeypatch: pytest.MonkeyPatch, time_scale: str, seconds: int
) -> None:
    monkeypatch.setenv("SANDBOX_TIME_SCALE", time_scale)
    check = engine_health_check({"command": ["CMD", "true"], "interval": 10, "timeout": 5, "startPeriod": 60})
    assert check["interval"] == seconds * 1_000_000_000
