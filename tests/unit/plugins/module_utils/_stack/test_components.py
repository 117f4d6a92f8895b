# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""From components to their stacks."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.components import (
    component_of,
    component_outputs,
    logical_ids,
    stack_name,
    stack_names,
)

STACKS = {
    "fastbreak-dev-network": {"outputs": {"VpcId": "vpc-1"}},
    "fastbreak-dev-ecs": {"outputs": {}},
    "fastbreak-prod-rds": {"outputs": {"Port": "5432"}},
}


def test_a_stack_is_called_by_environment_and_component():
    assert stack_name("rds", "dev") == "fastbreak-dev-rds"
    assert stack_names(["network", "rds"], "dev") == {"network": "fastbreak-dev-network", "rds": "fastbreak-dev-rds"}
    assert stack_names([], "dev") == {}


@pytest.mark.parametrize(("component", "environment"), [("", "dev"), ("rds", ""), (None, "dev"), ("rds", 1)])
def test_a_name_without_both_parts_is_refused(component, environment):
    with pytest.raises(RequestError, match="Tried to name a stack"):
        stack_name(component, environment)


@pytest.mark.parametrize("components", ["network", None, {"network": 1}])
def test_what_is_no_list_of_components_is_refused(components):
    with pytest.raises(RequestError, match="no list"):
        stack_names(components, "dev")


def test_outputs_are_those_of_stacks_that_have_some():
    assert component_outputs(STACKS, ["network", "ecs", "rds"], "dev") == {"network": {"VpcId": "vpc-1"}}
    assert component_outputs({"fastbreak-dev-rds": None}, ["rds"], "dev") == {}


def test_what_are_no_stacks_is_refused():
    with pytest.raises(RequestError, match="cloudformation_stack_info"):
        component_outputs(None, ["rds"], "dev")


def test_choices_are_read_by_component_and_a_strange_one_is_refused():
    known = ["rds", "ecr"]
    assert logical_ids("rds.Database, ecr.Repository", "rds", known) == ["Database"]
    assert logical_ids(["rds.A", "rds.B"], "rds", known) == ["A", "B"]
    assert logical_ids("", "rds", known) == logical_ids(None, "rds", known) == []
    for wrong in ("Database", "rds.", "rdz.Database", ".Database"):
        with pytest.raises(RequestError, match="names no resource of a component"):
            logical_ids(wrong, "ecr", known)


def test_the_component_of_a_stack():
    assert component_of("fastbreak-dev-rds") == "rds"


@pytest.mark.parametrize("chosen", [5, True, 1.5, {"rds.Database": True}])
def test_what_chooses_no_resources_is_refused(chosen):
    with pytest.raises(RequestError, match=r"like rds\.Database"):
        logical_ids(chosen, "rds", ["rds"])
