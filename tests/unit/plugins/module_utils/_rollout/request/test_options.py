# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module's options as a request."""

from __future__ import annotations

import contextlib
import copy
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.target_health import TargetHealthGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.options import build_request
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Condition, ListenerRule
from ansible_collections.fastbreak.aws.plugins.modules.ecs_rollout import CROSS_CHECKS, ENTRY, build_argument_spec
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.examples import examples
from tests.unit.plugins.module_utils._rollout.case import scaling
from tests.unit.plugins.module_utils._rollout.junk import junk, places

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import RolloutRequest


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
    return build_request(checked.validated_parameters, owner="me", key=b"k")


def test_options_become_a_request_with_the_documented_defaults() -> None:
    made = request(scaling={"minimum": 3, "maximum": 5})
    assert made.desired_count == 3
    assert made.scaling == scaling(3, 5)
    assert made.rules == (ListenerRule("listener", 7, frozenset({"/*"}), "group"),)
    assert made.settings.deployment.circuit_breaker
    assert isinstance(made.gates[0], TargetHealthGate)
    assert isinstance(made.gates[1], HttpGate)
    assert (made.gates[1].url, made.gates[1].deadline_seconds) == ("http://alb:8000/readyz", 90.0)


def test_conditions_of_a_rule_aim_the_gates_and_are_checked() -> None:
    rule = {"listener_arn": "l", "priority": 1, "http_headers": [{"name": "X-Team", "values": ["physio"]}]}
    made = request(listener_rules=[rule], gates=[{**HTTP, "headers": {"X-Number": 7}}])
    assert made.rules[0].conditions == {Condition("http-header", frozenset({"physio"}), "X-Team")}
    assert made.gates[0].headers == (("X-Number", "7"), ("X-Team", "physio"))  # type: ignore[attr-defined]
    host = {**rule, "http_headers": [{"name": "Host", "values": ["a", "b", "c", "d", "e"]}]}
    with pytest.raises(
        RequestError,
        match=r"names the header Host.*has 6 values in.*a rule takes 5\. Split it in two\. path_patterns counts too",
    ):
        request(listener_rules=[host])
    with pytest.raises(RequestError, match="sends GET, which no rule of listener_rules takes for its path"):
        request(listener_rules=[{**rule, "http_headers": [], "request_methods": ["POST"]}])


def test_path_with_a_query_is_kept() -> None:
    gate = request(gates=[{"kind": "http", "path": "/v1/analyses?limit=1"}]).gates[0]
    assert isinstance(gate, HttpGate)
    assert gate.url == "http://alb:8000/v1/analyses?limit=1"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"gates": []}, "gates is empty"),
        ({"gates": [HTTP, HTTP]}, "has a name twice"),
        ({"gates": [{**HTTP, "bake_seconds": 60, "deadline_seconds": 30}]}, "deadline_seconds is below bake_seconds"),
        ({"url": None}, "is no http or https address"),
        ({"scaling": {"minimum": 5, "maximum": 3}}, "is above scaling.maximum"),
        ({"scaling": {"minimum": 0, "maximum": 3}}, "scaling.minimum is below 1"),
        ({"desired_count": 0}, "desired_count is below 1"),
        ({"poll_interval_seconds": 0}, "poll_interval_seconds must be a number"),
        ({"listener_rules": [{"listener_arn": "l", "priority": 1}] * 2}, "the same priority"),
        ({"listener_rules": [{"listener_arn": "l", "priority": 1, "path_patterns": []}]}, "neither path_patterns"),
    ],
)
def test_options_that_cannot_be_right_are_refused(other: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        request(**other)


def test_a_migration_has_a_size_and_variables_whose_values_are_text() -> None:
    given_migration = {"container": "app", "command": ["a"], "cpu": 2048, "environment": {"B": 1, "A": "x"}}
    migration = request(migration=given_migration).migration
    assert migration
    assert (migration.cpu, migration.memory_mib, migration.environment) == (2048, 0, (("A", "x"), ("B", "1")))
    with pytest.raises(RequestError, match=r"migration\.environment\.B must be text"):
        request(migration={**given_migration, "environment": {"B": True}})


def test_a_revision_stands_for_version_and_definition_and_excludes_them() -> None:
    options = {name: value for name, value in OPTIONS.items() if name not in ("version", "task_definition")}
    validator = ArgumentSpecValidator(build_argument_spec(), **CROSS_CHECKS)
    assert not validator.validate({**options, "revision": "web:3"}).error_messages
    assert validator.validate(options).error_messages
    for name in ("version", "task_definition"):
        (said,) = validator.validate({**options, "revision": "web:3", name: OPTIONS[name]}).error_messages
        assert "mutually exclusive" in said


def test_absent_needs_neither_version_nor_gates() -> None:
    made = request(state="absent", version=None, gates=None, network=None, load_balancer=None, url=None)
    assert made.gates == ()


FULL: dict[str, Any] = {
    **OPTIONS,
    "tags": {"Cost": "a"},
    "deployment": {"alarms": ["a"]},
    "scaling": {"minimum": 1, "maximum": 2},
    "migration": {"container": "app", "command": ["a"]},
    "capacity_provider_strategy": [{"capacity_provider": "FARGATE"}],
}


@examples(400)
@given(st.sampled_from(list(places(FULL))), junk)
def test_whatever_stands_in_an_option_it_is_taken_or_refused(place: tuple[Any, ...], value: Any) -> None:
    given_options = copy.deepcopy(FULL)
    holder: Any = given_options
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    spec = ArgumentSpecValidator(build_argument_spec(), required_if=CROSS_CHECKS["required_if"])
    try:
        ENTRY.refuse(given_options)
    except RequestError:
        return
    checked = spec.validate(given_options)
    if checked.error_messages:
        return
    with contextlib.suppress(RequestError):
        build_request(checked.validated_parameters, owner="me", key=b"k")
