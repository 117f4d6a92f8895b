"""A module's options as a request, and the flows that read and remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Lock
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import HttpGate, TargetHealthGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.info import report_service
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.remove import removal_data, remove
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request import build_request
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import ListenerRule, Scaling
from ansible_collections.fastbreak.aws.plugins.modules.ecs_rollout import CROSS_CHECKS, build_argument_spec

from tests.unit.plugins.module_utils._rollout.case import make_request, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import RolloutRequest

    from tests.unit.plugins.module_utils._rollout.fakes import World

HTTP = {"kind": "http", "path": "/readyz"}
OPTIONS: dict[str, Any] = {
    "cluster": "c",
    "service": "web",
    "release_table": "t",
    "repository": "app",
    "version": "1.0.0",
    "task_definition": {"family": "web"},
    "network": {"subnets": ["s1"], "security_groups": ["g1"]},
    "load_balancer": {"target_group_arn": "group", "container_name": "app", "container_port": 8080},
    "listener_rules": [{"listener_arn": "listener", "priority": 7}],
    "url": "http://alb:8000",
    "gates": [{"kind": "target_health"}, HTTP],
}


def request(**other: Any) -> RolloutRequest:
    spec = ArgumentSpecValidator(build_argument_spec(), required_if=CROSS_CHECKS["required_if"])
    checked = spec.validate({**OPTIONS, **other})
    assert not checked.error_messages, checked.error_messages
    return build_request(checked.validated_parameters, owner="me", salt="0a")


def test_options_become_a_request_with_the_documented_defaults() -> None:
    made = request(scaling={"minimum": 3, "maximum": 5})
    assert made.desired_count == 3
    assert made.scaling == Scaling(3, 5)
    assert made.rules == (ListenerRule("listener", 7, frozenset({"/*"}), "group"),)
    assert made.settings.deployment.circuit_breaker
    assert isinstance(made.gates[0], TargetHealthGate)
    assert isinstance(made.gates[1], HttpGate)
    assert (made.gates[1].url, made.gates[1].deadline_seconds) == ("http://alb:8000/readyz", 90.0)


def test_path_with_a_query_is_kept() -> None:
    gate = request(gates=[{"kind": "http", "path": "/v1/analyses?limit=1"}]).http_gates[0]
    assert gate.url == "http://alb:8000/v1/analyses?limit=1"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"gates": []}, "gates is empty"),
        ({"gates": [HTTP, HTTP]}, "has a name twice"),
        ({"gates": [{**HTTP, "bake_seconds": 60, "deadline_seconds": 30}]}, "deadline_seconds is below bake_seconds"),
        ({"gates": [{**HTTP, "minimum_samples": 1000}]}, "do not fit into its deadline"),
        ({"gates": [{**HTTP, "minimum_samples": 0}]}, "minimum_samples must be at least 1"),
        ({"gates": [{**HTTP, "maximum_failure_ratio": 1}]}, "maximum_failure_ratio"),
        ({"url": None}, "is no http or https address"),
        ({"scaling": {"minimum": 5, "maximum": 3}}, "is above scaling.maximum"),
        ({"scaling": {"minimum": 0, "maximum": 3}}, "scaling.minimum is below 1"),
        ({"desired_count": 0}, "desired_count is below 1"),
        ({"poll_interval_seconds": 0}, "poll_interval_seconds must be above 0"),
        ({"listener_rules": [{"listener_arn": "l", "priority": 1}] * 2}, "the same priority"),
        ({"listener_rules": [{"listener_arn": "l", "priority": 1, "path_patterns": []}]}, "neither path_patterns"),
    ],
)
def test_options_that_cannot_be_right_are_refused(other: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        request(**other)


def test_absent_needs_neither_version_nor_gates() -> None:
    made = request(state="absent", version=None, gates=None, network=None, load_balancer=None, url=None)
    assert made.gates == ()


def test_removal_takes_everything_but_the_record(world: World, ports: Ports) -> None:
    released(world, ports)
    predicted = remove(make_request(""), ports, check_mode=True)
    assert predicted.changed
    assert world.calls == []
    done = remove(make_request(""), ports, check_mode=False)
    assert done == predicted
    assert removal_data(done)["diff"]["before"]["task_definitions"]
    assert (world.service, world.rules, world.scaling) == (None, {}, None)
    assert world.list_task_definitions("fastbreak-dev-inference") == ()
    assert len(world.records) == 1
    assert world.lock is None
    again = remove(make_request(""), ports, check_mode=False)
    assert removal_data(again) == {"changed": False, "action": "remove", "diff": {}}


@pytest.mark.parametrize("check_mode", [False, True])
def test_removal_is_refused_while_a_rollout_is_under_way(world: World, ports: Ports, check_mode: bool) -> None:
    released(world, ports)
    world.lock = Lock("other", "now", int(world.now().timestamp()) + 60)
    with pytest.raises(RefusedError, match="other"):
        remove(make_request(""), ports, check_mode=check_mode)
    assert world.calls == []


def test_removal_works_without_cluster_and_table(world: World, ports: Ports) -> None:
    world.cluster = ""
    world.missing.add("table")
    assert not remove(make_request(""), ports, check_mode=False).changed


def test_report_says_what_runs_and_who_rolls_out(world: World, ports: Ports) -> None:
    released(world, ports)
    world.lock = Lock("other", "now", int(world.now().timestamp()) + 60)
    report = report_service("fastbreak-dev", "inference", ports, history=5)
    assert report["running"]["version"].startswith("1.0.0-")
    assert report["releases"][0]["gates"][0]["verdict"] == "HEALTHY"
    assert report["deployments"][0]["state"] == "SUCCESSFUL"
    assert report["lock"]["owner"] == "other"
    world.sleep(120)
    assert report_service("fastbreak-dev", "inference", ports, history=5)["lock"] == {}


def test_report_of_nothing_is_empty(world: World, ports: Ports) -> None:
    report = report_service("fastbreak-dev", "inference", ports, history=5)
    assert (report["service"], report["running"], report["releases"]) == ({}, {}, [])
