# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that compute something."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    CapacityProvider,
    ServiceSettings,
    TargetBinding,
    TrafficShift,
)


def test_tasks_may_be_in_both_groups_that_traffic_is_shifted_between() -> None:
    binding = TargetBinding("blue", "web", 80)
    assert binding.target_group_arns == ("blue",)
    assert replace(binding, shift=TrafficShift("green", "role")).target_group_arns == ("blue", "green")


def test_fargate_is_told_by_the_launch_type_or_by_every_provider() -> None:
    providers = (CapacityProvider("FARGATE"), CapacityProvider("mine"))
    assert ServiceSettings().on_fargate
    assert not ServiceSettings(launch_type="EC2").on_fargate
    assert ServiceSettings(capacity_providers=frozenset(providers[:1])).on_fargate
    assert not ServiceSettings(capacity_providers=frozenset(providers)).on_fargate
