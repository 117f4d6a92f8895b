# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The rolling update scheduler: tables of single decisions, and properties of whole rollouts."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.services.ecs.model.breaker import pause, threshold
from sandbox.services.ecs.model.scheduler import plan, steady
from sandbox.services.ecs.model.values import (
    Bake,
    Blocked,
    Breaker,
    Complete,
    Deployment,
    EarlySuccess,
    Fail,
    FailureCause,
    Health,
    RolloutState,
    Service,
    Start,
    Stop,
    Task,
)

OLD, NEW = "ecs-svc/1", "ecs-svc/2"


def task(name: str, deployment: str, state: str) -> Task:
    """`state`: s(tarting), p(ending: running, not judged), h(ealthy), u(nhealthy), f(ormerly healthy, now not)."""
    pending = {"s": Health.PENDING, "p": Health.PENDING}
    health = {**pending, "h": Health.HEALTHY, "u": Health.UNHEALTHY, "f": Health.UNHEALTHY}[state]
    return Task(
        id=name,
        deployment=deployment,
        created_at=float(name[1:]),
        running=state != "s",
        health=health,
        problem="sick" if state in "uf" else "",
        was_healthy=state in "hf",
    )


def service(
    desired: int,
    bounds: tuple[int, int] = (100, 200),
    old: str = "",
    new: str = "",
    state: RolloutState = RolloutState.IN_PROGRESS,
    **other: object,
) -> Service:
    tasks = [task(f"o{i}", OLD, letter) for i, letter in enumerate(old)]
    tasks += [task(f"n{i + 10}", NEW, letter) for i, letter in enumerate(new)]
    primary = {
        key: other.pop(key) for key in ("failed_tasks", "retry_at", "bake_seconds", "baking_since") & other.keys()
    }
    return Service(
        desired=desired,
        minimum_healthy_percent=bounds[0],
        maximum_percent=bounds[1],
        primary=Deployment(id=NEW, rollout_state=state, **primary),  # type: ignore[arg-type]
        tasks=tuple(tasks),
        **other,  # type: ignore[arg-type]
    )


