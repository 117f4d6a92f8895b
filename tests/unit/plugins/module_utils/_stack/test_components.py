# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""From components to their stacks."""

from pathlib import Path

import pytest
import yaml
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.components import (
    component_of,
    component_outputs,
    dependants,
    logical_ids,
    stack_name,
    stack_names,
)

ROOT = Path(__file__).parents[5]
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


def test_who_reads_a_component():
    reads = {"network": [], "rds": ["network"], "ecs": ["network"], "service": ["rds", "ecs"], "ecr": None}
    assert dependants(reads, "network") == ["rds", "ecs"]
    assert dependants(reads, "service") == []
    assert component_of("fastbreak-dev-rds") == "rds"


@pytest.mark.parametrize("chosen", [5, True, 1.5, {"rds.Database": True}])
def test_what_chooses_no_resources_is_refused(chosen):
    with pytest.raises(RequestError, match=r"like rds\.Database"):
        logical_ids(chosen, "rds", ["rds"])


@pytest.mark.parametrize(
    "depends_on", [None, [], 5, {"rds": 5}, {"rds": True}, {"rds": {"network": 1}}, {"network": [], "rds": "network"}]
)
def test_what_names_no_dependencies_is_refused(depends_on):
    with pytest.raises(RequestError, match=r"which is no list|is no mapping"):
        dependants(depends_on, "network")


@pytest.mark.parametrize(
    ("depends_on", "words"),
    [
        ({"rds": ["network"], "network": []}, "rds names network, which stands below it"),
        ({"network": ["service"], "service": ["network"]}, "network names service, which stands below it"),
        ({"network": [], "rds": ["rds"]}, "rds names rds, which stands below it, or reads it in turn"),
        ({"network": None, "rds": ["nowhere"]}, "rds names nowhere, which is no component"),
        ({"network": [], "rds": [1, None]}, "rds names 1, which is no component"),
    ],
)
def test_an_order_that_would_delete_what_others_stand_on_is_refused(depends_on, words):
    with pytest.raises(RequestError, match=words):
        dependants(depends_on, "network")


def test_a_teardown_knows_what_the_templates_read_whatever_an_inventory_says():
    playbook = yaml.safe_load((ROOT / "playbooks" / "teardown.yml").read_text())
    known = next(play["vars"]["__teardown_known"] for play in playbook if "__teardown_known" in play.get("vars", {}))
    read = {}
    for component in known:
        tasks = yaml.safe_load((ROOT / "roles" / component / "tasks" / "main.yml").read_text())
        given = tasks[0]["vars"].get("stack_parameters", {}).values()
        read[component] = {value["component"] for value in given if isinstance(value, dict)}
    assert set(known) == {path.parents[1].name for path in ROOT.glob("roles/*/files/stack.yaml")}
    assert all(names <= set(known[component]) for component, names in read.items())
    assert dependants(known, "network") == ["rds", "ecs"]
