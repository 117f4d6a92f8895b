# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module's options as a request."""

from __future__ import annotations

import contextlib
import copy
from datetime import date
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
    sent = made.gates[0].user_request()
    assert sent
    assert sent.headers == (("X-Number", "7"), ("X-Team", "physio"))
    host = {**rule, "http_headers": [{"name": "Host", "values": ["a", "b", "c", "d", "e", "f"]}]}
    with pytest.raises(
        RequestError,
        match=r"names the header Host.*has 6 values in.*a rule takes 5\. Split it in two",
    ):
        request(listener_rules=[host])
    with pytest.raises(RequestError, match="sends GET, which no rule of listener_rules takes for its path"):
        request(listener_rules=[{**rule, "http_headers": None, "request_methods": ["POST"]}])


RULE = {"listener_arn": "l", "priority": 1, "host_headers": ["a.example.com"]}


def refusal(**other: Any) -> str:
    """What the module says of these options before anything is asked, or an empty text."""
    options = {**OPTIONS, **other}
    try:
        ENTRY.refuse(options)
        spec = ArgumentSpecValidator(build_argument_spec(), required_if=CROSS_CHECKS["required_if"])
        checked = spec.validate(options)
        if checked.error_messages:
            return " ".join(checked.error_messages)
        build_request(checked.validated_parameters, owner="me", key=b"k")
    except RequestError as error:
        return error.message
    return ""


CONDITION_OPTIONS = [
    "path_patterns",
    "host_headers",
    "http_headers",
    "query_strings",
    "source_ips",
    "request_methods",
]
ENTRIES: dict[str, Any] = {
    "http_headers": lambda value: [{"name": "X-Team", "values": [value]}],
    "query_strings": lambda value: [{"key": "a", "values": [value]}],
}


@pytest.mark.parametrize("option", CONDITION_OPTIONS)
@pytest.mark.parametrize("empty", [None, [], "", " ", [None], [""], [" "]], ids=repr)
def test_condition_that_is_given_and_empty_does_not_open_a_rule(option: str, empty: Any) -> None:
    assert option in refusal(listener_rules=[{**RULE, option: empty}])
    if option in ENTRIES:
        for inner in ENTRIES[option]("x")[0]:
            wrong = [{**ENTRIES[option]("x")[0], inner: empty}]
            optional = option == "query_strings" and inner == "key" and empty == ""
            assert bool(refusal(listener_rules=[{**RULE, option: wrong}])) != optional


@pytest.mark.parametrize("option", CONDITION_OPTIONS)
@pytest.mark.parametrize("value", [1.10, 10, True, date(2026, 1, 1), {"a": 1}, ["a"]], ids=repr)
def test_condition_is_text_as_it_was_written(option: str, value: Any) -> None:
    given_values = ENTRIES[option](value) if option in ENTRIES else [value]
    said = refusal(listener_rules=[{**RULE, option: given_values}])
    assert f"listener_rules[0].{option}" in said
    assert "not text" in said


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"listener_rules": None}, "listener_rules is given without a value (null)"),
        ({"listener_rules": [{**RULE, "listener_arn": " "}]}, "listener_rules[0].listener_arn"),
        ({"listener_rules": [{**RULE, "http_headers": [{"name": 7, "values": ["a"]}]}]}, "http_headers[0].name"),
        ({"listener_rules": [{**RULE, "query_strings": [{"key": 1.1, "values": ["a"]}]}]}, "query_strings[0].key"),
        ({"stop_serving": None}, "stop_serving is given without a value"),
        ({"stop_serving": [""]}, "stop_serving[0]"),
        ({"stop_serving": [7]}, "stop_serving[0]"),
        ({"cluster": None}, "cluster is given without a value"),
        ({"service": " "}, "service is given without a value"),
        ({"release_table": ""}, "release_table is given without a value"),
        ({"tags": None}, "tags is given without a value"),
        ({"tags": {"Version": 1.10}}, "tags.Version must be text"),
        ({"tags": {"Version": None}}, "tags.Version must be text"),
        ({"network": {**OPTIONS["network"], "assign_public_ip": None}}, "network.assign_public_ip is given without"),
        (
            {"load_balancer": {**OPTIONS["load_balancer"], "container_name": ""}},
            "load_balancer.container_name is given",
        ),
        ({"gates": [{**HTTP, "headers": {"X-Version": 1.10}}]}, "headers.X-Version must be text"),
        ({"gates": [{**HTTP, "headers": {"X-On": True}}]}, "headers.X-On must be text"),
        ({"gates": [{**HTTP, "headers": {"X-Null": None}}]}, "headers.X-Null must be text"),
        ({"migration": {"container": "app", "command": ["a", 1.10]}}, "migration.command[1] must be text"),
        ({"migration": {"container": "app", "command": ["a", True]}}, "migration.command[1] must be text"),
        (
            {"migration": {"container": "app", "command": ["a"], "environment": {"A": 1.10}}},
            "migration.environment.A must be text",
        ),
    ],
)
def test_null_blank_and_numbers_for_text_are_refused_by_name(other: dict[str, Any], said: str) -> None:
    assert said in refusal(**other)


def test_rules_and_whole_numbers_that_are_meant_are_taken() -> None:
    assert refusal(listener_rules=[RULE]) == ""
    assert refusal(listener_rules=[]) == ""
    assert refusal(stop_serving=[]) == ""
    assert refusal(tags={"Cost": 42}, gates=[{**HTTP, "headers": {"X-Number": 7}}]) == ""
    assert refusal(migration={"container": "app", "command": ["sleep", 10], "environment": {"A": 1}}) == ""


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
        ({"scaling": {"minimum": 0, "maximum": 3}}, "scaling has minimum 0, and load_balanced is true"),
        ({"scaling": {"minimum": 1, "maximum": 0}}, "scaling.maximum is below 1"),
        ({"desired_count": 0}, "desired_count is below 1"),
        ({"poll_interval_seconds": 0}, "poll_interval_seconds must be a number"),
        ({"listener_rules": [{"listener_arn": "l", "priority": 1}] * 2}, "the same priority"),
        (
            {"listener_rules": [{"listener_arn": "l", "priority": 1, "path_patterns": []}]},
            "an empty list in path_patterns",
        ),
    ],
)
def test_options_that_cannot_be_right_are_refused(other: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        request(**other)


def test_a_migration_has_a_size_and_variables_whose_values_are_text() -> None:
    given_migration = {
        "container": "app",
        "command": ["a"],
        "cpu": 2048,
        "environment": {"B": 1, "A": "x"},
        "task_role_arn": "r",
    }
    migration = request(migration=given_migration).migration
    assert migration
    assert (migration.cpu, migration.memory_mib, migration.environment) == (2048, 0, (("A", "x"), ("B", "1")))
    assert migration.task_role_arn == "r"
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


@pytest.mark.parametrize("seconds", [5, 60, 100, 300])
def test_gates_without_a_deadline_have_time_for_looks_as_seldom_as_an_inventory_wants(seconds: int) -> None:
    (gate,) = request(poll_interval_seconds=seconds, gates=[{"kind": "target_health"}]).gates
    assert gate.deadline_seconds >= 2 * seconds


def test_a_deadline_that_was_given_is_not_lengthened_and_is_refused_where_it_is_too_short() -> None:
    with pytest.raises(RequestError, match="deadline_seconds 90 is below 2 times 60 s"):
        request(poll_interval_seconds=60, gates=[{"kind": "target_health", "deadline_seconds": 90}])