DONE = RolloutState.COMPLETED
FAILED = RolloutState.FAILED


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(service(2), [Start(2)], id="first deployment starts all"),
        pytest.param(service(2, new="sp"), [], id="waits for what is starting"),
        pytest.param(service(2, new="hp"), [], id="running is not enough"),
        pytest.param(service(2, new="hh"), [Complete()], id="healthy and alone: complete"),
        pytest.param(service(2, new="hh", draining=1), [], id="old task still draining"),
        pytest.param(service(2, new="hh", state=DONE), [], id="steady"),
        pytest.param(service(1, old="h"), [Start(1)], id="one task: start before stop"),
        pytest.param(service(1, old="h", new="p"), [], id="one task: old one stays while new is not healthy"),
        pytest.param(service(1, old="h", new="h"), [Stop("o0")], id="one task: now the old one goes"),
        pytest.param(service(4, (100, 150), old="hhhh"), [Start(2)], id="room for two"),
        pytest.param(service(4, (100, 150), old="hhhh", new="hp"), [Stop("o0"), Start(1)], id="one replaced"),
        pytest.param(service(4, (50, 100), old="hhhh"), [Stop("o0"), Stop("o1"), Start(2)], id="no room: half goes"),
        pytest.param(service(4, (50, 100), old="hh", new="pp"), [], id="minimum reached, wait"),
        pytest.param(service(3, (50, 100), old="hhh"), [Stop("o0"), Start(1)], id="minimum rounds up"),
        pytest.param(service(1, (100, 150), old="h"), [Blocked()], id="maximum rounds down: blocked"),
        pytest.param(service(1, (0, 100), old="h"), [Stop("o0"), Start(1)], id="minimum zero lets the last go"),
        pytest.param(service(2, (50, 100), old="uu"), [Stop("o0", "sick"), Start(1)], id="sick old ones one by one"),
        pytest.param(service(2, new="uh"), [Stop("n10", "sick"), Start(1)], id="sick new task goes at once"),
        pytest.param(service(2, new="uupp", state=DONE), [], id="steady: sick ones stay until others are healthy"),
        pytest.param(service(2, new="ff"), [Start(2)], id="given back to sick tasks: replacements first"),
        pytest.param(service(2, new="ffph"), [], id="given back to sick tasks: they stay until enough are healthy"),
        pytest.param(
            service(2, new="ffhh"), [Stop("n10", "sick"), Stop("n11", "sick")], id="given back to sick tasks: replaced"
        ),
        pytest.param(service(2, new="fu"), [Stop("n11", "sick"), Start(2)], id="only what never was fit goes at once"),
        pytest.param(
            service(2, (50, 100), new="ff"), [Stop("n10", "sick"), Start(1)], id="sick, and no room: one by one"
        ),
        pytest.param(service(2, new="f", state=FAILED), [Stop("n10", "sick")], id="failed: what is sick goes"),
        pytest.param(service(2, new="uh", state=DONE), [Start(1)], id="steady: replacement first"),
        pytest.param(service(2, new="uhh", state=DONE), [Stop("n10", "sick")], id="steady: replaced"),
        pytest.param(
            service(2, (50, 100), new="uh", state=DONE),
            [Stop("n10", "sick"), Start(1)],
            id="steady: no room, one stops",
        ),
        pytest.param(service(2, new="h", state=DONE), [Start(1)], id="steady: a dead task is replaced"),
        pytest.param(service(2, new="h", state=DONE, retry_at=11.0), [], id="throttled"),
        pytest.param(service(2, new="hhhh", state=DONE), [Stop("n12"), Stop("n13")], id="scale in: newest go"),
        pytest.param(service(2, new="hshp", state=DONE), [Stop("n13"), Stop("n11")], id="scale in: unready go first"),
        pytest.param(service(0), [Complete()], id="nothing wanted: complete"),
        pytest.param(
            service(2, old="hh", new="ss", failed_tasks=3, breaker=Breaker(threshold=3)),
            [Fail(FailureCause.CIRCUIT_BREAKER)],
            id="breaker",
        ),
        pytest.param(
            service(2, old="hh", failed_tasks=2, breaker=Breaker(threshold=3)), [Start(2)], id="below threshold"
        ),
        pytest.param(
            service(2, new="hh", failed_tasks=9, breaker=Breaker(threshold=3), state=DONE),
            [],
            id="breaker off when done",
        ),
        pytest.param(
            service(2, old="hh", new="pp", breaker=Breaker(alarmed=True)), [Fail(FailureCause.ALARM)], id="alarm"
        ),
        pytest.param(service(2, old="hh", new="p", state=FAILED), [Stop("n10")], id="failed: the healthy ones stay"),
        pytest.param(service(2, old="h", state=FAILED), [], id="failed: starts nothing"),
        pytest.param(service(1, new="h", bake_seconds=5.0), [Bake()], id="bake"),
        pytest.param(service(1, new="h", bake_seconds=5.0, baking_since=6.0), [], id="baking"),
        pytest.param(service(1, new="h", bake_seconds=5.0, baking_since=5.0), [Complete()], id="baked"),
    ],
)
def test_decides(seen: Service, expected: list[object]) -> None:
    assert list(plan(seen, now=10.0)) == expected


@pytest.mark.parametrize(
    ("gone_back_to", "given_up", "stopped"),
    [("", "hh", []), ("pp", "hh", []), ("hp", "hh", ["o0"]), ("hh", "hh", ["o0", "o1"]), ("hh", "h", ["o0"])],
)
def test_what_is_rolled_back_serves_until_it_is_replaced(gone_back_to: str, given_up: str, stopped: list[str]) -> None:
    """A version that answers badly but passes its health checks counts as healthy: the minimum holds for it, too."""
    actions = plan(service(2, old=given_up, new=gone_back_to), 0.0)
    assert [action.task for action in actions if isinstance(action, Stop)] == stopped
    assert (Start(2) in actions) == (gone_back_to == "")


