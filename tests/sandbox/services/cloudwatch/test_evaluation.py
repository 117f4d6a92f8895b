# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""An alarm's state by its points: the user guide's tables, and expressions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.metric_math import ExpressionError, evaluate, names
from sandbox.services.cloudwatch.model import evaluation
from sandbox.services.cloudwatch.model.definition import refusal
from sandbox.services.cloudwatch.model.evaluation import Rule

KEPT = "the state until now"
INSUFFICIENT = "INSUFFICIENT_DATA"
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def state(points: str, datapoints: int, missing: str, current: str = KEPT) -> str:
    """The state of an alarm of 3 periods: X breaches, 0 does not, - is missing; the newest is on the right."""
    rule = Rule(
        comparison="GreaterThanThreshold",
        threshold=0.5,
        evaluation_periods=3,
        datapoints_to_alarm=datapoints,
        missing=missing,
    )
    values = [{"X": 1.0, "0": 0.0, "-": None}[letter] for letter in points]
    return evaluation.evaluate(rule, values, current).value


@pytest.mark.parametrize(
    ("points", "datapoints", "expected"),
    [
        # The user guide's table of 3 out of 3 datapoints.
        ("0-X-X", 3, ("OK", "OK", "OK", "OK")),
        ("--0--", 3, ("OK", "OK", "OK", "OK")),
        ("-----", 3, (INSUFFICIENT, KEPT, "ALARM", "OK")),
        ("0XX-X", 3, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("--X--", 3, ("ALARM", KEPT, "ALARM", "OK")),
        # And of 2 out of 3.
        ("0-X-X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("00X0X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0-X--", 2, ("OK", "OK", "ALARM", "OK")),
        ("----0", 2, ("OK", "OK", "ALARM", "OK")),
        ("---X-", 2, ("ALARM", KEPT, "ALARM", "OK")),
        # A single new point is too young to be an alarm of two.
        ("----X", 2, ("OK", KEPT, "ALARM", "OK")),
    ],
)
def test_points_and_missing_points_make_a_state(points: str, datapoints: int, expected: tuple[str, ...]) -> None:
    assert tuple(state(points, datapoints, missing) for missing in TREATMENTS) == expected


@given(st.text("X0", min_size=3, max_size=5), st.integers(1, 3), st.sampled_from(TREATMENTS))
def test_where_nothing_is_missing_the_treatment_does_not_matter(points: str, datapoints: int, missing: str) -> None:
    expected = "ALARM" if points[-3:].count("X") >= datapoints else "OK"
    assert state(points, datapoints, missing) == expected


@given(st.text("X0-", min_size=5, max_size=5), st.integers(1, 3))
def test_breaching_alarms_whenever_not_breaching_does(points: str, datapoints: int) -> None:
    if state(points, datapoints, "notBreaching") == "ALARM":
        assert state(points, datapoints, "breaching") == "ALARM"


SERIES = {"requests": {60.0: 100.0, 120.0: 10.0}, "errors": {60.0: 5.0}}
PERIODS = (0.0, 60.0, 120.0)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("100 * errors / requests", {60.0: 5.0, 120.0: 0.0}),
        ("errors - requests", {60.0: -95.0, 120.0: -10.0}),
        ("errors - nothing", {60.0: 5.0}),
        ("errors / nothing", {}),
        ("nothing + 1", {}),
        ("errors < requests", {60.0: 1.0, 120.0: 1.0}),
        ("errors < 9", {60.0: 1.0}),
        ("requests > 5 AND errors > 1", {60.0: 1.0, 120.0: 0.0}),
        ("FILL(errors, 0)", {0.0: 0.0, 60.0: 5.0, 120.0: 0.0}),
        ("100 * FILL(errors, 0) / requests", {60.0: 5.0, 120.0: 0.0}),
        ("IF(requests >= 50, 100 * FILL(errors, 0) / requests, 0)", {60.0: 5.0, 120.0: 0.0}),
        ("IF(FILL(requests, 0) >= 50 AND FILL(errors, 0) > 1, 1, 0)", {0.0: 0.0, 60.0: 1.0, 120.0: 0.0}),
        ("errors > 9 || requests == 100", {60.0: 1.0, 120.0: 0.0}),
        # The user guide's examples: what is true and silent is 0, all else that is silent is dropped.
        ("IF(requests, errors, 7)", {60.0: 5.0, 120.0: 0.0}),
        ("IF(requests > 50, errors)", {60.0: 5.0}),
        ("IF(requests < 50, 3, errors)", {60.0: 5.0, 120.0: 3.0}),
        ("IF(requests < 0, 3, errors)", {60.0: 5.0}),
        ("IF(errors, 1, 2)", {60.0: 1.0}),
        ("HOUR(nothing)", {0.0: 0.0, 60.0: 0.0, 120.0: 0.0}),
        ("requests / (requests - 100)", {120.0: -10 / 90}),
        ("-requests ^ 2", {60.0: -10000.0, 120.0: -100.0}),
        ("CEIL(requests / 30)", {60.0: 4.0, 120.0: 1.0}),
        ("7", {0.0: 7.0, 60.0: 7.0, 120.0: 7.0}),
    ],
)
def test_expressions(expression: str, expected: dict[float, float]) -> None:
    assert evaluate(expression, {**SERIES, "nothing": {}}, PERIODS) == pytest.approx(expected)


@pytest.mark.parametrize(
    "expression", ["", "a b", "__import__('os')", "a.b", "IF(a)", "SEARCH('x')", "1 < a < 2", "'a'"]
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionError):
        names(expression)


def _stat(name: str, period: int = 60, returned: bool = False) -> dict[str, object]:
    metric = {"Namespace": "N", "MetricName": "M"}
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}, "ReturnData": returned}


@pytest.mark.parametrize(
    ("alarm", "reason"),
    [
        ({"Metrics": [_stat("a", returned=True)]}, ""),
        ({"Metrics": [_stat("a"), {"Id": "e", "Expression": "a * 2"}]}, ""),
        ({"Metrics": [_stat("a")]}, "Exactly one element"),
        ({"Metrics": [_stat("a", returned=True), {"Id": "e", "Expression": "a"}]}, "Exactly one element"),
        ({"Metrics": [_stat("a"), {"Id": "e", "Expression": "b"}]}, "Unknown identifier b"),
        ({"Metrics": [_stat("a"), {"Id": "e", "Expression": "a +"}]}, "Error in expression 'e'"),
        ({"Metrics": [_stat("a", 60), _stat("b", 300), {"Id": "e", "Expression": "a + b"}]}, "one period"),
        ({"Metrics": [_stat("a", returned=True)], "MetricName": "M"}, "mutually exclusive"),
    ],
)
def test_what_an_alarm_reads_is_checked(alarm: dict[str, object], reason: str) -> None:
    assert reason in (refusal(alarm) or "")
    assert bool(reason) == bool(refusal(alarm))
