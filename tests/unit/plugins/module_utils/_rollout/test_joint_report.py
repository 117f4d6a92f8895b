# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a release of several services returns."""

from __future__ import annotations

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.joint_report import joined, joint_data

from tests.unit.plugins.module_utils._rollout.neighbours import LEAD, Street


def test_one_service_returns_what_it_always_did() -> None:
    assert joined({LEAD: {"changed": False, "diff": {}}}, LEAD) == {"changed": False, "diff": {}}


def test_other_services_stand_beside_the_leading_one() -> None:
    street = Street("worker", LEAD)
    street.push("1.0.0", "a")
    data = joint_data(street.roll_out("1.0.0", check_mode=True), LEAD)
    assert data["changed"]
    assert data["action"] == data["companions"]["worker"]["action"] == "create"
    assert set(data["diff"]["after"]) > {"service", "companions"}
    assert data["diff"]["after"]["companions"]["worker"]["service"]["desired_count"] == 2
    street.roll_out("1.0.0")
    data = joint_data(street.roll_out("1.0.0", check_mode=True), LEAD)
    assert not data["changed"]
    assert data["diff"] == {}


def test_change_of_a_companion_alone_is_a_change() -> None:
    same = {"changed": False, "diff": {}}
    other = {"changed": True, "diff": {"before": {"a": 1}, "after": {"a": 2}}}
    data = joined({LEAD: same, "worker": other}, LEAD)
    assert data["changed"]
    assert data["diff"] == {
        "before": {"companions": {"worker": {"a": 1}}},
        "after": {"companions": {"worker": {"a": 2}}},
    }