EARLY = EarlySuccess(healthy_percent=50)
DEFERRED = EarlySuccess(healthy_percent=50, deferred=True)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(service(3, old="hh", new="hss", early=EARLY), [], id="1 of 3 is less than half"),
        pytest.param(
            service(3, (50, 200), old="hhh", new="hhs", early=EARLY),
            [Stop("o0"), Stop("o1"), Stop("o2")],
            id="half, rounded up: the clean-up comes before the end",
        ),
        pytest.param(service(3, (50, 200), new="hhs", early=EARLY, draining=1), [], id="old tasks drain"),
        pytest.param(service(3, (50, 200), new="hhs", early=EARLY), [Complete()], id="complete while a task starts"),
        pytest.param(
            service(2, (0, 200), old="h", new="hs", early=DEFERRED), [Complete()], id="deferred: old tasks later"
        ),
        pytest.param(
            service(2, (0, 200), old="hh", new="h", early=EarlySuccess(healthy_percent=0)),
            [Stop("o0"), Stop("o1"), Start(1)],
            id="0 %: still one healthy task",
        ),
        pytest.param(
            service(2, old="hh", new="hs", early=DEFERRED, bake_seconds=5.0), [Bake()], id="bakes when enough stands"
        ),
        pytest.param(service(2, old="h", new="hs", early=DEFERRED, bake_seconds=5.0, baking_since=6.0), [], id="bakes"),
        pytest.param(
            service(2, old="hh", new="hs", early=EARLY, failed_tasks=3, breaker=Breaker(threshold=3)),
            [Fail(FailureCause.CIRCUIT_BREAKER)],
            id="the breaker counts until the end",
        ),
    ],
)
def test_early_success(seen: Service, expected: list[object]) -> None:
    assert list(plan(seen, now=10.0)) == expected


def test_scaling_to_zero_stops_everything() -> None:
    stopped = {action.task for action in plan(service(0, old="hup", new="sh"), now=0) if isinstance(action, Stop)}
    assert stopped == {"o0", "o1", "o2", "n10", "n11"}


