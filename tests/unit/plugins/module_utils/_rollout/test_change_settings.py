# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes that replace no task: judged, kept or put back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
    RolledBackError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Answer, Condition, ListenerRule

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, released, scaling
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, LISTENER_ARN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.plugins.module_utils._rollout.fakes import World

TYPO = (ListenerRule(LISTENER_ARN, 100, frozenset({"/typo/*"}), GROUP_ARN),)
OTHER_TAGS = replace(make_request("x").settings, tags=frozenset({("a", "b")}))


def test_rule_that_takes_users_away_is_put_back_with_all_else(world: World, ports: Ports) -> None:
    released(world, ports)
    before = (world.service.settings, dict(world.rules), world.scaling)
    with pytest.raises(RolledBackError, match=r"gate ready is UNHEALTHY.*503.*Put back: rule 100") as caught:
        deploy(ports, "1.0.0", rules=TYPO, settings=OTHER_TAGS, scaling=scaling(1, 9), stop_serving=("path /*",))
    assert (world.service.settings, world.rules, world.scaling) == before
    assert caught.value.details["action"] == "settings"
    assert len(world.records) == 1
    assert not deploy(ports, "1.0.0").changed


def host(name: str) -> tuple[ListenerRule, ...]:
    return (replace(TYPO[0], path_patterns=frozenset({"/*"}), host_headers=frozenset({name})),)


def gates(rules: tuple[ListenerRule, ...], url: str = "https://api.example.com/readyz") -> tuple[HttpGate, ...]:
    gate = HttpGate(name="ready", url=url, minimum_samples=10, bake_seconds=10, deadline_seconds=60)
    return (gate.aimed(rules),)


GOOD, MISSPELT = host("api.example.com"), host("api.exmaple.com")
HOST = ("host api.example.com",)


@pytest.mark.parametrize("url", ["https://api.example.com/readyz", "http://alb/readyz"])
@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_misspelt_host_is_refused_before_anything_is_changed(
    world: World, ports: Ports, url: str, version: str, check_mode: bool
) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", rules=GOOD, gates=gates(GOOD, url))
    world.push("1.1.0", "b")
    before = dict(world.rules)
    world.calls.clear()
    with pytest.raises(RefusedError, match=r"by host api\.example\.com now \(rule 100.*stop_serving"):
        deploy(ports, version, rules=MISSPELT, gates=gates(MISSPELT, url), check_mode=check_mode)
    assert (world.rules, world.calls) == (before, [])


