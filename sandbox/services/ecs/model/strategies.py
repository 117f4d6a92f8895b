# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What ECS refuses about deployments that shift traffic: their strategy, its times and shares, hooks, listener rules.

The bounds are the ECS API model's (`DeploymentConfiguration`, `CanaryConfiguration`, `LinearConfiguration`,
`DeploymentLifecycleHook`, `AdvancedConfiguration`); the wording is ours.
"""

from collections.abc import Iterator
from typing import Any

from sandbox.services.ecs.model import networking
from sandbox.services.ecs.model.errors import Refused, invalid
from sandbox.services.ecs.model.records import Record
from sandbox.services.ecs.model.stages import Stage

STRATEGIES = ("ROLLING", "BLUE_GREEN", "LINEAR", "CANARY")
_LONGEST_BAKE_MINUTES = 1440
_LONGEST_HOOK_MINUTES = 20_160
# Bounds of a share in tenths of a per cent.
_SHARES = {"canaryConfiguration": ("canaryPercent", 1), "linearConfiguration": ("stepPercent", 30)}
_BAKES = {"canaryConfiguration": "canaryBakeTimeInMinutes", "linearConfiguration": "stepBakeTimeInMinutes"}
_OWNERS = {"canaryConfiguration": "CANARY", "linearConfiguration": "LINEAR"}
_OF_OTHERS = {**_OWNERS, "earlySuccessCriteria": "ROLLING"}
_NOT_PAUSED = (Stage.TEST_TRAFFIC_SHIFT, Stage.PRODUCTION_TRAFFIC_SHIFT)
_HOOKED = frozenset(Stage) - {Stage.SCALE_UP, Stage.BAKE_TIME, Stage.CLEAN_UP}


def check(configuration: Record, load_balancers: list[Record], find_rule: networking.FindRule) -> None:
    """Raise Refused for the first thing that is wrong. *find_rule* gives the listener rule of an ARN, or None."""
    for problem in _problems(configuration, load_balancers, find_rule):
        raise invalid(problem)
    for hook in configuration.get("lifecycleHooks") or []:
        if (hook.get("targetType") or "AWS_LAMBDA") != "PAUSE":
            raise Refused(
                "UnsupportedFeatureException", "The sandbox has no Lambda: use lifecycle hooks of type PAUSE."
            )


def merged(stored: Record, given: Record) -> Record:
    """A service's `deploymentConfiguration` after an update, without what only its former strategy had."""
    changed = stored | given
    strategy = changed.get("strategy") or "ROLLING"
    return {
        name: value for name, value in changed.items() if name in given or _OF_OTHERS.get(name, strategy) == strategy
    }


def _problems(configuration: Record, load_balancers: list[Record], find_rule: networking.FindRule) -> Iterator[str]:
    strategy = configuration.get("strategy") or "ROLLING"
    if strategy not in STRATEGIES:
        yield f"strategy must be one of {', '.join(STRATEGIES)}, not {strategy}."
    if not _within(configuration.get("bakeTimeInMinutes", 0), 0, _LONGEST_BAKE_MINUTES):
        yield f"bakeTimeInMinutes must be between 0 and {_LONGEST_BAKE_MINUTES}."
    for section, owner in _OWNERS.items():
        if configuration.get(section) is not None:
            yield from _section(configuration[section], section, owner, strategy)
    for hook in configuration.get("lifecycleHooks") or []:
        yield from _hook(hook)
    if strategy == "ROLLING":
        return
    if strategy in ("LINEAR", "CANARY") and not load_balancers:
        yield f"The {strategy} deployment strategy needs a load balancer or Service Connect."
    if load_balancers:
        yield from networking.refusals(load_balancers, find_rule)


def _section(wanted: Record, section: str, owner: str, strategy: str) -> Iterator[str]:
    if strategy != owner:
        yield f"{section} is only valid with the deployment strategy {owner}."
    (name, least), bake = _SHARES[section], _BAKES[section]
    tenths = float(wanted.get(name, 10.0)) * 10
    if abs(tenths - round(tenths)) > 1e-6 or not least <= round(tenths) <= 1000:
        yield f"{name} must be a multiple of 0.1 between {least / 10} and 100.0."
    if not _within(wanted.get(bake, 0), 0, _LONGEST_BAKE_MINUTES):
        yield f"{bake} must be between 0 and {_LONGEST_BAKE_MINUTES}."


def _hook(hook: Record) -> Iterator[str]:
    named = hook.get("lifecycleStages") or []
    if not named or not set(named) <= _HOOKED:
        yield f"lifecycleStages must name stages of {', '.join(sorted(_HOOKED))}."
    if hook.get("targetType") == "PAUSE" and set(named) & set(_NOT_PAUSED):
        yield "Invalid lifecycle stage provided for Pause Hook"
    timeout = hook.get("timeoutConfiguration") or {}
    if not _within(timeout.get("timeoutInMinutes", 1), 1, _LONGEST_HOOK_MINUTES):
        yield f"timeoutInMinutes must be between 1 and {_LONGEST_HOOK_MINUTES}."
    if timeout.get("action", "ROLLBACK") not in ("ROLLBACK", "CONTINUE"):
        yield "The timeout action must be ROLLBACK or CONTINUE."


def _within(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and least <= value <= most
