# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways to deploy: ours by each strategy, and what others use."""

import copy
from collections.abc import Callable, Mapping
from math import ceil
from pathlib import Path
from typing import Any

import yaml

from benchmarks.provision import peers
from benchmarks.releases.figures import Said
from benchmarks.releases.kinds import STRATEGIES
from benchmarks.releases.lab import SERVICE, Lab
from benchmarks.releases.plans import Planned
from sandbox.services.ecs.model.pace import baked
from tools.files import ROOT

PATIENCE_SECONDS = 120
PROBE_INTERVAL_SECONDS = 0.5
"""The role's default."""
ECS_DEPLOY = "ecs-deploy==1.17.0"
INVENTORY = ROOT / "inventories" / "prod" / "group_vars" / "all" / "20_release.yml"
_BAKE: dict[str, object] = {"bake_minutes": 5}
OPTIONS: dict[str, dict[str, object]] = {
    "ROLLING": {},
    "BLUE_GREEN": _BAKE,
    "CANARY": {**_BAKE, "canary_percent": 10, "canary_bake_minutes": 5},
    "LINEAR": {**_BAKE, "step_percent": 25, "step_bake_minutes": 5},
}
_MISSING = "arn:aws:secretsmanager:us-east-1:222222222222:secret:nobody-made-this-AbCdEf"
Way = Callable[[Lab, Planned, str], Said]
"""Deploys what is planned, whose release has that tag, and says what the tool said."""


def all_ways(extra: Mapping[str, object]) -> dict[str, Way]:
    """Every way, by name; *extra* are variables of every deployment of ours."""
    ours = {strategy: _ours(strategy, extra) for strategy in STRATEGIES}
    return {**ours, "ecs-deploy": _ecs_deploy, "aws": _aws}


def _ours(strategy: str, extra: Mapping[str, object]) -> Way:
    def deploy(lab: Lab, planned: Planned, tag: str) -> Said:
        kind = planned.kind
        given: dict[str, object] = {**settings_of(strategy), **extra}
        if kind.migration_timeout_seconds:
            given["ecs_rollout_migration_timeout_seconds"] = kind.migration_timeout_seconds
        if kind.missing_secret:
            given["__ecs_rollout_task_definition"] = _with_missing_secret(lab.running_definition())
        if planned.killed_after is not None:
            lab.deploy(f"{planned.name}-killed", tag, given, killed_after=planned.killed_after)
        return _said(lab.deploy(planned.name, tag, given))

    return deploy


def settings_of(strategy: str) -> dict[str, object]:
    """A strategy with those of the inventory's options that it has.

    This machine reaches the test listener, so that a release can be judged before it has users.
    """
    chosen: dict[str, object] = {"ecs_rollout_strategy": strategy, "ecs_rollout_strategy_options": OPTIONS[strategy]}
    return chosen if strategy == "ROLLING" else {**chosen, "ecs_rollout_reaches_test_listener": True}


def baked_seconds(strategy: str, extra: Mapping[str, object]) -> float | None:
    """How long a good release is judged by *strategy*; None for other tools.

    At each share of the users the gates measure, for as long as they are to and until they have the samples that they
    want, one in each interval; the bake time of a canary, or of a step, runs meanwhile.
    """
    if strategy not in STRATEGIES:
        return None
    given: dict[str, Any] = {**inventory(), **settings_of(strategy), **extra}
    bake, options = float(given["ecs_rollout_bake_seconds"]), dict(given["ecs_rollout_strategy_options"])
    interval = float(given.get("ecs_rollout_probe_interval_seconds", PROBE_INTERVAL_SECONDS))
    gates = max(bake, interval * (int(given["ecs_rollout_minimum_samples"]) - 1))
    if strategy == "ROLLING":
        return gates
    return gates + _shares_seconds(strategy, bake, options) + gates + baked(options["bake_minutes"])


def _shares_seconds(strategy: str, bake: float, options: Mapping[str, Any]) -> float:
    """How long some of the users have the release, but not all."""
    if strategy == "CANARY":
        return max(bake, baked(options["canary_bake_minutes"]))
    if strategy == "LINEAR":
        judged = ceil(100 / float(options["step_percent"])) - 1
        return judged * max(bake, baked(options["step_bake_minutes"]))
    return 0.0


def inventory() -> dict[str, Any]:
    """How releases are judged in prod."""
    found: dict[str, Any] = yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))
    return found


def _with_missing_secret(running: Mapping[str, Any]) -> dict[str, Any]:
    """The definition of a release that wants a secret which nobody made."""
    definition: dict[str, Any] = copy.deepcopy(dict(running))
    for container in definition["containerDefinitions"]:
        container.pop("image")
        container["secrets"] = [{"name": "API_KEY", "valueFrom": _MISSING}]
    return definition


def _image(lab: Lab, tag: str) -> str:
    running = str(lab.running_definition()["containerDefinitions"][0]["image"])
    repository = running.partition("@")[0] if "@" in running else running.rpartition(":")[0]
    return f"{repository}:{tag}"


def _ecs_deploy(lab: Lab, planned: Planned, tag: str) -> Said:
    program = peers.FOLDER / "ecs-deploy" / "bin" / "ecs"
    _install(program, ECS_DEPLOY)
    command = [str(program), "deploy", lab.cluster, SERVICE, "--image", SERVICE, _image(lab, tag)]
    return _said(lab.run(planned.name, [*command, "--timeout", str(PATIENCE_SECONDS)], PATIENCE_SECONDS))


def _aws(lab: Lab, planned: Planned, tag: str) -> Said:
    program = peers.install_aws()
    definition = lab.running_definition()
    definition["containerDefinitions"][0]["image"] = _image(lab, tag)
    registered = lab.ecs.register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"]
    ecs = [str(program), "ecs"]
    update = [*ecs, "update-service", "--cluster", lab.cluster, "--service", SERVICE, "--task-definition", registered]
    wait = [*ecs, "wait", "services-stable", "--cluster", lab.cluster, "--services", SERVICE]
    code = lab.run(f"{planned.name}-update", update, PATIENCE_SECONDS)
    return _said(code if code != 0 else lab.run(f"{planned.name}-wait", wait, PATIENCE_SECONDS))


def _install(program: Path, requirement: str) -> None:
    if program.exists():
        return
    folder = program.parent.parent
    peers.must(["python3", "-m", "venv", str(folder)])
    peers.must([str(program.with_name("pip")), "install", "--quiet", requirement])


def _said(code: int | None) -> Said:
    if code is None:
        return Said.NOTHING
    return Said.ACCEPTED if code == 0 else Said.REFUSED
