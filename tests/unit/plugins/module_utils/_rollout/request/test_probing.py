# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""From where requests are sent, and what no task can send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.companions import build_requests
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.probing import secrets_of_tasks
from ansible_collections.fastbreak.aws.plugins.modules.ecs_rollout import build_argument_spec

from tests.unit.plugins.module_utils._rollout.request.test_companions_bad_input import GOOD, problems_of

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import RolloutRequest


def from_task(*gates: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"probe_from": "task", "gates": [{"kind": "target_health"}, *gates], **other}


def build(options: dict[str, Any]) -> RolloutRequest:
    validated = ArgumentSpecValidator(build_argument_spec()).validate({**GOOD, **options})
    return build_requests(validated.validated_parameters, owner="me", key=b"k" * 32)[0]


def test_requests_of_get_can_be_sent_from_a_task() -> None:
    assert problems_of(from_task({"kind": "http", "path": "/readyz"})) == ""
    assert problems_of({"probe_from": "controller"}) == ""


def test_secret_is_sent_by_a_role_that_may_read_it() -> None:
    headers = {"Authorization": "secretsmanager:probe"}
    gates = [{"kind": "http", "name": name, "headers": headers, "dry_run": name == "b"} for name in "ab"]
    request = build(from_task(*gates, probe_task_role_arn="arn:aws:iam::111111111111:role/probe"))
    assert request.probing.task_role_arn.endswith("role/probe")
    assert secrets_of_tasks(request) == ("probe",)
    after = [{**gate, "stages": ["after_traffic"]} for gate in gates]
    assert secrets_of_tasks(build(from_task(*after, probe_from="task_before_traffic"))) == ()
    assert secrets_of_tasks(build({**from_task(*gates), "probe_from": "controller"})) == ()


def test_clips_that_a_task_sends_are_sent_by_a_role_that_may_read_the_secret() -> None:
    headers = {"Authorization": "secretsmanager:probe"}
    served = {"kind": "served_inference", "golden_file": "g", "inference_clips": ["a.mp4"], "headers": headers}
    here = {"gates": [{"kind": "target_health"}, served], "probe_from": "controller"}
    assert "gate served_inference sends a header whose value lies in a secret, and has a task send it" in problems_of(
        here
    )
    role = {"probe_task_role_arn": "arn:aws:iam::111111111111:role/probe"}
    assert problems_of({**here, **role}) == ""
    assert secrets_of_tasks(build({**here, **role})) == ("probe",)
    assert problems_of(from_task(served, **role)) == ""


def test_file_that_is_only_read_here_does_not_matter() -> None:
    golden = {"kind": "inference", "name": "clips", "golden_file": "golden.json", "inference_clips": ["a.mp4"]}
    assert "sends a file" not in problems_of(from_task(golden))


@pytest.mark.parametrize(("stages", "refused"), [(["after_traffic"], False), (["before_traffic", "each_step"], True)])
def test_what_a_task_does_not_ask_may_send_a_file(stages: list[str], *, refused: bool) -> None:
    upload = {"kind": "http", "name": "upload", "method": "POST", "body_file": "clip.mp4", "stages": stages}
    problems = problems_of(from_task(upload, probe_from="task_before_traffic"))
    assert ("gate upload sends a file of this machine" in problems) == refused


@pytest.mark.parametrize(("method", "refused"), [("GET", False), ("HEAD", False), ("OPTIONS", True), ("POST", True)])
def test_what_a_task_does_not_send_is_not_sent_from_elsewhere(method: str, *, refused: bool) -> None:
    asked = {"kind": "http", "name": "asked", "method": method}
    assert ("gate asked sends " + method in problems_of(from_task(asked))) == refused
    later = {**asked, "stages": ["after_traffic"]}
    assert problems_of(from_task(later, probe_from="task_before_traffic")) == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"probe_from": "moon"}, "value of probe_from must be one of: controller, task, task_before_traffic"),
        (from_task(probe_command=[]), "probe_from is task, and probe_command is empty"),
        (
            from_task(probe_command=[], probe_from="task_before_traffic"),
            "probe_from is task_before_traffic, and probe_command is empty",
        ),
        (from_task(probe_command=["probe", ""]), "has an empty word"),
        (
            from_task({"kind": "http", "name": "upload", "method": "POST", "body_file": "clip.mp4"}),
            "gate upload sends a file of this machine",
        ),
        (
            from_task({"kind": "http", "name": "list", "headers": {"Authorization": "secretsmanager:probe"}}),
            "gate list sends a header whose value lies in a secret, and probe_from is task: name the role",
        ),
        (
            from_task({"kind": "http", "name": "add", "method": "POST", "headers": {"X": "secretsmanager:probe"}}),
            "gate add sends a header whose value lies in a secret",
        ),
        (
            from_task({"kind": "http", "name": "slow", "request_timeout_seconds": 61}),
            "gate slow: request_timeout_seconds is 61",
        ),
        (
            {
                **from_task(load_balanced=False, load_balancer=None, listener_rules=None, url=None),
                "gates": [{"kind": "task_stability"}],
                "deployment": {"strategy": "ROLLING"},
            },
            "probe_from is task, and no load balancer sends requests",
        ),
    ],
)
def test_what_no_task_can_send_is_refused_by_the_option(options: dict[str, Any], said: str) -> None:
    assert said in problems_of(options)
