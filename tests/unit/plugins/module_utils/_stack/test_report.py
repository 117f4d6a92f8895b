"""How a plan is shown."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.plan import removal
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.report import changes_of, diff_of, summary
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.template import known_after

from tests.unit.plugins.module_utils._stack.planning import GIVEN, existing, planned

LARGE = {**GIVEN, "Size": "large"}


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
        (removal("s", existing()), "delete: 4 to remove"),
    ],
)
def test_a_plan_in_a_line(plan, words):
    assert summary(plan) == words


def test_a_new_stack_has_nothing_before():
    shown = diff_of(planned())
    assert shown["before"] == {}
    assert shown["after_header"] == "stack s (create: 4 to add)"
    assert shown["after"]["resources"]["Vpc (AWS::EC2::VPC)"] == {"Properties": {"CidrBlock": "10.0.0.0/16"}}


def test_a_removed_stack_has_nothing_after():
    assert diff_of(removal("s", existing()))["after"] == {}


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
            "properties": ["Properties.Tags[0].Value"],
        }
    ]
