# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What services use, in CloudWatch, without an engine."""

from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.services.ecs.runtime import metrics

MIB = 1024 * 1024
SERVICE = {"clusterArn": "arn:aws:ecs:eu-central-1:1:cluster/dev", "serviceName": "web", "desiredCount": 2}


def test_each_task_is_a_sample_so_that_the_fullest_is_the_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, list[float]] = {}
    tasks = [{"taskArn": name, "lastStatus": "RUNNING", "cpu": "256", "memory": "512"} for name in ("calm", "full")]
    used = {"calm": (0.0, 128 * MIB), "full": (0.0, 384 * MIB), "helper": (0.0, 64 * MIB)}
    monkeypatch.setattr(metrics, "tasks_of", lambda _service: [*tasks, {"taskArn": "new", "lastStatus": "PENDING"}])
    containers = {"calm": ["calm"], "full": ["full", "helper"]}
    monkeypatch.setattr(metrics, "_containers_of", lambda task: containers[task["taskArn"]])
    monkeypatch.setattr(metrics, "_stats", used.get)

    def store(_namespace: str, name: str, _dimensions: Any, _at: float, *given: Any) -> None:
        told[name] = given[2]

    monkeypatch.setattr(metrics, "cloudwatch", SimpleNamespace(_store_datum=store))
    meter = metrics.Meter()
    assert meter._publish_service(SERVICE) == {"calm", "full", "helper"}
    assert told == {"RunningTaskCount": [2.0], "DesiredTaskCount": [2.0], "MemoryUtilization": [25.0, 87.5]}
    # What a task uses of its CPU is known from the second time on.
    meter._publish_service(SERVICE)
    assert told["CPUUtilization"] == [0.0, 0.0]
