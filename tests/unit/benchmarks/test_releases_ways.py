# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each way to deploy is asked for, and what its end means."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.table import find_strategy

from benchmarks.provision import peers
from benchmarks.releases import lab, ways
from benchmarks.releases.figures import Said
from benchmarks.releases.kinds import BY_NAME, PEERS, STRATEGIES
from benchmarks.releases.plans import Planned

DEFINITION = {
    "family": "f",
    "containerDefinitions": [{"name": "inference", "image": "1.dkr.ecr/fastbreak/inference@sha256:a", "secrets": []}],
}


class FakeLab:
    """Notes what is run; each command ends with the next of `codes`."""

    cluster = "prod"

    def __init__(self, *codes: int | None) -> None:
        self.codes = list(codes)
        self.commands: list[list[str]] = []
        self.deployed: list[dict[str, Any]] = []
        self.registered: list[dict[str, Any]] = []
        self.ecs = self

    def run(self, _name: str, command: list[str], _timeout: float) -> int | None:
        self.commands.append(command)
        return self.codes.pop(0)

    def deploy(self, _name: str, tag: str, extra: dict[str, Any], **killed: float) -> int | None:
        self.deployed.append({"tag": tag, **extra, **killed})
        return self.codes.pop(0)

    def running_definition(self) -> dict[str, Any]:
        return copy.deepcopy(DEFINITION)

    def register_task_definition(self, **definition: Any) -> dict[str, Any]:
        self.registered.append(definition)
        return {"taskDefinition": {"taskDefinitionArn": "f:2"}}


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No peer is installed."""
    monkeypatch.setattr(peers, "install_aws", lambda: Path("aws"))
    monkeypatch.setattr(ways, "_install", lambda *_: None)


def deploy(lab: FakeLab, way: str, kind: str, killed_after: float | None = None, **extra: object) -> Said:
    return ways.all_ways(extra)[way](lab, Planned(BY_NAME[kind], way, killed_after=killed_after), "1.0.0-a")  # type: ignore[arg-type]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(("code", "said"), [(0, Said.ACCEPTED), (2, Said.REFUSED), (None, Said.NOTHING)])
def test_ours_by_each_strategy(strategy: str, code: int | None, said: Said) -> None:
    lab = FakeLab(code)
    assert deploy(lab, strategy, "good", ecs_rollout_bake_seconds=5) is said
    reach = {} if strategy == "ROLLING" else {"ecs_rollout_reaches_test_listener": True}
    chosen = {"ecs_rollout_strategy": strategy, "ecs_rollout_strategy_options": ways.OPTIONS[strategy]}
    assert lab.deployed == [{"tag": "1.0.0-a", **chosen, **reach, "ecs_rollout_bake_seconds": 5}]


def test_prod_deploys_by_its_own_strategy_with_its_own_options() -> None:
    prod = ways.inventory()
    assert ways.OPTIONS[prod["ecs_rollout_strategy"]] == prod["ecs_rollout_strategy_options"]


@pytest.mark.parametrize(
    ("strategy", "samples", "seconds"),
    [
        ("ROLLING", 11, 5.0),
        ("ROLLING", 31, 15.0),
        ("BLUE_GREEN", 11, 5 + 5 + 300.0),
        ("BLUE_GREEN", 31, 15 + 15 + 300.0),
        ("CANARY", 11, 5 + 300 + 5 + 300.0),
        ("LINEAR", 11, 5 + 3 * 300 + 5 + 300.0),
    ],
)
def test_how_long_a_good_release_is_judged(
    strategy: str, samples: int, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX_BAKE_SCALE", "1")
    extra = {"ecs_rollout_bake_seconds": 5, "ecs_rollout_minimum_samples": samples}
    assert ways.baked_seconds(strategy, extra) == pytest.approx(seconds)
    assert ways.baked_seconds("aws", {}) is None


def test_a_killed_controller_is_followed_by_the_same_command() -> None:
    lab = FakeLab(None, 0)
    assert deploy(lab, "CANARY", "good", killed_after=7.0) is Said.ACCEPTED
    first, second = lab.deployed
    assert first == {**second, "killed_after": 7.0}


def test_a_release_that_wants_a_secret_which_nobody_made() -> None:
    lab = FakeLab(2)
    deploy(lab, "ROLLING", "secret-missing")
    (container,) = lab.deployed[0]["__ecs_rollout_task_definition"]["containerDefinitions"]
    assert "image" not in container
    assert container["secrets"][0]["valueFrom"].startswith("arn:aws:secretsmanager:")


def test_a_migration_that_hangs_has_its_own_patience() -> None:
    lab = FakeLab(2)
    deploy(lab, "ROLLING", "migration-hangs")
    assert lab.deployed[0]["ecs_rollout_migration_timeout_seconds"] == 20


@pytest.mark.parametrize(
    ("codes", "said", "count"),
    [((0, 0), Said.ACCEPTED, 2), ((0, 255), Said.REFUSED, 2), ((0, None), Said.NOTHING, 2), ((254,), Said.REFUSED, 1)],
)
def test_the_aws_cli_updates_and_waits(codes: tuple[int | None, ...], said: Said, count: int) -> None:
    lab = FakeLab(*codes)
    assert deploy(lab, "aws", "good") is said
    assert len(lab.commands) == count
    assert lab.commands[0][-1] == "f:2"
    assert lab.registered[0]["containerDefinitions"][0]["image"] == "1.dkr.ecr/fastbreak/inference:1.0.0-a"


@pytest.mark.parametrize(("code", "said"), [(0, Said.ACCEPTED), (1, Said.REFUSED), (None, Said.NOTHING)])
def test_ecs_deploy(code: int | None, said: Said) -> None:
    lab = FakeLab(code)
    assert deploy(lab, "ecs-deploy", "good") is said
    assert "1.dkr.ecr/fastbreak/inference:1.0.0-a" in lab.commands[0]


def test_every_way_that_can_be_asked_for_is_there() -> None:
    assert set(ways.all_ways({})) == {*STRATEGIES, *PEERS}


@pytest.mark.parametrize("settings", [lab.IN_PLACE, lab.AT_ONCE])
def test_a_version_is_restored_with_options_that_its_strategy_has(settings: dict[str, Any]) -> None:
    """The inventory's are another strategy's, so that they must not be left to stand."""
    strategy = find_strategy(settings["ecs_rollout_strategy"])
    assert strategy
    assert set(settings["ecs_rollout_strategy_options"]) <= set(strategy.options)


def test_a_version_is_restored_from_where_the_stand_in_can_be_asked() -> None:
    """It has no command that asks from the network of its tasks, as prod's inventory has others asked."""
    reaches = {"ecs_rollout_reaches_test_listener": True}
    assert reaches.items() <= lab.AT_ONCE.items()
    assert reaches.items() <= ways.settings_of("BLUE_GREEN").items()
