# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Consent names resources that are there, and says so when it was for nothing."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError

from tests.unit.plugins.module_utils._stack.case import NAME, TEMPLATE, apply, put, remove

OLD = {**TEMPLATE, "Resources": {**TEMPLATE["Resources"], "Database": {"Type": "AWS::RDS::DBInstance"}}}


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("stands", [True, False])
@pytest.mark.parametrize("option", ["consent", "skip_rollback"])
def test_a_misspelt_resource_is_refused_with_the_nearest(stacks, clock, option, stands, check_mode):
    if stands:
        put(stacks)
    with pytest.raises(RequestError, match=r"names Databse \(the nearest is Database\)") as raised:
        apply(stacks, clock, check_mode=check_mode, template=OLD, **{option: ("Databse", "R")})
    assert "was not touched" in raised.value.message
    assert stacks.calls == []


@pytest.mark.parametrize("option", ["unprotect", "retain"])
def test_the_ways_out_of_a_deletion_name_the_nearest_too(stacks, clock, option):
    put(stacks, "DELETE_FAILED")
    stacks.left("Database", "DELETE_FAILED")
    with pytest.raises(RequestError, match=r"Databse \(the nearest is Database\)"):
        remove(stacks, clock, **{option: ("Databse",)})


def test_consent_may_name_what_only_the_stack_has(stacks, clock):
    stacks.put(NAME, template=OLD, parameters={"Size": "small"}, outputs={"Id": "id-1"})
    result, _said = apply(stacks, clock, check_mode=True, consent=("Database",))
    assert [change.logical_id for change in result.plan.resources] == ["Database"]
    assert result.warnings == ()


def test_a_rollback_may_skip_what_only_stands(stacks, clock):
    put(stacks, "UPDATE_ROLLBACK_FAILED")
    stacks.left("Thing", "UPDATE_FAILED")
    apply(stacks, clock, skip_rollback=("Thing",))
    assert stacks.skipped == ("Thing",)


@pytest.mark.parametrize("check_mode", [True, False])
def test_consent_that_was_not_needed_is_told(stacks, clock, check_mode):
    put(stacks)
    result, _said = apply(stacks, clock, check_mode=check_mode, consent=("R",))
    assert "Consent to replace R (-e replace=rds.R) was not needed" in result.warnings[0]
    assert not result.changed


def test_a_stack_that_never_stood_is_not_asked_for_its_template(stacks, clock):
    put(stacks, "REVIEW_IN_PROGRESS")
    del stacks.templates[NAME]
    with pytest.raises(RequestError, match=r"names Databse \(the nearest is R\)"):
        apply(stacks, clock, consent=("Databse",))