def test_gate_with_a_host_of_its_own_does_not_pass_where_no_rule_takes_it(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", rules=GOOD, gates=gates(GOOD))
    before = dict(world.rules)
    with pytest.raises(
        RolledBackError, match=r"host api\.example\.com, where rule 100 of listener_rules takes api\.exm"
    ):
        deploy(ports, "1.0.0", rules=MISSPELT, gates=gates(MISSPELT), stop_serving=HOST)
    assert world.rules == before


def test_host_that_is_given_up_on_purpose_is_not_asked_any_more(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", rules=GOOD, gates=gates(GOOD, "http://alb/readyz"))
    other = host("other.example.com")
    changed = {"rules": other, "gates": gates(other, "http://alb/readyz"), "stop_serving": HOST}
    assert deploy(ports, "1.0.0", **changed).action == "settings"
    assert not deploy(ports, "1.0.0", **changed).changed


def test_what_users_asked_before_is_asked_again_before_a_change_is_kept(world: World, ports: Ports) -> None:
    """A load balancer that does not do with a rule what is written of it."""
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", rules=GOOD, gates=gates(GOOD, "http://alb/readyz"))
    before = dict(world.rules)
    both = (replace(GOOD[0], host_headers=frozenset({"a.example.com", "api.example.com"})),)
    answer = world.request

    def forget_a_host(method: str, url: str, **other: Any) -> Answer:
        forgotten = dict(other["headers"]).get("Host") == "api.example.com" and world.rules != before
        return Answer(503) if forgotten else answer(method, url, **other)

    world.request = forget_a_host  # type: ignore[method-assign]
    with pytest.raises(RolledBackError, match=r"gate users is UNHEALTHY.*with host api\.example\.com: 503"):
        deploy(ports, "1.0.0", rules=both, gates=gates(both, "http://alb/readyz"))
    assert world.rules == before


TEAM = Condition("http-header", frozenset({"Physio-only"}), "X-Team")


def test_condition_is_met_by_the_gates_and_is_no_difference_afterwards(world: World, ports: Ports) -> None:
    released(world, ports)
    version = Condition("query-string", frozenset({"2"}), "v")
    options = make_request("1.0.0", rules=(replace(TYPO[0], path_patterns=frozenset({"/*"})),))
    rules = (replace(options.rules[0], conditions=frozenset({TEAM, version})),)
    given_up = ("header X-Team", "query v")
    gates = tuple(gate.aimed(rules) for gate in options.gates)
    for check_mode in (True, False):
        result = deploy(ports, "1.0.0", rules=rules, gates=gates, stop_serving=given_up, check_mode=check_mode)
        assert result.action == "settings"
        after = next(iter(result.plan.after["listener_rules"].values()))
        assert after["http_headers"][0]["values"][0].startswith("(hidden,")
    assert world.request("GET", "http://alb/", timeout_seconds=1, version_header="x").status == 503
    again = TEAM.__class__(TEAM.field, frozenset({"physio-ONLY"}), "x-team")
    told = (replace(rules[0], conditions=frozenset({again, version})),)
    assert not deploy(ports, "1.0.0", rules=told, gates=gates).changed


def test_condition_that_the_gates_cannot_meet_is_put_back_and_said(world: World, ports: Ports) -> None:
    released(world, ports)
    before = dict(world.rules)
    home = frozenset({Condition("source-ip", frozenset({"10.0.0.0/8"}))})
    rules = (replace(TYPO[0], path_patterns=frozenset({"/*"}), conditions=home),)
    gates = tuple(gate.aimed(rules) for gate in make_request("1.0.0").gates)
    with pytest.raises(RolledBackError, match=r"is ERROR.*rule 100 of listener_rules takes requests from 10\."):
        deploy(ports, "1.0.0", rules=rules, gates=gates, stop_serving=("source *",))
    assert world.rules == before
    world.sender = "10.0.0.0/8"
    assert deploy(ports, "1.0.0", rules=rules, gates=gates, stop_serving=("source *",)).action == "settings"


def test_interrupted_change_is_put_back(world: World, ports: Ports) -> None:
    released(world, ports)
    before = dict(world.rules)

    def interrupt() -> None:
        raise KeyboardInterrupt

    world.at.append((world.seconds + 1, interrupt))
    narrower = (replace(TYPO[0], path_patterns=frozenset({"/readyz", "/v1/*"})),)
    with pytest.raises(OperationError, match=r"was interrupted\. Put back: rule 100"):
        deploy(ports, "1.0.0", rules=narrower, stop_serving=("path /*",))
    assert world.rules == before
    assert world.lock is None
    assert deploy(ports, "1.0.0", rules=narrower, stop_serving=("path /*",)).action == "settings"


def test_change_that_is_refused_halfway_is_put_back(world: World, ports: Ports) -> None:
    released(world, ports)

    def refuse(*_: object) -> None:
        raise OperationError("RegisterScalableTarget is denied")

    world.change_scaling = refuse  # type: ignore[method-assign]
    with pytest.raises(OperationError, match=r"RegisterScalableTarget is denied\. Put back: tags"):
        deploy(ports, "1.0.0", settings=OTHER_TAGS, scaling=scaling(1, 9))
    assert world.service.settings.tags == frozenset()


class Late:
    """A world in which a write is interrupted or not answered, and is carried out so many calls later."""

    def __init__(self, world: World, name: str, error: BaseException, calls: int) -> None:
        self._world, self._name, self._error, self._calls = world, name, error, calls
        self._late: Callable[[], None] | None = None

    def ports(self) -> Ports:
        return Ports(*[self] * 13)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._world, name)
        if not callable(found) or name in ("every", "say", "monotonic", "now"):
            return found

        def made(*args: Any, **named: Any) -> Any:
            if name == self._name and self._late is None:
                self._late = lambda: found(*args, **named)
                raise self._error
            answer = found(*args, **named)
            if self._late:
                self._calls -= 1
                if self._calls == 0:
                    self._late()
            return answer

        return made


@pytest.mark.parametrize("calls", [1, 2, 3])
@pytest.mark.parametrize("name", ["put_rule", "change_scaling", "tag_service", "update_service"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), UnavailableError("no answer.")], ids=["interrupt", "no-answer"])
def test_write_that_is_carried_out_after_the_undo_has_begun_is_put_back_too(
    world: World, ports: Ports, name: str, error: BaseException, calls: int
) -> None:
    released(world, ports)
    before = (world.service.settings, dict(world.rules), world.scaling)
    narrower = (replace(TYPO[0], path_patterns=frozenset({"/readyz", "/v1/*"})),)
    settings = replace(OTHER_TAGS, propagate_tags="SERVICE")
    with pytest.raises(OperationError, match=f"AWS did not say whether {name} was carried out"):
        deploy(
            Late(world, name, error, calls).ports(),
            "1.0.0",
            rules=narrower,
            stop_serving=("path /*",),
            settings=settings,
            scaling=scaling(1, 9),
        )
    assert (world.service.settings, world.rules, world.scaling) == before
    assert world.lock is None


def test_interrupted_release_says_which_write_is_in_doubt(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    late = Late(world, "update_service", KeyboardInterrupt(), 2)
    with pytest.raises(
        OperationError, match=r"continues in ECS.*AWS did not say whether update_service was carried out"
    ):
        deploy(late.ports(), "1.1.0")
    assert deploy(ports, "1.1.0").changed
