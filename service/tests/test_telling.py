# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a finished piece of work took, as CloudWatch reads it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from fastbreak_service.worker.telling import Finished, Stage, Stopwatch, figures, teller, untold

if TYPE_CHECKING:
    from collections.abc import Mapping

STAGES = {Stage.FETCH: 2.0, Stage.ANALYSE: 27.0, Stage.RECORD: 1.0}


def metrics_of(line: Mapping[str, Any]) -> dict[str, tuple[float, str]]:
    """What CloudWatch makes of such a line."""
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [[]]
    return {each["Name"]: (line[each["Name"]], each["Unit"]) for each in directive["Metrics"]}


def test_a_whole_video_is_told_with_its_speed_stages_damage_and_cost() -> None:
    with capture_logs() as logged:
        teller("Fastbreak/dev", 98_740)(Finished("whole", 900, 30.0, 2, STAGES))
    (line,) = logged
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Fastbreak/dev"
    assert (line["event"], line["piece"]) == ("piece finished", "whole")
    assert metrics_of(line) == {
        "FetchSeconds": (2.0, "Seconds"),
        "AnalyseSeconds": (27.0, "Seconds"),
        "RecordSeconds": (1.0, "Seconds"),
        "DecodeErrors": (2, "Count"),
        "FramesPerSecond": (30.0, "Count/Second"),
        "FootageMinutes": (0.5, "None"),
        "SecondsPerFootageMinute": (60.0, "Seconds"),
        # A minute of an hour of 9.874 cents.
        "CentsPerFootageMinute": (pytest.approx(9.874 / 60, abs=1e-5), "None"),
    }


@pytest.mark.parametrize(
    ("finished", "missing"),
    [
        (Finished("segment", 900, 30.0, None, STAGES), {"DecodeErrors"}),
        (Finished("joined", 0, 0.0, 0, STAGES), {"FramesPerSecond", "FootageMinutes", "CentsPerFootageMinute"}),
        (Finished("whole", 900, 30.0, 0, {}), {"FramesPerSecond"}),
        (Finished("whole", 900, 0.0, 0, STAGES), {"SecondsPerFootageMinute", "CentsPerFootageMinute"}),
    ],
)
def test_what_is_not_known_is_left_out(finished: Finished, missing: set[str]) -> None:
    assert not missing & set(figures(finished, 98_740))


def test_without_a_price_no_cost_is_told_and_without_a_namespace_nothing() -> None:
    assert "CentsPerFootageMinute" not in figures(Finished("whole", 900, 30.0, 0, STAGES), 0)
    assert teller("", 98_740) is untold


def test_a_stage_that_fails_counts_and_one_that_comes_again_adds_up() -> None:
    watch = Stopwatch(count().__next__)
    with pytest.raises(ValueError, match="broken"), watch.of(Stage.FETCH):
        raise ValueError("broken")
    with watch.of(Stage.FETCH):
        pass
    assert watch.seconds == {Stage.FETCH: 2.0}
