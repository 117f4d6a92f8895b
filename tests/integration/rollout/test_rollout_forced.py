# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks that are replaced though no revision differs, with values that nobody may read in what a run says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.rollout.platform import Platform


def test_forced_deployment_and_the_way_back_from_capacity_providers_replace_the_tasks(platform: Platform) -> None:
    tag = platform.push("1.0.0")
    definition = platform.task_definition(DB_PWD="hunter2-of-mine")
    spot = [{"capacity_provider": "FARGATE_SPOT"}]
    told = [platform.roll_out("1.0.0", task_definition=definition, capacity_provider_strategy=spot)]
    told.append(platform.roll_out("1.0.0", task_definition=definition, force_new_deployment=True))
    assert told[-1]["action"] == "deploy"
    assert (platform.service().get("capacityProviderStrategy") or []) == []
    assert not platform.roll_out("1.0.0", task_definition=definition)["changed"]
    told.append(platform.roll_out("1.0.0", task_definition=definition, force_new_deployment=True))
    assert told[-1]["changes"]["service"] == []
    assert [record["outcome"] for record in platform.records()] == ["SUCCEEDED"] * 3
    assert set(platform.answers()) == {(200, tag)}
    assert "hunter2" not in str(told) + str(platform.records())
