# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nobody who reaches the service is shut out before that is said and consented to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.ownership import Owner
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.rules import written
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Condition, ListenerRule

from tests.unit.plugins.module_utils._rollout.case import deploy, document, make_request, released
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, LISTENER_ARN

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import Gate
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

EVERYBODY = ListenerRule(LISTENER_ARN, 100, frozenset({"/*"}), GROUP_ARN)


def ready(rules: tuple[ListenerRule, ...]) -> tuple[Gate[Any], ...]:
    """Gates that ask by *rules*."""
    return tuple(gate.aimed(rules) for gate in make_request("x").gates)


def only(field: str, value: str, name: str = "") -> tuple[ListenerRule, ...]:
    return (replace(EVERYBODY, conditions=frozenset({Condition(field, frozenset({value}), name)})),)


@pytest.mark.parametrize(
    ("rules", "lost"),
    [
        ((replace(EVERYBODY, path_patterns=frozenset({"/typo/*"})),), "path /*"),
        ((replace(EVERYBODY, host_headers=frozenset({"api.exmaple.com"})),), "host *"),
        (only("http-header", "physio", "X-Team"), "header X-Team"),
        (only("query-string", "1", "beta"), "query beta"),
        (only("source-ip", "10.0.0.0/8"), "source *"),
        (only("http-request-method", "GET"), "method *"),
        ((), "path /*"),
    ],
)
@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_every_kind_of_condition_that_shuts_users_out_is_refused_in_check_mode_and_in_the_run(
    world: World, ports: Ports, rules: tuple[ListenerRule, ...], lost: str, version: str
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    before = dict(world.rules)
    for check_mode in (True, False):
        with pytest.raises(RefusedError, match="refused before anything was changed") as caught:
            deploy(ports, version, rules=rules, check_mode=check_mode)
        without = "requests without " * lost.startswith(("header", "query"))
        assert f"Users reach this service by {without}{lost} now" in caught.value.message
    assert (world.rules, world.calls) == (before, [])
    assert deploy(ports, version, rules=rules, stop_serving=(lost,), check_mode=True).changed


def test_what_is_lost_is_named_even_where_a_secret_has_the_same_text(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    host = (replace(EVERYBODY, host_headers=frozenset({"api.example.com"})),)
    same = document(PUBLIC_HOST="api.example.com")
    deploy(ports, "1.0.0", rules=host, document=same, gates=ready(host))
    other = (replace(EVERYBODY, host_headers=frozenset({"other.example.com"})),)
    with pytest.raises(RefusedError, match=r"by host api\.example\.com now"):
        deploy(ports, "1.0.0", rules=other, document=same)


def test_without_a_service_nobody_is_shut_out(world: World, ports: Ports) -> None:
    released(world, ports)
    world.service = None
    world.tasks.clear()
    narrower = (replace(EVERYBODY, path_patterns=frozenset({"/readyz", "/v1/*"})),)
    assert deploy(ports, "1.0.0", rules=narrower, check_mode=True).action == "create"


THEIRS = "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/api/73e2d6bc24d8a067"


def of_api(world: World, rule: ListenerRule) -> None:
    made = written(replace(rule, target_group_arn=THEIRS), tags=Owner("api", "fastbreak-dev").marks, arn="theirs")
    world.rules[made.place] = made


@pytest.mark.parametrize("first", [True, False])
def test_requests_of_another_service_are_taken_only_when_that_is_meant(
    world: World, ports: Ports, *, first: bool
) -> None:
    world.push("1.0.0", "a")
    if not first:
        deploy(ports, "1.0.0", rules=(replace(EVERYBODY, priority=300),))
    world.push("1.1.0", "b")
    of_api(world, replace(EVERYBODY, priority=200))
    before, calls = dict(world.rules), list(world.calls)
    for check_mode in (True, False):
        with pytest.raises(RefusedError, match=r"set take_requests_from .* to \[\"api\"\]"):
            deploy(ports, "1.1.0", rules=(EVERYBODY,), check_mode=check_mode)
    assert (world.rules, world.calls) == (before, calls)
    assert deploy(ports, "1.1.0", rules=(EVERYBODY,), take_requests_from=("api",)).changed
    assert not deploy(ports, "1.1.0", rules=(EVERYBODY,)).changed


def test_part_of_the_requests_of_another_service_is_warned_of_once(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    of_api(world, replace(EVERYBODY, priority=200))
    part = (replace(EVERYBODY, path_patterns=frozenset({"/readyz", "/v1/*"})),)
    warned = deploy(ports, "1.0.0", rules=part, gates=ready(part)).warnings
    assert len([text for text in warned if "takes requests by path /v1/*, which rule 200" in text]) == 1
    assert deploy(ports, "1.0.0", rules=part, gates=ready(part)).warnings == ()


@pytest.mark.parametrize(
    ("consents", "told"),
    [
        ({"stop_serving": ("host old.example.com",)}, "stop_serving has 'host old.example.com'"),
        ({"stop_serving": ("path /*", "path /old")}, "stop_serving has 'path /old'"),
        ({"take_requests_from": ("api",)}, "take_requests_from has 'api'"),
    ],
)
@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_consent_to_what_does_not_happen_is_warned_of(
    world: World, ports: Ports, consents: dict[str, Any], told: str, version: str
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    for check_mode in (True, False):
        warned = " ".join(deploy(ports, version, check_mode=check_mode, **consents).warnings)
        assert told in warned
        assert "it lets a later mistake pass" in warned


def test_consent_that_is_needed_is_not_warned_of(world: World, ports: Ports) -> None:
    released(world, ports)
    rules = (replace(EVERYBODY, path_patterns=frozenset({"/readyz", "/v1/*"})),)
    result = deploy(ports, "1.0.0", rules=rules, gates=ready(rules), stop_serving=(" PATH  /* ",), check_mode=True)
    assert not any("stop_serving" in text for text in result.warnings)
