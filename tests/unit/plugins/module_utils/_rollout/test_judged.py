# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that was found fit, and falls while its release waits for another service of it."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import ServiceChange

from tests.unit.plugins.module_utils._rollout.neighbours import LEAD
from tests.unit.plugins.module_utils._rollout.shifting_street import ShiftingStreet
from tests.unit.plugins.module_utils._rollout.test_rest import BEFORE, all_ended, crash


@pytest.mark.parametrize(("names", "after"), [(BEFORE[0], 1.0), (BEFORE[1], 40.0), (BEFORE[2], 90.0)])
def test_run_that_watches_one_sees_another_fall(names: tuple[str, ...], after: float) -> None:
    street = ShiftingStreet(*names)
    street.push("1.0.0", "a")
    street.release("1.0.0")
    street.push("1.1.0", "b")

    def fall() -> None:
        if len(street.lead.deployments) > 1:
            crash(street)
        else:
            street.lead.at.append((street.lead.seconds + after, fall))

    street.lead.at.append((street.lead.seconds + after, fall))
    with pytest.raises(FastbreakError) as raised:
        street.release("1.1.0")
    assert raised.value.details["result"] == "rolled_back"
    assert "worker, of the same release: gate task_stability is UNHEALTHY" in raised.value.message
    assert street.runs() == dict.fromkeys(names, "1.0.0")
    assert all_ended(street)


def test_one_that_is_replaced_while_another_is_watched_is_left_alone() -> None:
    street = ShiftingStreet("worker", LEAD)
    street.push("1.0.0", "a")
    street.release("1.0.0")
    before = street.worlds["worker"].history("worker")[0].task_definition_arn
    street.push("1.1.0", "b")
    worker = street.worlds["worker"]

    def replace_it() -> None:
        if len(street.lead.deployments) == 1:
            street.lead.at.append((street.lead.seconds + 1, replace_it))
            return
        assert worker.service
        worker.update_service("fastbreak-dev", "worker", ServiceChange(worker.service.settings, (), before))
        street.calls.clear()

    street.lead.at.append((street.lead.seconds + 1, replace_it))
    with pytest.raises(FastbreakError, match=r"worker, of the same release: service deployment .* replaced it"):
        street.release("1.1.0")
    assert "worker: update_service" not in street.calls
    assert street.outcomes() == {"worker": "SUPERSEDED", LEAD: "ROLLED_BACK"}
