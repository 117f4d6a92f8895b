# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes that replace no task: judged, kept or put back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RolledBackError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Condition, ListenerRule

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
        deploy(ports, "1.0.0", rules=TYPO, settings=OTHER_TAGS, scaling=scaling(1, 9))
    assert (world.service.settings, world.rules, world.scaling) == before
    assert caught.value.details["action"] == "settings"
    assert len(world.records) == 1
    assert not deploy(ports, "1.0.0").changed


TEAM = Condition("http-header", frozenset({"Physio-only"}), "X-Team")


def test_condition_is_met_by_the_gates_and_is_no_difference_afterwards(world: World, ports: Ports) -> None:
    released(world, ports)
    version = Condition("query-string", frozenset({"2"}), "v")
    options = make_request("1.0.0", rules=(replace(TYPO[0], path_patterns=frozenset({"/*"})),))
    rules = (replace(options.rules[0], conditions=frozenset({TEAM, version})),)
    gates = tuple(gate.aimed(rules) for gate in options.gates)
    for check_mode in (True, False):
        result = deploy(ports, "1.0.0", rules=rules, gates=gates, check_mode=check_mode)
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
        deploy(ports, "1.0.0", rules=rules, gates=gates)
    assert world.rules == before
    world.sender = "10.0.0.0/8"
    assert deploy(ports, "1.0.0", rules=rules, gates=gates).action == "settings"


def test_interrupted_change_is_put_back(world: World, ports: Ports) -> None:
    released(world, ports)
    before = dict(world.rules)

    def interrupt() -> None:
        raise KeyboardInterrupt

    world.at.append((world.seconds + 1, interrupt))
    narrower = (replace(TYPO[0], path_patterns=frozenset({"/readyz", "/v1/*"})),)
    with pytest.raises(OperationError, match=r"was interrupted\. Put back: rule 100"):
        deploy(ports, "1.0.0", rules=narrower)
    assert world.rules == before
    assert world.lock is None
    assert deploy(ports, "1.0.0", rules=narrower).action == "settings"


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
        return Ports(self, self, self, self, self, self, self, self, self, self, self)  # type: ignore[arg-type]

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
    with pytest.raises(OperationError, match=f"Whether {name} was carried out was not told by AWS"):
        deploy(
            Late(world, name, error, calls).ports(), "1.0.0", rules=narrower, settings=settings, scaling=scaling(1, 9)
        )
    assert (world.service.settings, world.rules, world.scaling) == before
    assert world.lock is None


def test_interrupted_release_says_which_write_is_in_doubt(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    late = Late(world, "update_service", KeyboardInterrupt(), 2)
    with pytest.raises(OperationError, match=r"goes on in ECS.*Whether update_service was carried out was not told"):
        deploy(late.ports(), "1.1.0")
    assert deploy(ports, "1.1.0").changed
