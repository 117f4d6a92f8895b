# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request that fits the world of `rollout_fakes`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import Promotion
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.disclosure.fingerprint import Disclosure
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.target_health import TargetHealthGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import RolloutRequest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.run import roll_out
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.options import read_scaling, scaling_spec
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    ListenerRule,
    Network,
    ServiceSettings,
    TargetBinding,
)

from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, LISTENER_ARN, World

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Release
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.report import RolloutResult
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.model import Scaling

ROLE = "arn:aws:iam::111111111111:role/task"
SECRET = "arn:aws:secretsmanager:us-east-1:111111111111:secret:rds-x:password::"


def document(**environment: str) -> dict[str, Any]:
    return {
        "family": "fastbreak-dev-inference",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": 1024,
        "memory": "2 GB",
        "taskRoleArn": ROLE,
        "executionRoleArn": "arn:aws:iam::111111111111:role/execution",
        "containerDefinitions": [
            {
                "name": "service",
                "portMappings": [{"containerPort": 8080}],
                "environment": [{"name": name, "value": value} for name, value in environment.items()],
                "secrets": [{"name": "FASTBREAK_DATABASE_PASSWORD", "valueFrom": SECRET}],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": "/fastbreak/dev/service",
                        "awslogs-region": "us-east-1",
                        "awslogs-stream-prefix": "service",
                    },
                },
            }
        ],
    }


def scaling(minimum: int, maximum: int, **options: Any) -> Scaling:
    """What the option ``scaling`` stands for."""
    checked = ArgumentSpecValidator(scaling_spec()).validate({"minimum": minimum, "maximum": maximum, **options})
    assert not checked.error_messages, checked.error_messages
    read = read_scaling(checked.validated_parameters, cluster="fastbreak-dev", service="inference")
    assert read
    return read


def gates(interval_seconds: float = 1.0) -> tuple[TargetHealthGate, HttpGate, HttpGate]:
    """Three that are soon content. They ask half as often as usual, which most tests have no use for."""
    asked: dict[str, Any] = {
        "minimum_samples": 10,
        "bake_seconds": 10,
        "deadline_seconds": 60,
        "interval_seconds": interval_seconds,
    }
    return (
        TargetHealthGate(consecutive_successes=2, bake_seconds=10, deadline_seconds=60),
        HttpGate(name="ready", url="http://alb/readyz", **asked),
        HttpGate(name="route", url="http://alb/v1/analyses", **asked),
    )


def make_request(version: str, **other: Any) -> RolloutRequest:
    settings = ServiceSettings(
        network=Network(frozenset({"subnet-1", "subnet-2"}), frozenset({"sg-1"})),
        target_bindings=frozenset({TargetBinding(GROUP_ARN, "service", 8080)}),
        health_check_grace_period_seconds=30,
    )
    defaults: dict[str, Any] = {
        "cluster": "fastbreak-dev",
        "service": "inference",
        "repository": "fastbreak/inference",
        "version": version,
        "document": document(FASTBREAK_LOG_LEVEL="info"),
        "settings": settings,
        "owner": "tester@here:1:aaaa",
        "disclosure": Disclosure(b"a key of this run"),
        "rules": (ListenerRule(LISTENER_ARN, 100, frozenset({"/*"}), GROUP_ARN),),
        "scaling": scaling(2, 6),
        "desired_count": 2,
        "gates": gates(),
        "timeout_seconds": 300.0,
        "poll_seconds": 2.0,
    }
    return RolloutRequest(**{**defaults, **other})


def deploy(ports: Ports, version: str, **other: Any) -> RolloutResult:
    """Roll *version* out."""
    check_mode = other.pop("check_mode", False)
    return roll_out(make_request(version, **other), ports, check_mode=check_mode)


def newest(world: World) -> Release:
    """The newest record."""
    return world.history("inference")[0]


def released(world: World, ports: Ports, **options: Any) -> None:
    """Release 1.0.0 and forget the calls that made it."""
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **options)
    world.calls.clear()


def promote(world: World, version: str, digit: str) -> str:
    """Record a promotion of an image; its tag."""
    tag = f"{version}-{digit * 40}"
    at = f"2026-01-01T00:00:{len(world.promoted):02}.000Z"
    world.promoted.append(
        Promotion("inference", f"P#{at}#0a", tag, f"sha256:{digit * 64}", digit * 40, "dev", "prod", at, "tester")
    )
    return tag
