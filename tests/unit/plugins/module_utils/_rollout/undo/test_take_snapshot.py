# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking the snapshot that an undo restores from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.read import read
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.snapshot import SeenAnswer
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.rules import written
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.take_snapshot import take_snapshot
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import ListenerRule

from tests.unit.plugins.module_utils._rollout.case import make_request, released
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, LISTENER_ARN, World

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports


def test_snapshot_holds_what_is_ours_and_what_users_get(world: World, ports: Ports) -> None:
    released(world, ports)
    foreign = ListenerRule(LISTENER_ARN, 7, frozenset({"/other"}), GROUP_ARN)
    world.rules[LISTENER_ARN, 7] = written(foreign, tags={"fastbreak:service": "other"}, arn="theirs")
    session = Session(make_request("1.0.0"), ports)
    snapshot = take_snapshot(session, read(session))
    assert [rule.priority for rule in snapshot.rules] == [100]
    assert (snapshot.settings, snapshot.desired_count) == (world.service.settings, 2)
    assert snapshot.scaling == world.scaling
    tag = f"1.0.0-{'a' * 40}"
    assert snapshot.answers == (SeenAnswer("ready", 200, tag), SeenAnswer("route", 200, tag))
    assert world.calls == []


def test_snapshot_before_a_first_release_is_empty(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    session = Session(make_request("1.0.0"), ports)
    snapshot = take_snapshot(session, read(session))
    assert (snapshot.settings, snapshot.rules, snapshot.scaling) == (None, (), None)
    assert snapshot.answers == (SeenAnswer("ready", 503, ""), SeenAnswer("route", 503, ""))
