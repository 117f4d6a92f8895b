# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""No write of AWS is made without the lock: held against every method of every port, and every write of whole runs."""

from __future__ import annotations

import ast
import contextlib
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    FastbreakError,
    SupersededError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release import ports as release_ports
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Lock
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout import ports as rollout_ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.guarded import (
    OWN_BY_ID,
    READS,
    UNLOCKED,
    guarded,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.remove import remove
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Migration
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import ListenerRule, TargetBinding

from tests.unit.examples import cases
from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, scaling
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, LISTENER_ARN, World
from tests.unit.plugins.module_utils._rollout.killed import WRITES
from tools.files import ROOT, project_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OTHER = Lock("other@there:2:bbbb", "2026-01-01T00:00:00.000Z", 99)
GREEN_ARN = "arn:aws:elasticloadbalancing:us-east-1:111111111111:targetgroup/green/2"


def methods(protocol: type) -> set[str]:
    return {name for name, member in vars(protocol).items() if callable(member) and not name.startswith("_")}


GUARDED = {
    "ecs": methods(rollout_ports.Ecs),
    "balancing": methods(rollout_ports.LoadBalancing),
    "scaling": methods(rollout_ports.ScalingPort),
    "releases": methods(release_ports.Releases) | methods(release_ports.Locks),
    "approvals": methods(release_ports.Approvals),
}
#: Ports that nothing can be written through.
READING = {"images": release_ports.Images, "promotions": release_ports.PromotionRecord}


def test_every_method_is_known_to_read_or_to_write() -> None:
    every = set().union(*GUARDED.values())
    assert every == READS | UNLOCKED | (WRITES - {"drop_lock", "write_lock"})
    assert not READS & WRITES
    assert OWN_BY_ID < WRITES


def test_only_ports_that_read_are_not_guarded() -> None:
    told = (
        "describe_",
        "find_",
        "promotions",
        "secret_",
        "named_secret_",
        "security_group_",
        "subnet_",
        "role_",
        "image_",
        "alarm_",
        "infra",
        "denied_",
        "fargate_",
        "free_",
        "ingress",
        "prepare",
    )
    for protocol in (*READING.values(), rollout_ports.Surroundings, rollout_ports.Logs):
        assert {
            name for name in methods(protocol) if not name.startswith((*told, "caller_", "group_", "tail"))
        } == set()


@pytest.mark.parametrize(("port", "name"), [(port, name) for port, names in GUARDED.items() for name in sorted(names)])
def test_write_is_made_sure_of_first_and_a_read_is_not(port: str, name: str) -> None:
    told: list[str] = []

    class Port:
        def __getattr__(self, called: str) -> Callable[[], None]:
            return lambda: told.append(called)

    ports = guarded(Ports(*[Port()] * 13), lambda attempted: told.append(f"secure {attempted}"), told.append)  # type: ignore[arg-type]
    getattr(getattr(ports, port), name)()
    assert told == ([name] if name in READS | UNLOCKED else [f"secure {name}", name])


@pytest.mark.parametrize("error", [KeyboardInterrupt(), UnavailableError("no answer")])
def test_write_that_was_interrupted_or_not_answered_is_doubted(error: BaseException) -> None:
    world, doubted = World(), []

    def refuse(*_: object) -> None:
        raise error

    world.delete_rule = world.list_rules = refuse  # type: ignore[assignment, method-assign]
    ports = guarded(Ports(*[world] * 13), lambda _name: None, doubted.append)  # type: ignore[arg-type]
    for call in (ports.balancing.delete_rule, ports.balancing.list_rules):
        with pytest.raises(type(error)):
            call("arn")  # type: ignore[call-arg, arg-type]
    assert doubted == ["delete_rule"]


def unguarded(source: str) -> list[int]:
    """The lines that call one of `WRITES` on anything but ``ports.<port>``, or a name that stands for such a port."""
    tree = ast.parse(source)
    named = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and "ports" in ast.unparse(node.value)
        for target in ast.walk(node.targets[0])
        if isinstance(target, ast.Name)
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WRITES
        and "ports" not in ast.unparse(node.func.value)
        and ast.unparse(node.func.value).partition(".")[0] not in named
        and ast.unparse(node.func.value) != "self"
    ]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("def f(session, client):\n    session.ports.ecs.update_service()\n    client.update_service()\n", [3]),
        ("def f(self):\n    ecs = self.ports.ecs\n    ecs.update_service()\n    self._ecs.delete_rule()\n", [4]),
        ("def f(ecs):\n    ecs.describe_service()\n", []),
    ],
)
def test_the_check_sees(source: str, lines: list[int]) -> None:
    assert unguarded(source) == lines


def test_flows_write_through_the_ports_of_their_session_alone() -> None:
    """A flow is handed a session, whose ports are guarded; no other has any."""
    flows = [path for path in project_files("plugins/module_utils/_rollout/**.py") if "adapters" not in path.parts]
    sources = {str(path): (ROOT / path).read_text(encoding="utf-8") for path in flows}
    # `Recording.finish` is named like the port's.
    found = {path for path, source in sources.items() if unguarded(source)}
    assert found == {f"plugins/module_utils/_rollout/{name}.py" for name in ("attempt", "withdraw")}
    assert len(flows) > 50