@pytest.mark.parametrize(
    ("configuration", "desired", "expected"),
    [
        ({}, 4, None),
        ({"enable": False}, 4, None),
        ({"enable": True}, 1, 3),
        ({"enable": True}, 7, 4),
        ({"enable": True}, 1000, 200),
        ({"enable": True, "thresholdConfiguration": {"type": "COUNT", "value": 1}}, 100, 1),
        ({"enable": True, "thresholdConfiguration": {"type": "UNBOUNDED_PERCENT", "value": 10}}, 2, 1),
        ({"enable": True, "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 100}}, 10, 10),
    ],
)
def test_threshold(configuration: dict[str, object], desired: int, expected: int | None) -> None:
    assert threshold(configuration, desired) == expected


def test_pauses_grow_to_a_limit() -> None:
    pauses = [pause(failures) for failures in range(20)]
    assert pauses[:4] == [0.0, 0.0, 0.0, 1.0]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 30.0


BOUNDS = st.tuples(st.integers(0, 100), st.integers(100, 300)).filter(lambda pair: pair != (100, 100))


class World:
    """Tasks that start, become healthy or sick and stop, as chance wants."""

    def __init__(self, desired: int, bounds: tuple[int, int], seed: int, early: EarlySuccess | None = None) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a test's dice
        self.seen = service(desired, bounds, early=early)
        self.clock = 0.0
        self.count = 0

    def step(self) -> None:
        before = self.seen
        actions = plan(before, self.clock)
        self.clock += 1
        for action in actions:
            if isinstance(action, Stop):
                self._drop(action.task)
        for action in actions:
            if isinstance(action, Start):
                self._start(action.count)
            elif isinstance(action, Complete):
                self._enter(DONE)
        self._check(before, actions)

    def _check(self, before: Service, actions: tuple[object, ...]) -> None:
        after = self.seen
        healthy = {item.id for item in before.tasks if item.health is Health.HEALTHY}
        stopped = {action.task for action in actions if isinstance(action, Stop)}
        if healthy & stopped:
            assert len(healthy - stopped) >= min(after.lower, after.desired)
        if any(isinstance(action, Start) for action in actions):
            assert len(after.tasks) <= after.upper
        if any(isinstance(action, Complete) for action in actions):
            ours = [item for item in before.tasks if item.deployment == before.primary.id]
            assert steady(before) or before.early
            assert sum(item.health is Health.HEALTHY for item in ours) >= before.enough
            assert len(ours) == len(before.tasks) or (before.early and before.early.deferred)

    def mature(self, sick: float = 0.0, death: float = 0.0, sickens: float = 0.0) -> None:
        tasks = []
        for item in self.seen.tasks:
            roll = self.chance.random()
            if roll < death:
                continue
            if not item.running:
                tasks.append(replace(item, running=self.chance.random() < 0.7))
            elif item.health is Health.PENDING and self.chance.random() < 0.7:
                bad = self.chance.random() < sick
                tasks.append(replace(item, health=Health.UNHEALTHY if bad else Health.HEALTHY, was_healthy=not bad))
            elif item.health is Health.HEALTHY and self.chance.random() < sickens:
                tasks.append(replace(item, health=Health.UNHEALTHY))
            else:
                tasks.append(item)
        draining = self.seen.draining if self.chance.random() < 0.5 else 0
        self.seen = replace(self.seen, tasks=tuple(tasks), draining=draining)

    def release(self) -> None:
        self.count += 1
        primary = Deployment(id=f"ecs-svc/{self.count + 100}", rollout_state=RolloutState.IN_PROGRESS)
        self.seen = replace(self.seen, primary=primary)

    def scale(self, desired: int) -> None:
        self.seen = replace(self.seen, desired=desired)

    def _start(self, count: int) -> None:
        for _ in range(count):
            self.count += 1
            born = Task(id=f"t{self.count}", deployment=self.seen.primary.id, created_at=self.clock)
            self.seen = replace(self.seen, tasks=(*self.seen.tasks, born))

    def _drop(self, name: str) -> None:
        tasks = tuple(item for item in self.seen.tasks if item.id != name)
        self.seen = replace(self.seen, tasks=tasks, draining=self.seen.draining + 1)

    def _enter(self, state: RolloutState) -> None:
        self.seen = replace(self.seen, primary=replace(self.seen.primary, rollout_state=state))


@st.composite
def early_successes(draw: st.DrawFn) -> tuple[tuple[int, int], EarlySuccess | None]:
    """Percentages with criteria that ECS takes: at least the minimum is healthy."""
    bounds = draw(BOUNDS)
    percent = st.integers(bounds[0], 100)
    return bounds, draw(st.none() | st.builds(EarlySuccess, healthy_percent=percent, deferred=st.booleans()))


@given(
    st.integers(0, 9),
    early_successes(),
    st.integers(0, 2**32),
    st.lists(st.one_of(st.integers(0, 9), st.none()), max_size=6),
)
@settings(max_examples=150, deadline=None)
def test_bounds_hold_whatever_happens(
    desired: int, limits: tuple[tuple[int, int], EarlySuccess | None], seed: int, script: list[int | None]
) -> None:
    """Releases (None) and scalings (a number) come at any time, tasks sicken and die."""
    world = World(desired, limits[0], seed, limits[1])
    for event in script:
        world.release() if event is None else world.scale(event)
        for _ in range(6):
            world.step()
            world.mature(sick=0.3, death=0.05, sickens=0.1)


@given(st.integers(0, 9), early_successes(), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_a_good_release_always_ends(
    desired: int, limits: tuple[tuple[int, int], EarlySuccess | None], seed: int
) -> None:
    world = World(desired, limits[0], seed, limits[1])
    for _ in range(2):
        for _ in range(400):
            world.step()
            world.mature()
        final = world.seen
        blocked = any(isinstance(action, Blocked) for action in plan(final, world.clock))
        assert steady(final) or (blocked and final.upper == final.lower)
        if blocked:
            return
        assert final.primary.rollout_state is DONE
        world.release()


@given(st.integers(1, 9), BOUNDS, st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_a_service_whose_tasks_sicken_gets_well_again(desired: int, bounds: tuple[int, int], seed: int) -> None:
    world = World(desired, bounds, seed)
    for _ in range(20):
        world.step()
        world.mature(sickens=0.5)
    for _ in range(400):
        world.step()
        world.mature()
    # Without room the minimum keeps the last task, sick or not.
    assert steady(world.seen) or world.seen.upper == world.seen.lower


@given(st.integers(1, 9), BOUNDS, st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_a_bad_release_never_costs_the_minimum(desired: int, bounds: tuple[int, int], seed: int) -> None:
    world = World(desired, bounds, seed)
    for _ in range(200):
        world.step()
        world.mature()
    world.release()
    for _ in range(100):
        world.step()
        world.mature(sick=1.0)
        assert sum(item.health is Health.HEALTHY for item in world.seen.tasks) >= world.seen.lower
