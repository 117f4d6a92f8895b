# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a plan is shown."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.plan import removal, stored_model
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.report import changes_of, diff_of, summary
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.unresolved import known_after
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._stack.planning import GIVEN, TEMPLATE, existing, planned

LARGE = {**GIVEN, "Size": "large"}
LATER = {
    **TEMPLATE,
    "Conditions": {"IsLarge": {"Fn::Equals": [{"Ref": "Size"}, "large"]}},
    "Resources": {
        **TEMPLATE["Resources"],
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Condition": "IsLarge", "Properties": {"AlarmName": "a"}},
    },
}
UNKNOWN = {**GIVEN, "Size": known_after("elsewhere")}


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (planned(), "create: 4 to add"),
        (
            planned(tags={"a": "b"}, termination_protection=True, stack_policy={"Statement": []}),
            "create: 4 to add, termination protection, stack policy",
        ),
        (planned(found=existing()), "no change"),
        (planned(found=existing(), tags={"a": "b"}), "update: tags"),
        (planned(given=LARGE, found=existing()), "update: 1 to modify, outputs"),
        (
            planned(given={"Cidr": "10.1.0.0/16"}, found=existing()),
            "update: 3 to modify (2 replaced or maybe so)",
        ),
        (planned(LATER), "create: 4 to add"),
        (planned(LATER, LARGE), "create: 5 to add"),
        (planned(LATER, UNKNOWN), "create: 4 to add (1 more perhaps)"),
        (planned(LATER, UNKNOWN, existing()), "update: 0 to add (1 more perhaps), 1 to modify, outputs"),
        (removal("s", stored_model(existing())), "delete: 4 to remove"),
    ],
)
def test_a_plan_in_a_line(plan, words):
    assert summary(plan) == words


def test_a_new_stack_has_nothing_before():
    shown = diff_of(planned())
    assert shown["before"] == {}
    assert shown["after_header"] == "stack s (create: 4 to add)"
    assert shown["after"]["resources"]["Vpc (AWS::EC2::VPC)"] == {"Properties": {"CidrBlock": "10.0.0.0/16"}}


def test_what_is_made_under_a_condition_that_is_not_known_is_no_more_than_possible():
    found = planned(LATER, UNKNOWN)
    assert "Alarm (AWS::CloudWatch::Alarm, perhaps)" in diff_of(found)["after"]["resources"]
    assert [charge.resource for charge in found.charges] == []
    assert [charge.resource for charge in planned(LATER, LARGE).charges] == ["Alarm"]


def test_a_removed_stack_has_nothing_after():
    assert diff_of(removal("s", stored_model(existing())))["after"] == {}


def test_values_that_are_not_known_are_shown_as_plain_text():
    found = planned(given={"Cidr": known_after("elsewhere")}, found=existing())
    after = diff_of(found)["after"]["resources"]["Vpc (AWS::EC2::VPC)"]
    assert after["Properties.CidrBlock"] == "(known after elsewhere is applied)"
    assert type(after["Properties.CidrBlock"]) is str


def test_the_diff_of_a_change_holds_only_the_change():
    found = planned(given=LARGE, found=existing())
    assert diff_of(found)["before"] == {
        "resources": {"Subnet (AWS::EC2::Subnet)": {"Properties.Tags[0].Value": "small"}},
        "outputs": {"Size": "small"},
    }
    assert changes_of(found) == [
        {
            "action": "modify",
            "logical_id": "Subnet",
            "resource_type": "AWS::EC2::Subnet",
            "replacement": "no",
            "holds_data": False,
            "properties": ["Properties.Tags[0].Value"],
        }
    ]


KINDS = ("AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::IAM::Role", "Custom::Thing")
VALUES = st.one_of(
    st.sampled_from(["a", "b"]),
    st.sampled_from([{"Ref": "Cidr"}, {"Ref": "R0"}, {"Fn::GetAtt": "R1.Id"}, {"Fn::Sub": "x ${R2}"}]),
    st.lists(st.fixed_dictionaries({"Key": st.sampled_from(["k", "l"]), "Value": st.just("v")}), max_size=2),
)


@st.composite
def templates(draw):
    """A template with any of four resources, under conditions or not, and outputs that read those that are there."""
    numbers = draw(st.lists(st.sampled_from(range(4)), unique=True))
    there = {f"R{number}" for number in numbers}
    conditions = {name: draw(st.sampled_from([None, "Always", "Sometimes"])) for name in sorted(there)}
    bodies = {}
    for number in numbers:
        name = f"R{number}"
        properties = draw(st.dictionaries(st.sampled_from(["CidrBlock", "Tags", "Description"]), VALUES, max_size=2))
        # CloudFormation itself refuses a template that reads what is not there, or resources that read each other.
        readable = {other for other in there if other < name and conditions[other] != "Sometimes"}
        kept = {key: value for key, value in properties.items() if _read(value) <= readable}
        bodies[name] = {"Type": KINDS[number], "Properties": kept}
        if conditions[name]:
            bodies[name]["Condition"] = conditions[name]
    outputs = {
        f"O{name}": {
            "Value": {"Ref": name},
            **({"Condition": bodies[name]["Condition"]} if "Condition" in bodies[name] else {}),
        }
        for name in draw(st.lists(st.sampled_from(sorted(there)), unique=True) if there else st.just([]))
    }
    return {
        "Parameters": {"Cidr": {"Type": "String"}, "On": {"Type": "String", "Default": "yes"}},
        "Conditions": {"Always": {"Fn::Equals": ["a", "a"]}, "Sometimes": {"Fn::Equals": [{"Ref": "On"}, "yes"]}},
        "Resources": bodies,
        "Outputs": outputs,
    }


def _read(value):
    """The logical ids that a value reads, as far as they may be written above."""
    return {name for name in ("R0", "R1", "R2", "R3") if name in str(value)}


@given(before=templates(), after=templates(), off=st.booleans(), tags=st.sampled_from([None, {}, {"a": "b"}]))
def test_any_change_of_a_stack_is_planned_and_shown(before, after, off, tags):
    found = existing(before)
    made = planned(after, {**GIVEN, **({"On": "no"} if off else {})}, found, tags=tags)
    shown = diff_of(made)
    for change in made.resources:
        title = f"{change.logical_id} ({change.resource_type})"
        assert (title in shown["before"].get("resources", {})) == (change.action != "add")
        assert (title in shown["after"].get("resources", {})) == (change.action != "remove")
        if change.action == "remove":
            properties = before["Resources"][change.logical_id]["Properties"]
            assert set(shown["before"]["resources"][title].get("Properties", {})) == set(properties)
    assert (shown["before"] != shown["after"]) == made.changed
    assert len(changes_of(made)) == len(made.resources)
    assert (summary(made) == "no change") == (not made.changed)
