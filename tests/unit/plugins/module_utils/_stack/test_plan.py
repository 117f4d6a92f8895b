"""The plan: what differs, what is replaced, what the outputs will be."""

import copy

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.compare import compare, differences
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.plan import Existing, plan, removal
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.report import changes_of, diff_of, summary
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.template import Model, Unresolved, known_after
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackRequest, StackSnapshot
from hypothesis import given
from hypothesis import strategies as st

PSEUDO = {"AWS::Region": "us-east-1", "AWS::StackName": "s"}
TEMPLATE = {
    "Parameters": {"Cidr": {"Type": "String"}, "Size": {"Type": "String", "Default": "small"}},
    "Resources": {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": {"Ref": "Cidr"}}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "Tags": [{"Key": "Size", "Value": {"Ref": "Size"}}]},
        },
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"Description": {"Fn::Sub": "for ${Subnet}"}}},
        "Other": {"Type": "Custom::Thing", "Properties": {"A": "1"}},
    },
    "Outputs": {
        "VpcId": {"Value": {"Ref": "Vpc"}},
        "Size": {"Value": {"Ref": "Size"}},
        "Thing": {"Value": {"Fn::GetAtt": "Other.Id"}},
    },
}
OUTPUTS = {"VpcId": "vpc-1", "Size": "small", "Thing": "t-1"}
GIVEN = {"Cidr": "10.0.0.0/16"}


def standing(template=TEMPLATE, policy=None, **changes):
    snapshot = StackSnapshot(
        name="s",
        stack_id="arn:s",
        status="CREATE_COMPLETE",
        parameters={**GIVEN, "Size": "small"},
        outputs=OUTPUTS,
        **changes,
    )
    return Existing(snapshot, template, policy)


def planned(template=TEMPLATE, given_=None, existing=None, **request):
    return plan(StackRequest(name="s", **request), template, given_ or GIVEN, existing, PSEUDO)


def edited(**resources):
    template = copy.deepcopy(TEMPLATE)
    for name, properties in resources.items():
        template["Resources"][name]["Properties"].update(properties)
    return template


def by_name(found):
    return {change.logical_id: (change.action, change.replacement) for change in found.resources}


def test_nothing_stands_so_everything_is_added():
    found = planned(tags={"a": "b"}, termination_protection=True, stack_policy={"Statement": []})
    assert found.action == "create"
    assert set(by_name(found).values()) == {("add", "no")}
    assert found.parameters == {"Cidr": "10.0.0.0/16", "Size": "small"}
    assert found.expected_outputs == {"VpcId": None, "Size": "small", "Thing": None}
    assert summary(found) == "create: 4 to add, termination protection, stack policy"
    assert diff_of(found)["before"] == {}


def test_what_stands_already_needs_nothing():
    found = planned(existing=standing())
    assert not found.changed
    assert found.expected_outputs == OUTPUTS
    assert summary(found) == "no change"


def test_wording_does_not_count():
    template = copy.deepcopy(TEMPLATE)
    template["Description"] = "other words"
    template["Metadata"] = {"a": 1}
    template["Parameters"]["Unused"] = {"Type": "String", "Default": "x"}
    template["Resources"]["Role"]["Properties"]["Description"] = {"Fn::Join": [" ", ["for", {"Ref": "Subnet"}]]}
    assert not planned(template, existing=standing()).changed


def test_a_parameter_counts_where_it_is_used():
    found = planned(given_={**GIVEN, "Size": "large"}, existing=standing())
    change = found.resources[0]
    assert (change.logical_id, change.properties[0].path) == ("Subnet", "Properties.Tags[0].Value")
    assert (change.properties[0].before, change.properties[0].after) == ("small", "large")
    assert found.outputs == {"Size": ("small", "large")}
    assert found.expected_outputs["Size"] == "large"


