# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role cloudwatch: every alarm tells somebody, is explained, and is made to fire; the dashboards can be read."""

import ast
import json
import re

import pytest

from sandbox.metric_math import evaluate
from sandbox.services.logs.model.metrics import of_filter
from tests.unit.roles.test_components import ROOT, template

PREFIX = "fastbreak-${Environment}-"
RESOURCES = template("cloudwatch")["Resources"]
ALARMS = {
    body["Properties"]["AlarmName"]["Fn::Sub"].removeprefix(PREFIX): body["Properties"]
    for body in RESOURCES.values()
    if body["Type"] == "AWS::CloudWatch::Alarm"
}
DASHBOARDS = {
    name: body["Properties"]["DashboardBody"]["Fn::Sub"]
    for name, body in RESOURCES.items()
    if body["Type"] == "AWS::CloudWatch::Dashboard"
}


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_tells_a_topic_when_it_fires_and_when_it_clears(name):
    alarm = ALARMS[name]
    assert alarm["AlarmActions"] == alarm["OKActions"]
    assert alarm["AlarmActions"] in ([{"Ref": "CriticalTopic"}], [{"Ref": "WarningTopic"}])
    assert alarm["TreatMissingData"] in {"breaching", "missing", "notBreaching"}


def test_the_alarm_of_releases_holds_exactly_the_critical_ones():
    critical = {name for name, alarm in ALARMS.items() if alarm["AlarmActions"] == [{"Ref": "CriticalTopic"}]}
    rule = RESOURCES["ReleaseAlarm"]["Properties"]["AlarmRule"]["Fn::Sub"]
    named = {RESOURCES[name]["Properties"]["AlarmName"]["Fn::Sub"] for name in re.findall(r"\$\{(\w+)\}", rule)}
    assert named == {PREFIX + name for name in critical}


def test_each_alarm_is_explained_and_made_to_fire():
    explained = (ROOT / "docs" / "alarms.md").read_text()
    tried = ast.parse((ROOT / "tests" / "integration" / "provision" / "test_alarms.py").read_text())
    values = {
        target.id: ast.literal_eval(node.value)
        for node in tried.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in {"CRITICAL", "WARNING"}
    }
    # One NAT gateway more is the same alarm once more.
    assert values["CRITICAL"] | values["WARNING"] | {"nat-c"} == set(ALARMS)
    for name in set(ALARMS) - {"nat-b", "nat-c"}:
        assert f"`{name}`" in explained


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_is_json_within_its_grid(name):
    body = DASHBOARDS[name]
    widgets = json.loads(body[0] if isinstance(body, list) else body)["widgets"]
    assert widgets
    for widget in widgets:
        assert widget["x"] + widget["width"] <= 24
        assert widget["properties"]["region"] == "${AWS::Region}"


def test_the_alarm_of_the_edge_reads_the_web_acl_of_the_edge():
    dimensions = {each["Name"]: each["Value"] for each in ALARMS["cloudfront-blocked"]["Dimensions"]}
    shown = template("edge")["Resources"]["WebAcl"]["Properties"]["VisibilityConfig"]
    assert shown["CloudWatchMetricsEnabled"] is True
    assert dimensions == {"WebACL": shown["MetricName"], "Rule": "ALL"}


FILTERS = {
    name: body["Properties"]
    for name, body in template("service")["Resources"].items()
    if body["Type"] == "AWS::Logs::MetricFilter"
}
OF_VERSIONS = {name for name, filter_ in FILTERS.items() if "Dimensions" in filter_["MetricTransformations"][0]}


@pytest.mark.parametrize(
    ("line", "seconds", "failed"),
    [
        ({"event": "request", "status": 200, "seconds": 0.25, "version": "1.0.0-a"}, [0.25], []),
        ({"event": "request", "status": 503, "seconds": 0.5, "version": "1.0.0-a"}, [0.5], [1.0]),
        ({"event": "request broke off", "status": 500, "seconds": 0.5, "version": "1.0.0-a"}, [], []),
        ({"event": "request", "status": 500, "seconds": 0.5}, [], []),
        ({"event": "ready", "version": "1.0.0-a"}, [], []),
    ],
)
def test_the_service_s_lines_become_metrics_of_their_version(line, seconds, failed):
    made = {name: list(of_filter(_as_called(FILTERS[name]), json.dumps(line))) for name in OF_VERSIONS}
    assert [datum.value for datum in made["RequestSeconds"]] == seconds
    assert [datum.value for datum in made["FailedRequests"]] == failed
    assert all(dict(datum.dimensions) == {"Version": "1.0.0-a"} for found in made.values() for datum in found)


