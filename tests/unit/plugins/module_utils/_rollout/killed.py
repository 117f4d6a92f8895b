# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that are killed at a step: nothing of theirs runs after it, and their lock stays."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

from tests.unit.plugins.module_utils._rollout.case import deploy

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.plugins.module_utils._rollout.fakes import World

WRITES = frozenset(
    {
        "answer",
        "ask",
        "create_service",
        "delete_rule",
        "delete_service",
        "deregister_task_definition",
        "drop_lock",
        "drop_snapshot",
        "finish",
        "keep_snapshot",
        "keep_measurements",
        "note_deployment",
        "put_rule",
        "change_scaling",
        "continue_deployment",
        "refuse_deployment",
        "register_task_definition",
        "remove_scaling",
        "run_task",
        "start",
        "stop_service_deployment",
        "stop_task",
        "tag_rule",
        "tag_service",
        "update_service",
        "write_lock",
    }
)


class Killed(BaseException):
    """SIGKILL."""


class Mortal:
    """A world that counts what a run writes and waits for, and kills it *before* or after the step of a number."""

    def __init__(self, world: World, step: int = 0, *, before: bool = False) -> None:
        self._world = world
        self._step = step
        self._before = before
        self._dead = False
        self.steps: list[str] = []

    def ports(self) -> Ports:
        return Ports(*[self] * 13)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._world, name)
        return self._mortal(name, found) if callable(found) else found

    def _mortal(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def made(*args: Any, **kwargs: Any) -> Any:
            if self._dead:
                raise Killed
            if name not in WRITES and name != "sleep":
                return call(*args, **kwargs)
            self.steps.append(name)
            due = len(self.steps) == self._step
            if due and self._before:
                self._die()
            answer = call(*args, **kwargs)
            if due:
                self._die()
            return answer

        return made

    def _die(self) -> None:
        self._dead = True
        raise Killed


class Witness:
    """A world that is copied at the steps of a run: a run that is killed there leaves such a copy.

    It is copied before the first step, after each step that writes, after every fourth wait, and before each step that
    writes after a wait. ``left`` holds the copies, each with its place.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._waits = 0
        self._is_copied = False
        self.left: list[tuple[str, World]] = []

    def ports(self) -> Ports:
        return Ports(*[self] * 13)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._world, name)
        return self._witnessed(name, found) if name in WRITES or name == "sleep" else found

    def _witnessed(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def made(*args: Any, **kwargs: Any) -> Any:
            self._waits += name == "sleep"
            if not self._is_copied and (name in WRITES or not self.left):
                self._copy(f"before {name}")
            try:
                return call(*args, **kwargs)
            finally:
                self._is_copied = False
                if name in WRITES or self._waits % 4 == 1:
                    self._copy(f"after {name}")

        return made

    def _copy(self, place: str) -> None:
        self._is_copied = True
        self.left.append((f"{place}, {len(self.left)}", deepcopy(self._world)))


def kill_after(world: World, ports: Ports, seconds: float, **other: Any) -> None:
    """Kill a run *seconds* after it began."""
    held: list[Any] = []

    def kill() -> None:
        held.append(world.lock)
        world.missing.add("dead")
        raise Killed

    world.at.append((world.seconds + seconds, kill))
    drop, world.drop_lock = world.drop_lock, lambda *args: None
    with pytest.raises(Killed):
        deploy(ports, **other)
    world.drop_lock = drop
    world.lock = held[0]
