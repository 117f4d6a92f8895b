# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Releases by BLUE_GREEN and CANARY, under load: judged at ECS's pauses, and gone on with by another run."""

from __future__ import annotations

import http.server
import json
import re
import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Context
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.modules.ecs_rollout_approval import ENTRY as APPROVAL

from tests.integration.rollout.load import Load
from tests.integration.rollout.platform import QUICK, TRUST, Lines, Platform
from tests.integration.rollout.test_rollout_interrupted import Run
from tests.sandbox.balancer import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HASTY = {**QUICK, "bake_seconds": 1}
"""Each release is judged at two or three shares of the users."""

CANARY = {"strategy": "CANARY", "canary_percent": 30, "canary_bake_minutes": 0, "bake_minutes": 0}


def shifting(platform: Platform) -> dict[str, Any]:
    """Options of a release whose traffic can be shifted: a second target group, a test listener and a role."""
    refuse = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    (balancer,) = platform.elb.describe_load_balancers(Names=[platform.name])["LoadBalancers"]
    listener = platform.elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=9000, DefaultActions=[refuse]
    )["Listeners"][0]["ListenerArn"]
    trust = TRUST.replace("ecs-tasks.amazonaws.com", "ecs.amazonaws.com")
    name = f"{platform.name}-ecs-InfrastructureRole-1"
    role = platform.connect("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    platform.let(name, ["elasticloadbalancing:*"], "*")
    return {
        "load_balancer": {
            "target_group_arn": platform.group,
            "alternate_target_group_arn": platform.make_group(f"{platform.name}-g"),
            "infrastructure_role_arn": role["Role"]["Arn"],
            "container_name": "service",
            "container_port": 8080,
        },
        "listener_rules": [
            {"listener_arn": platform.listener, "priority": 100},
            {"listener_arn": listener, "priority": 100, "traffic": "test"},
        ],
        "test_url": platform.url.replace(":8000", ":9000"),
        "deployment": {"strategy": "BLUE_GREEN", "bake_minutes": 0},
        "gates": [
            {"kind": "target_health", "bake_seconds": 1, "deadline_seconds": 30, "consecutive_successes": 2},
            {"kind": "http", "path": "/readyz", **HASTY},
            {"kind": "http", "path": "/v1/analyses?limit=1", **HASTY},
        ],
    }


GOLDEN = {
    "golden": 1,
    "clip": "c.mp4",
    "sha256": "c",
    "commit": "f" * 40,
    "models": {"pose": "a"},
    "frames_per_second": 40.0,
    "findings": None,
    "persons": [
        {
            "frames": 30,
            "first_frame": 0,
            "last_frame": 29,
            "angles": {"left_knee": {"minimum": 10.0, "maximum": 90.0, "mean": 40.0}},
        }
    ],
}
CANARY_GATE = {"kind": "canary", "maximum_increase": 0.3, "bake_seconds": 1, "period_seconds": 1, "lag_seconds": 2}


class Judge(http.server.BaseHTTPRequestHandler):
    """A webhook that finds every release fit."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"verdict": "HEALTHY", "reason": "load test passed"}')

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


@contextmanager
def every_gate(platform: Platform, folder: Path) -> Iterator[list[dict[str, Any]]]:
    """A gate of each further kind, with what it asks: an alarm, a webhook, a golden file, a person who says yes."""
    cloudwatch, name = platform.connect("cloudwatch"), f"{platform.name}-quiet"
    alarm = {"MetricName": "m", "Namespace": "n", "Period": 86400, "EvaluationPeriods": 1, "Threshold": 1.0}
    comparison = {"Statistic": "Sum", "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching"}
    cloudwatch.put_metric_alarm(AlarmName=name, **alarm, **comparison)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="quiet")
    golden = folder / "golden.jsonl"
    golden.write_text(json.dumps(GOLDEN))
    clip = folder / "clip.mp4"
    clip.write_bytes(bytes(100_000))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Judge)
    ended = threading.Event()
    threads = [threading.Thread(target=server.serve_forever), threading.Thread(target=say_yes, args=(platform, ended))]
    for thread in threads:
        thread.start()
    short = {"bake_seconds": 1, "deadline_seconds": 120}
    url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield [
            {"kind": "alarms", "alarms": [name], **short},
            {"kind": "task_stability", **short},
            {"kind": "http", "name": "upload", "method": "POST", "path": "/v1/analyses", "body_file": str(clip),
             "headers": {"Content-Type": "video/mp4"}, "expected_status": [202], "body_pattern": '"state": "queued"',
             "body_json": {"bytes": 100_000, "type": "video/mp4"}, "minimum_samples": 3, "interval_seconds": 0.1,
             **short},
            # Both versions are the same program: what is asked is that they are compared at all.
            {"kind": "http", "name": "latency", "path": "/v1/analyses?limit=1", "maximum_latency_increase": 50,
             "latency_quantile": 0.5, "minimum_samples": 10, "interval_seconds": 0.1, "stages": ["each_step"], **short},
            {"kind": "command", "command": ["sh", "-c", "test $FASTBREAK_VERSION"], "stages": ["each_step"], **short},
            {"kind": "webhook", "webhook_url": url, "stages": ["each_step"], **short},
            {"kind": "inference", "golden_file": str(golden), "inference_timeout_seconds": 60, **short},
            {"kind": "approval", "question": "Go?", "stages": ["each_step"], **short},
            {"kind": "metric", "metric": "RequestCount", "minimum": 1, "minimum_periods": 1, "period_seconds": 5,
             "lag_seconds": 1, "stages": ["each_step"], **short},
            {**CANARY_GATE, **short},
        ]  # fmt: skip
    finally:
        ended.set()
        server.shutdown()
        for thread in threads:
            thread.join()
        server.server_close()


def say_yes(platform: Platform, ended: threading.Event) -> None:
    """Answer as soon as the release asks."""
    context = Context(platform.connect_as_deployer, SystemClock(), Lines(), check_mode=False)
    answer = {"service": "web", "release_table": platform.table, "version": "1.1.0", "gate": "approval", "comment": ""}
    while not ended.wait(1):
        with suppress(RefusedError):
            APPROVAL.perform({**answer, "approved": True}, context)
            return


def shares(platform: Platform) -> list[int]:
    """The weights of the production rule."""
    (rule,) = [
        rule for rule in platform.elb.describe_rules(ListenerArn=platform.listener)["Rules"] if not rule["IsDefault"]
    ]
    return sorted(group["Weight"] for group in rule["Actions"][0]["ForwardConfig"]["TargetGroups"])


def test_blue_green_costs_no_request_whether_the_release_is_good_or_bad(platform: Platform) -> None:
    """And the strategy of a living service changes to it and back."""
    options = shifting(platform)
    platform.push("1.0.0")
    platform.roll_out("1.0.0", **{**options, "deployment": {"strategy": "ROLLING"}})
    with Load(f"{platform.url}/v1/analyses") as load:
        good = platform.push("1.1.0")
        # A task asks both listeners, as where the machine that deploys is outside.
        inside = {**options, "gates": [*options["gates"][:1], options["gates"][2]], "probe_from": "task"}
        judged = platform.roll_out("1.1.0", **inside)["gates"]
        assert {gate["stage"] for gate in judged if gate["gate"].startswith("http") and gate["samples"] >= 5} == {
            "before_traffic",
            "after_traffic",
        }
        assert not platform.roll_out("1.1.0", **options)["changed"]
        platform.push("1.2.0", ROUTE_STATUS=500)
        with pytest.raises(RolledBackError, match="is UNHEALTHY"):
            platform.roll_out("1.2.0", **options)
        assert set(platform.answers()) == {(200, good)}
        tag = platform.push("1.3.0")
        platform.roll_out("1.3.0", **{**options, "deployment": {"strategy": "ROLLING"}})
    assert set(load.answers) == {200}, load.answers
    assert set(platform.answers()) == {(200, tag)}
    assert [record["outcome"] for record in platform.records()] == [
        "SUCCEEDED",
        "SUCCEEDED",
        "ROLLED_BACK",
        "SUCCEEDED",
    ]
    assert not platform.service()["deploymentConfiguration"].get("lifecycleHooks")


def test_a_canary_shows_its_fault_to_its_share_of_the_users_alone(platform: Platform, tmp_path: Path) -> None:
    options = {**shifting(platform), "deployment": CANARY}
    platform.push("1.0.0")
    platform.roll_out("1.0.0", **options)
    with Load(f"{platform.url}/v1/analyses") as load:
        good = platform.push("1.1.0")
        run = Run(platform, tmp_path, "1.1.0", **options)
        # At the first pause nobody answers, until the next run does.
        run.until("paused")
        run.send(signal.SIGKILL)
        run.wait()
        with every_gate(platform, tmp_path) as gates:
            done = platform.roll_out("1.1.0", **{**options, "gates": [*options["gates"], *gates]})
        measured = {gate["gate"].split()[0]: gate for gate in done["gates"]}
        assert {each.get("name", each["kind"]) for each in gates} <= {*measured}
        assert re.search(r"\d of (?!0 )\d+ that were compared", measured["latency"]["seen"])
        assert all(gate["verdict"] == "HEALTHY" and gate["samples"] for gate in done["gates"])
        assert f":{platform.account}:" in measured["approval"]["seen"]
        assert set(load.answers) == {200}, load.answers
        platform.push("1.2.0", ROUTE_STATUS=500)
        # The counts of both target groups tell it, over the same seconds.
        bad = [*options["gates"][:2], CANARY_GATE]
        with pytest.raises(RolledBackError, match="gate canary is UNHEALTHY"):
            platform.roll_out("1.2.0", **{**options, "gates": bad})
        assert eventually(lambda: shares(platform) == [0, 100])
    total = sum(load.answers.values())
    assert 0 < load.answers[500] < total / 2
    assert set(load.answers) == {200, 500}
    assert set(platform.answers()) == {(200, good)}
    records = platform.records()
    assert [record["outcome"] for record in records] == ["SUCCEEDED", "SUCCEEDED", "ROLLED_BACK"]
    assert "each_step" in str(records[-1]["gates"])