@pytest.mark.parametrize(("event", "counted"), [("analysis failed", [1.0]), ("analysis finished", [])])
def test_an_analysis_without_a_result_is_counted(event, counted):
    line = json.dumps({"event": event, "code": "worker_died", "version": "1.0.0-a"})
    assert [datum.value for datum in of_filter(_as_called(FILTERS["FailedAnalyses"]), line)] == counted
    assert (
        ALARMS["failed-analyses"]["MetricName"] == FILTERS["FailedAnalyses"]["MetricTransformations"][0]["MetricName"]
    )
    ending = (ROOT / "service" / "src" / "fastbreak_service" / "worker" / "ending.py").read_text()
    assert 'log.warning("analysis failed"' in ending


@pytest.mark.parametrize(
    ("event", "source"),
    [
        ("message not sent", "messages/sending.py"),
        ("no message received", "worker/messages.py"),
        ("dead letters not erased", "api/dead_letters.py"),
    ],
)
def test_what_the_queue_of_messages_refuses_is_counted(event, source):
    filter_ = _as_called(FILTERS["QueueErrors"])
    for told, counted in ((event, [1.0]), (f"{event} yet", [])):
        assert [datum.value for datum in of_filter(filter_, json.dumps({"event": told, "reason": "x"}))] == counted
    assert ALARMS["queue-errors"]["MetricName"] == metric_of("QueueErrors")
    assert f'"{event}"' in (ROOT / "service" / "src" / "fastbreak_service" / source).read_text()


def test_alarms_of_the_queue_read_what_the_service_tells():
    told = (ROOT / "service" / "src" / "fastbreak_service" / "api" / "backlog.py").read_text()
    [measured] = [query for query in ALARMS["queue-age"]["Metrics"] if "MetricStat" in query]
    for name in (measured["MetricStat"]["Metric"]["MetricName"], ALARMS["dead-letters"]["MetricName"]):
        assert f'"{name}": "' in told


HOURS = {hour: hour * 3600.0 for hour in range(24)}


@pytest.mark.parametrize(("begin", "end"), [(0, 24), (13, 24), (0, 1), (6, 18), (22, 4), (23, 1), (13, 12)])
def test_a_waiting_video_is_a_concern_in_the_watched_hours_alone_and_silence_is_no_good_news(begin, end):
    [concern] = [query for query in ALARMS["queue-age"]["Metrics"] if "Expression" in query]
    expression = concern["Expression"]["Fn::Sub"]
    for name, hour in (("QueueWatchedFromHour", begin), ("QueueWatchedUntilHour", end)):
        expression = expression.replace(f"${{{name}}}", str(hour))
    watched = [at for hour, at in HOURS.items() if (begin <= hour < end if begin < end else not end <= hour < begin)]
    quiet = {at: 0.0 for at in HOURS.values() if at not in watched}
    waits = dict.fromkeys(HOURS.values(), 5000.0)
    assert evaluate(expression, {"age": waits}, tuple(waits)) == {**waits, **quiet}
    assert evaluate(expression, {"age": {}}, tuple(waits)) == quiet


def metric_of(name):
    return FILTERS[name]["MetricTransformations"][0]["MetricName"]


def _as_called(properties):
    """A filter of a template as PutMetricFilter has it."""
    [change] = properties["MetricTransformations"]
    return {
        "filterPattern": properties["FilterPattern"],
        "metricTransformations": [
            {
                "metricNamespace": "n",
                "metricName": change["MetricName"],
                "metricValue": change["MetricValue"],
                "dimensions": {each["Key"]: each["Value"] for each in change.get("Dimensions", [])},
            }
        ],
    }


def test_the_dashboard_of_releases_shows_what_the_filters_measure():
    body, _values = DASHBOARDS["ReleaseDashboard"]
    shown = set(re.findall(r'MetricName=\\"(\w+)\\"', body))
    assert shown == {
        properties["MetricTransformations"][0]["MetricName"] for properties in map(FILTERS.get, OF_VERSIONS)
    }
    middleware = (ROOT / "service" / "src" / "fastbreak_service" / "api" / "middleware.py").read_text()
    assert re.search(r'line\("request",.* status=status, seconds=', middleware)
