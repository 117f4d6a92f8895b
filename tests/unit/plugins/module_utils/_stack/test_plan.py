# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan: what differs, and what the outputs will be."""

import copy

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.plan import removal, stored_model
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.unresolved import known_after

from tests.unit.plugins.module_utils._stack.case import apply
from tests.unit.plugins.module_utils._stack.planning import GIVEN, OUTPUTS, TEMPLATE, edited, existing, planned


def by_name(found):
    return {change.logical_id: (change.action, change.replacement) for change in found.resources}


def test_nothing_stands_so_everything_is_added():
    found = planned()
    assert found.action == "create"
    assert set(by_name(found).values()) == {("add", "no")}
    assert found.parameters == {"Cidr": "10.0.0.0/16", "Size": "small"}
    assert found.expected_outputs == {"VpcId": None, "Size": "small", "Thing": None}


def test_what_stands_already_needs_nothing():
    found = planned(found=existing())
    assert not found.changed
    assert found.expected_outputs == OUTPUTS


def test_wording_does_not_count():
    template = copy.deepcopy(TEMPLATE)
    template["Description"] = "other words"
    template["Metadata"] = {"a": 1}
    template["Parameters"]["Unused"] = {"Type": "String", "Default": "x"}
    template["Resources"]["Role"]["Properties"]["Description"] = {"Fn::Join": [" ", ["for", {"Ref": "Subnet"}]]}
    assert not planned(template, found=existing()).changed


def test_a_parameter_counts_where_it_is_used():
    found = planned(given={**GIVEN, "Size": "large"}, found=existing())
    change = found.resources[0]
    assert (change.logical_id, change.properties[0].path) == ("Subnet", "Properties.Tags[0].Value")
    assert (change.properties[0].before, change.properties[0].after) == ("small", "large")
    assert found.outputs == {"Size": ("small", "large")}
    assert found.expected_outputs["Size"] == "large"


def test_replacement_spreads_to_what_reads_the_replaced():
    found = planned(given={"Cidr": "10.1.0.0/16"}, found=existing())
    assert by_name(found) == {"Vpc": ("modify", "yes"), "Subnet": ("modify", "yes"), "Role": ("modify", "no")}
    assert found.expected_outputs == {"VpcId": None, "Size": "small", "Thing": "t-1"}


def test_a_type_that_is_not_listed_is_unknown():
    found = planned(edited(Other={"A": "2"}), found=existing())
    assert by_name(found) == {"Other": ("modify", "unknown")}
    assert found.expected_outputs["Thing"] is None


def test_added_and_removed_resources():
    template = copy.deepcopy(TEMPLATE)
    template["Resources"]["New"] = {"Type": "AWS::EC2::InternetGateway"}
    del template["Resources"]["Other"]
    del template["Outputs"]["Thing"]
    found = planned(template, found=existing())
    assert by_name(found) == {"New": ("add", "no"), "Other": ("remove", "no")}
    assert found.resources[-1].logical_id == "Other"
    assert found.outputs == {"Thing": ("${Other.Id}", None)}


@pytest.mark.parametrize(
    ("asked", "stands", "changed"),
    [
        ({"tags": {"a": "1"}}, {"tags": {"a": "1"}}, False),
        ({"tags": {"a": "2"}}, {"tags": {"a": "1"}}, True),
        ({"tags": {}}, {"tags": {"a": "1"}}, True),
        ({"tags": None}, {"tags": {"a": "1"}}, False),
        ({"termination_protection": True}, {}, True),
        ({"termination_protection": False}, {"termination_protection": True}, True),
        ({"termination_protection": None}, {"termination_protection": True}, False),
        ({"stack_policy": {"Statement": [{"Effect": "Allow", "Action": "x"}]}}, {"policy": None}, True),
        (
            {"stack_policy": {"Statement": [{"Effect": "Allow", "Action": "x"}]}},
            {"policy": {"Statement": [{"Action": "x", "Effect": "Allow"}]}},
            False,
        ),
    ],
)
def test_tags_protection_and_policy(asked, stands, changed):
    assert planned(found=existing(**stands), **asked).changed is changed


def test_a_value_that_is_not_known_never_equals_a_known_value():
    assert planned(given={"Cidr": known_after("elsewhere")}, found=existing()).changed


def test_removal_names_every_resource():
    found = removal("s", stored_model(existing()))
    assert found.action == "delete"
    assert {change.action for change in found.resources} == {"remove"}


@pytest.mark.parametrize(
    ("before", "after"), [(None, "shared"), ("shared", None), ("shared", "other"), ("shared", "shared")]
)
def test_another_name_of_an_export_is_a_change(stacks, clock, before, after):
    def exporting(name):
        export = {"Export": {"Name": {"Fn::Sub": f"${{AWS::StackName}}-{name}"}}} if name else {}
        return {"Resources": {"R": {"Type": "T"}}, "Outputs": {"Id": {"Value": {"Ref": "R"}, **export}}}

    stacks.put("fastbreak-dev-rds", template=exporting(before), outputs={"Id": "1"})
    result, _said = apply(stacks, clock, check_mode=True, template=exporting(after))
    names = [name and f"fastbreak-dev-rds-{name}" for name in (before, after)]
    assert result.plan.outputs == ({} if before == after else {"Id.Export.Name": tuple(names)})
    assert result.changed == (before != after)
    assert result.outputs == {"Id": "1"}
