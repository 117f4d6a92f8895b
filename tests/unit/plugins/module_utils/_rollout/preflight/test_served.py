# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nobody who reaches the service is shut out before that is said and consented to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
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
