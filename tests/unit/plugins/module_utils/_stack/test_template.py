# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What templates come to: intrinsic functions, conditions, and what cannot be known yet."""

import contextlib

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.template import evaluate
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.unresolved import Unresolved, known_after
from hypothesis import given
from hypothesis import strategies as st

PSEUDO = {"AWS::Region": "us-east-1", "AWS::StackName": "s"}


def value_of(expression, parameters=None, **sections):
    """What a single property with this expression comes to."""
    template = {
        "Parameters": {
            "List": {"Type": "CommaDelimitedList"},
            "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"},
            "Name": {"Type": "String"},
        },
        "Resources": {"R": {"Type": "T", "Properties": {"P": expression}}},
        **sections,
    }
    return evaluate(template, parameters or {}, PSEUDO).resources["R"]["Properties"].get("P", "nothing")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (80, "80"),
        (True, "true"),
        (None, ""),
        ({"Ref": "Name"}, "dev"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "AWS::NoValue"}, "nothing"),
        ({"Ref": "Vpc"}, "${Vpc}"),
        ({"Fn::GetAtt": ["Db", "Endpoint.Port"]}, "${Db.Endpoint.Port}"),
        ({"Fn::GetAtt": "Db.Endpoint.Port"}, "${Db.Endpoint.Port}"),
        ({"Fn::Sub": "a-${Name}-${Vpc}-${!Literal}"}, "a-dev-${Vpc}-${Literal}"),
        ({"Fn::Sub": ["${X}/${Name}", {"X": {"Ref": "List"}}]}, "a,b/dev"),
        ({"Fn::Join": ["-", ["x", {"Ref": "Name"}]]}, "x-dev"),
        ({"Fn::Join": [",", {"Ref": "List"}]}, "a,b"),
        ({"Fn::Join": [",", ["a", {"Ref": "AWS::NoValue"}, "b"]]}, "a,b"),
        ({"Fn::Select": [1, {"Ref": "List"}]}, "b"),
        ({"Fn::Select": ["0", {"Fn::Split": ["/", "10.0.0.0/16"]}]}, "10.0.0.0"),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "(GetAZs )[0]"),
        ({"Fn::Select": [2, {"Fn::Cidr": ["10.0.0.0/16", 9, 12]}]}, "10.0.32.0/20"),
        ([{"Ref": "Name"}, {"Ref": "AWS::NoValue"}], ["dev"]),
        ({"Ref": "List", "Other": 1}, {"Ref": "List", "Other": "1"}),
    ],
)
def test_expression_comes_to(expression, expected):
    assert value_of(expression, {"Name": "dev", "List": "a, b"}) == expected


def test_a_list_parameter_is_split_and_an_unknown_one_stays_whole():
    assert value_of({"Ref": "Subnets"}, {"Subnets": "a,b"}) == ["a", "b"]
    assert value_of({"Ref": "Subnets"}, {"Subnets": known_after("network")}) == "(known after network is applied)"


def test_joining_something_unknown_is_unknown():
    joined = value_of({"Fn::Join": ["/", ["x", {"Ref": "Vpc"}]]})
    assert joined == "x/${Vpc}"
    assert isinstance(joined, Unresolved)


def test_sub_and_join_that_say_the_same_are_equal():
    assert value_of({"Fn::Sub": "a-${Vpc}"}) == value_of({"Fn::Join": ["-", ["a", {"Ref": "Vpc"}]]})


CONDITIONS = {
    "IsProd": {"Fn::Equals": [{"Ref": "Name"}, "prod"]},
    "IsNot": {"Fn::Not": [{"Condition": "IsProd"}]},
    "Either": {"Fn::Or": [{"Condition": "IsProd"}, {"Fn::Equals": ["1", 1]}]},
    "Both": {"Fn::And": [{"Condition": "IsProd"}, {"Fn::Equals": ["1", "1"]}]},
}


@pytest.mark.parametrize(
    ("condition", "in_prod", "in_dev"),
    [("IsProd", "yes", "no"), ("IsNot", "no", "yes"), ("Either", "yes", "yes"), ("Both", "yes", "no")],
)
def test_conditions_choose(condition, in_prod, in_dev):
    expression = {"Fn::If": [condition, "yes", "no"]}
    assert value_of(expression, {"Name": "prod"}, Conditions=CONDITIONS) == in_prod
    assert value_of(expression, {"Name": "dev"}, Conditions=CONDITIONS) == in_dev


def test_a_condition_on_an_unknown_value_stays_open():
    unknown = {"Name": known_after("network")}
    assert value_of({"Fn::If": ["IsProd", "yes", "no"]}, unknown, Conditions=CONDITIONS) == (
        "(yes or no, decided by IsProd)"
    )
    assert value_of({"Fn::If": ["Either", "yes", "no"]}, unknown, Conditions=CONDITIONS) == "yes"


def test_resources_and_outputs_follow_their_condition():
    template = {
        "Parameters": {"Name": {"Type": "String"}},
        "Conditions": CONDITIONS,
        "Resources": {"Always": {"Type": "T"}, "Prod": {"Type": "T", "Condition": "IsProd"}},
        "Outputs": {"Prod": {"Condition": "IsProd", "Value": "x"}},
    }
    dev, prod, unknown = (
        evaluate(template, {"Name": name}, PSEUDO) for name in ("dev", "prod", known_after("elsewhere"))
    )
    assert list(dev.resources) == ["Always"]
    assert not dev.outputs
    assert list(prod.resources) == list(unknown.resources) == ["Always", "Prod"]
    assert [model.uncertain for model in (dev, prod, unknown)] == [set(), set(), {"Prod"}]
    assert prod.outputs == {"Prod": "x"}


def test_mappings_are_looked_up():
    mapping = {"Sizes": {"dev": {"Class": "small"}}}
    expression = {"Fn::FindInMap": ["Sizes", {"Ref": "Name"}, "Class"]}
    assert value_of(expression, {"Name": "dev"}, Mappings=mapping) == "small"
    with pytest.raises(RequestError, match="no such key"):
        value_of(expression, {"Name": "prod"}, Mappings=mapping)


def test_a_condition_that_names_itself_is_left_open():
    circle = {"A": {"Condition": "B"}, "B": {"Condition": "A"}}
    assert value_of({"Fn::If": ["A", "yes", "no"]}, Conditions=circle) == "(yes or no, decided by A)"


@pytest.mark.parametrize(
    "broken",
    [
        {"Fn::Select": [5, ["a"]]},
        {"Fn::Select": []},
        {"Fn::Sub": 7},
        {"Fn::Join": "x"},
        {"Fn::If": ["Unknown", 1, 2]},
        {"Fn::If": []},
        {"Fn::Cidr": ["10.0.0.0/30", 9, 12]},
        {"Fn::FindInMap": []},
    ],
)
def test_a_broken_expression_is_an_error_in_words(broken):
    with pytest.raises(RequestError):
        value_of(broken)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Ref", "Fn::Sub", "Fn::Join", "Fn::If", "Fn::Select", "a"]), inner, max_size=2
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_garbage_never_raises_anything_but_our_error(garbage):
    with contextlib.suppress(RequestError):
        value_of(garbage)