class Thief:
    """A world in which another run takes the lock over during a write, which takes as long as a call may take."""

    def __init__(self, world: World, step: int, *, before: bool, seconds: float = 120.0) -> None:
        self._world, self._step, self._before, self._seconds = world, step, before, seconds
        self.steps = 0
        self.after: list[str] = []
        self.stolen = False

    def ports(self) -> Ports:
        return Ports(*[self] * 13)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._world, name)
        if name not in WRITES - {"drop_lock"}:
            return found

        def made(*args: Any, **kwargs: Any) -> Any:
            if self.stolen:
                self.after.append(name)
            self.steps += 1
            if self.steps == self._step and self._before:
                self._steal()
            answer = found(*args, **kwargs)
            if self.steps == self._step and not self._before:
                self._steal()
            return answer

        return made

    def _steal(self) -> None:
        """The machine stands still: not even the thread that renews gets to run."""
        self._world.seconds += self._seconds
        self._world.lock, self.stolen = OTHER, True


def platform() -> World:
    return deepcopy(_platform())


@cache
def _platform() -> World:
    world = World()
    ports = Ports(*[world] * 13)  # type: ignore[arg-type]
    for version, digit in (("1.0.0", "a"), ("1.1.0", "b")):
        world.push(version, digit)
        deploy(ports, version)
    world.push("1.2.0", "c")
    world.push("1.3.0", "d", path_status={"/v1/analyses": 500})
    return world


BASE = make_request("x")
MOVED: dict[str, Any] = {
    "settings": replace(
        BASE.settings,
        target_bindings=frozenset({TargetBinding(GREEN_ARN, "service", 8080)}),
        tags=frozenset({("team", "physio")}),
    ),
    "rules": (ListenerRule(LISTENER_ARN, 100, frozenset({"/*"}), GREEN_ARN),),
    "scaling": scaling(3, 9),
    "migration": Migration("service", ("migrate",)),
    "keep_revisions": 1,
}
TYPO = (ListenerRule(LISTENER_ARN, 100, frozenset({"/typo/*"}), GROUP_ARN),)
RUNS: dict[str, dict[str, Any]] = {
    "release": {"version": "1.2.0", **MOVED},
    "unfit release": {"version": "1.3.0", **MOVED},
    "rollback": {"version": "", "kind": ROLLBACK, "scaling": scaling(3, 9)},
    "settings": {
        "version": "1.1.0",
        "scaling": scaling(3, 9),
        "settings": replace(BASE.settings, propagate_tags="SERVICE"),
    },
    "unfit settings": {"version": "1.1.0", "scaling": scaling(3, 9), "rules": TYPO, "stop_serving": ("path /*",)},
    "removal": {"version": "1.1.0"},
}


def run(name: str, ports: Ports) -> None:
    if name == "removal":
        remove(make_request("1.1.0"), ports, check_mode=False)
    else:
        deploy(ports, **RUNS[name])


@cache
def writes_of(name: str) -> int:
    """How much a run writes that nobody disturbs."""
    thief = Thief(platform(), 0, before=True)
    with contextlib.suppress(FastbreakError):
        run(name, thief.ports())
    return thief.steps


def stolen_at_each_step(name: str, *, before: bool) -> Iterator[tuple[Thief, World, FastbreakError | None]]:
    assert writes_of(name) > 2
    # The first is the lock itself.
    for step in cases(range(2, writes_of(name) + 1)):
        world, error = platform(), None
        thief = Thief(world, step, before=before)
        try:
            run(name, thief.ports())
        except FastbreakError as caught:
            error = caught
        assert thief.stolen
        yield thief, world, error


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("name", RUNS)
def test_run_that_lost_its_lock_writes_nothing_more_and_says_so(name: str, before: bool) -> None:
    for thief, world, error in stolen_at_each_step(name, before=before):
        assert thief.after == []
        assert world.lock == OTHER
        if thief.steps == writes_of(name):
            # It was the last write: nothing was left to be done.
            continue
        if error:
            assert "taken over by other@there:2:bbbb" in error.message
            assert isinstance(error, SupersededError) or "could not be recorded" in error.message
        else:
            assert "could not be deregistered" in " ".join(world.lines)


@pytest.mark.parametrize("name", RUNS)
def test_slow_write_does_not_outlive_the_lock_while_it_can_be_renewed(name: str) -> None:
    """Each write takes 120 s, and another run would take over a lease that stood still for 90."""
    world = platform()
    stood, seen = [0.0], [Lock("nobody", "never", 0)]

    def watch() -> None:
        if world.lock != seen[0]:
            seen[0], stood[0] = world.lock, world.seconds
        assert world.seconds - stood[0] < 90 or world.lock is None, "the lease stood still"
        world.at.append((world.seconds + 1, watch))

    class Slow:
        def __getattr__(self, called: str) -> Any:
            found = getattr(world, called)
            # These end in seconds.
            if called not in WRITES - {"drop_lock", "keep_measurements", "write_lock"}:
                return found

            def made(*args: Any, **kwargs: Any) -> Any:
                world.sleep(60)
                answer = found(*args, **kwargs)
                world.sleep(60)
                return answer

            return made

    world.at.append((world.seconds + 1, watch))
    slow = Slow()
    try:
        run(name, Ports(*[slow] * 13))  # type: ignore[arg-type]
    except FastbreakError as error:
        told = error.message
    else:
        told = ""
    assert bool(told) == ("unfit" in name), told
    assert "taken over" not in told