def test_replacement_spreads_to_what_reads_the_replaced():
    found = planned(given_={"Cidr": "10.1.0.0/16"}, existing=standing())
    assert by_name(found) == {"Vpc": ("modify", "yes"), "Subnet": ("modify", "yes"), "Role": ("modify", "no")}
    assert found.expected_outputs == {"VpcId": None, "Size": "small", "Thing": "t-1"}
    assert "3 to modify (2 replaced or maybe so)" in summary(found)


def test_a_type_that_is_not_listed_is_unknown():
    found = planned(edited(Other={"A": "2"}), existing=standing())
    assert by_name(found) == {"Other": ("modify", "unknown")}
    assert found.expected_outputs["Thing"] is None


def test_added_and_removed_resources():
    template = copy.deepcopy(TEMPLATE)
    template["Resources"]["New"] = {"Type": "AWS::EC2::InternetGateway"}
    del template["Resources"]["Other"]
    del template["Outputs"]["Thing"]
    found = planned(template, existing=standing())
    assert by_name(found) == {"New": ("add", "no"), "Other": ("remove", "no")}
    assert found.resources[-1].logical_id == "Other"
    assert found.outputs == {"Thing": ("${Other.Id}", None)}


def test_a_changed_type_is_refused():
    template = copy.deepcopy(TEMPLATE)
    template["Resources"]["Other"]["Type"] = "Custom::Else"
    with pytest.raises(RequestError, match="another logical id"):
        planned(template, existing=standing())


@pytest.mark.parametrize(
    ("request_", "existing", "changed"),
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
def test_tags_protection_and_policy(request_, existing, changed):
    assert planned(existing=standing(**existing), **request_).changed is changed


def test_unknown_values_are_shown_and_never_equal_to_known_ones():
    found = planned(given_={"Cidr": known_after("elsewhere")}, existing=standing())
    assert found.changed
    after = diff_of(found)["after"]["resources"]["Vpc (AWS::EC2::VPC)"]
    assert after["Properties.CidrBlock"] == "(known after elsewhere is applied)"
    assert type(after["Properties.CidrBlock"]) is str


def test_the_diff_of_a_change_holds_only_the_change():
    found = planned(given_={**GIVEN, "Size": "large"}, existing=standing())
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


def test_removal_names_every_resource():
    found = removal("s", standing())
    assert found.action == "delete"
    assert {change.action for change in found.resources} == {"remove"}
    assert diff_of(found)["after"] == {}


VALUES = st.recursive(
    st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=1), inner),
    max_leaves=8,
)
MODELS = st.dictionaries(st.sampled_from("ABCD"), st.fixed_dictionaries({"Properties": VALUES})).map(
    lambda resources: Model({name: {"Type": "AWS::EC2::VPC", **body} for name, body in resources.items()})
)


@given(MODELS)
def test_a_model_never_differs_from_itself(model):
    assert compare(model, model) == ()


@given(MODELS, MODELS)
def test_the_changes_are_exactly_what_differs(before, after):
    changes = {change.logical_id: change.action for change in compare(before, after)}
    names = set(before.resources) | set(after.resources)
    differing = {name for name in names if before.resources.get(name) != after.resources.get(name)}
    assert set(changes) == differing
    assert {name for name, action in changes.items() if action == "add"} == set(after.resources) - set(before.resources)


@given(VALUES, VALUES)
def test_differences_are_empty_only_for_equals(before, after):
    assert (list(differences(before, after)) == []) == (before == after)


def test_a_reference_to_a_replaced_resource_in_a_free_property_only_modifies():
    before = Model({"V": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "a"}}, "T": tagged("${V}")})
    after = Model({"V": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "b"}}, "T": tagged("${V}")})
    found = {change.logical_id: (change.replacement, change.because) for change in compare(before, after)}
    assert found == {"V": ("yes", ()), "T": ("no", ("V",))}


def tagged(value):
    return {"Type": "AWS::EC2::RouteTable", "Properties": {"Tags": [{"Key": "k", "Value": Unresolved(value)}]}}
