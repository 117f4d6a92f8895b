# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CloudFormation refuses in a template is refused in check mode, by its place and in our words."""

from contextlib import suppress

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.template_references import template_problems
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._common.fakes import FakeClock
from tests.unit.plugins.module_utils._stack.case import apply, put
from tests.unit.plugins.module_utils._stack.fakes import FakeStacks


def of(value, **sections):
    """A template whose only property has *value*."""
    return {
        "Parameters": {"P": {"Type": "String", "Default": "p"}, "Many": {"Type": "List<String>", "Default": "a,b"}},
        "Mappings": {"M": {"k": {"v": "x", 1: "y"}}},
        "Resources": {"R": {"Type": "T", "Properties": {"A": value}}, "S": {"Type": "T"}},
        **sections,
    }


def decided_by(**conditions):
    return of("x", Conditions=conditions)


def with_resource(**body):
    return {"Resources": {"R": {"Type": "T", **body}}}


def with_output(**body):
    return of("x", Outputs={"O": body})


EQUAL = {"Fn::Equals": ["a", {"Ref": "P"}]}
PLACE = "Resources.R.Properties.A"
FUNCTIONS = {
    "Ref": [{}, [], 5, "Nothing", "R.Id", "AWS::Nothing"],
    "Fn::GetAtt": ["R", "", "Nothing.Id", [], ["R"], ["R", ""], ["R", ["x"]], ["R", "a", "b"], {"R": "x"}, 5],
    "Fn::Sub": [5, [], ["${P}"], ["${X}", []], ["${X}", "y"], [5, {}], {"a": "b"}, "${Nothing}", "${Nothing.Id}"],
    "Fn::Join": ["x", [], [","], [",", "abc"], [[","], ["a"]], [",", ["a"], "b"], {}, 5],
    "Fn::Select": [
        "x",
        5,
        [],
        [0],
        [0, "abc"],
        [-1, ["a", "b"]],
        ["-1", ["a"]],
        [2, ["a", "b"]],
        ["x", ["a"]],
        [0, []],
    ],
    "Fn::Split": ["x", [], [","], ["", "a"], [",", ["a"]], [{"Ref": "P"}, "a"], {}],
    "Fn::If": ["x", [], ["C"], ["C", "a", "b"], [EQUAL, "a", "b"], [5, "a", "b"], {}],
    "Fn::FindInMap": ["M", [], ["M", "k"], ["N", "k", "v"], ["M", "z", "v"], ["M", "k", "z"], ["M", "k", "v", {}], 5],
    "Fn::Cidr": ["x", [], ["10.0.0.0/16"], ["10.0.0.0/16", 257, 4], ["10.0.0.0/16", 0], ["10.0.0.0/16", "x"], [[], 1]],
    "Fn::Base64": [[], {"a": "b"}],
    "Fn::GetAZs": [[], {"a": "b"}],
    "Fn::ImportValue": [["x"], {"a": "b", "c": "d"}],
    "Fn::Equals": [["a", "b"]],
    "Fn::Not": [[EQUAL]],
}
CALLS = [(name, argument) for name, arguments in FUNCTIONS.items() for argument in arguments]
SECTIONS = [
    (decided_by(A=5), "Conditions.A"),
    (decided_by(A="B"), "Conditions.A"),
    (decided_by(A={"Ref": "P"}), "Conditions.A"),
    (decided_by(A={"Fn::Equals": ["a"]}), "Conditions.A.Fn::Equals"),
    (decided_by(A={"Fn::Equals": "ab"}), "Conditions.A.Fn::Equals"),
    (decided_by(A={"Fn::Not": [EQUAL, EQUAL]}), "Conditions.A.Fn::Not"),
    (decided_by(A={"Fn::And": [EQUAL]}), "Conditions.A.Fn::And"),
    (decided_by(A={"Fn::Or": [EQUAL] * 11}), "Conditions.A.Fn::Or"),
    (decided_by(A={"Fn::Or": [EQUAL, "x"]}), "Conditions.A.Fn::Or[1]"),
    (decided_by(A={"Fn::Equals": ["a", {"Ref": "Nothing"}]}), "Conditions.A.Fn::Equals[1].Ref"),
    (decided_by(A={"Fn::Equals": ["a", {"Ref": "R"}]}), "Conditions.A.Fn::Equals[1].Ref"),
    (decided_by(A={"Fn::Equals": ["a", {"Fn::GetAtt": "R.Id"}]}), "Conditions.A.Fn::Equals[1].Fn::GetAtt"),
    (decided_by(A={"Condition": "Nothing"}), "Conditions.A.Condition"),
    (decided_by(A={"Condition": 5}), "Conditions.A.Condition"),
    (decided_by(A={"Condition": "A"}), "Conditions.A is decided by itself"),
    (decided_by(A={"Fn::Not": [{"Condition": "B"}]}, B={"Condition": "A"}), "Conditions.B is decided by itself"),
    (with_resource(DependsOn=5), "Resources.R.DependsOn"),
    (with_resource(DependsOn={"Ref": "R"}), "Resources.R.DependsOn"),
    (with_resource(DependsOn=["R", 5]), "Resources.R.DependsOn"),
    (with_resource(DependsOn="Nothing"), "Resources.R.DependsOn names Nothing"),
    (with_resource(DependsOn=["R"]), "Resources.R.DependsOn names the resource itself"),
    (with_resource(Condition="Nothing"), "Resources.R.Condition names Nothing"),
    (with_resource(Condition=[]), "Resources.R.Condition"),
    (with_resource(Metadata={"A": {"Ref": "Nothing"}}), "Resources.R.Metadata.A.Ref"),
    (with_output(Description="x"), "Outputs.O has no Value"),
    (with_output(Value=["a"]), "Outputs.O.Value"),
    (with_output(Value={"a": "b", "c": "d"}), "Outputs.O.Value"),
    (with_output(Value={"Ref": "Nothing"}), "Outputs.O.Value.Ref"),
    (with_output(Value="x", Condition="Nothing"), "Outputs.O.Condition"),
    (with_output(Value="x", Export={}), "Outputs.O.Export"),
    (with_output(Value="x", Export="name"), "Outputs.O.Export"),
    (of("x", Mappings={"M": "x"}), "Mappings.M is no mapping"),
    (of("x", Mappings={"M": {"k": "x"}}), "Mappings.M.k is no mapping"),
    (of("x", Mappings={"M": {"k": {"v": {}}}}), "Mappings.M.k.v"),
    (of("x", Parameters={"P": {}}), "Parameters.P.Type"),
    (of("x", Parameters={"P": {"Type": "String", "AllowedValues": 5}}), "Parameters.P.AllowedValues"),
    (of("x", Parameters={"P": {"Type": "String", "MinLength": "a"}}), "Parameters.P.MinLength"),
    (of("x", Parameters={"P": {"Type": "String", "Default": ["a"]}}), "Parameters.P.Default"),
]


@pytest.mark.parametrize(("name", "argument"), CALLS, ids=map(str, CALLS))
def test_a_function_that_cloudformation_refuses_is_refused_with_its_place(stacks, clock, name, argument):
    put(stacks)
    with pytest.raises(RequestError, match=r"was not touched, because CloudFormation would refuse") as raised:
        apply(stacks, clock, check_mode=True, template=of([{name: argument}]))
    assert f"{PLACE}[0].{name} " in raised.value.message
    assert "Error:" not in raised.value.message
    assert stacks.calls == []


@pytest.mark.parametrize(("template", "words"), SECTIONS, ids=[words for _template, words in SECTIONS])
def test_a_section_that_cloudformation_refuses_is_refused_with_its_place(stacks, clock, template, words):
    put(stacks)
    with pytest.raises(RequestError, match="CloudFormation would refuse") as raised:
        apply(stacks, clock, check_mode=True, template=template)
    assert words in raised.value.message


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "P"},
        {"Ref": "S"},
        {"Ref": "AWS::NotificationARNs"},
        {"Fn::GetAtt": "S.Endpoint.Port"},
        {"Fn::GetAtt": ["S", {"Ref": "P"}]},
        {"Fn::Sub": "${P} ${S} ${S.Id} ${AWS::AccountId} ${!Literal}"},
        {"Fn::Sub": ["${X} ${P}", {"X": {"Ref": "S"}}]},
        {"Fn::Join": ["", ["a", {"Ref": "S"}, 5]]},
        {"Fn::Join": [",", {"Ref": "Many"}]},
        {"Fn::Select": ["1", {"Ref": "Many"}]},
        {"Fn::Select": [0, {"Fn::Split": [",", {"Ref": "P"}]}]},
        {"Fn::Select": [{"Fn::FindInMap": ["M", "k", "v"]}, {"Fn::GetAZs": {"Ref": "AWS::Region"}}]},
        {"Fn::If": ["C", {"Ref": "S"}, {"Ref": "AWS::NoValue"}]},
        {"Fn::FindInMap": ["M", {"Ref": "P"}, "v"]},
        {"Fn::FindInMap": ["M", "k", "1"]},
        {"Fn::Cidr": ["10.0.0.0/16", 256, 8]},
        {"Fn::Cidr": [{"Ref": "P"}, {"Ref": "P"}]},
        {"Fn::Base64": {"Fn::Sub": "x"}},
        {"Fn::ImportValue": {"Fn::Sub": "x"}},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    ],
    ids=str,
)
def test_what_cloudformation_takes_is_let_through(value):
    conditions = {"C": EQUAL, "D": {"Fn::And": [{"Condition": "C"}, {"Fn::Not": [EQUAL]}]}, "E": {"Condition": "D"}}
    outputs = {"O": {"Value": value, "Condition": "E", "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-x"}}}}
    template = of(value, Conditions=conditions, Outputs=outputs)
    template["Resources"]["S"].update(DependsOn="R", Condition="E")
    assert list(template_problems(template)) == []


NAMES = [*FUNCTIONS, "Fn::And", "Fn::Or", "Condition", "Key"]
GARBAGE = st.recursive(
    st.booleans() | st.integers(-2, 300) | st.sampled_from(["", "P", "M", "C", "R", "10.0.0.0/8", "R.Id", "${P"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=2),
    max_leaves=12,
)


@given(GARBAGE, GARBAGE, GARBAGE)
def test_garbage_is_told_in_our_words(value, condition, depends_on):
    template = of(value, Conditions={"C": condition}, Outputs={"O": {"Value": value}})
    template["Resources"]["S"] = {"Type": "T", "DependsOn": depends_on, "Condition": condition}
    assert all(problem.split(" ")[0].partition(".")[0] in template for problem in template_problems(template))
    clock = FakeClock()
    for tried in (template, of(value)):
        with suppress(RequestError):
            apply(FakeStacks(clock), clock, check_mode=True, template=tried)


def needing(**needed):
    """Resources, each with those that it reads."""
    return {
        name: {"Type": "T", "Properties": {"A": [{"Fn::Sub": f"${{{other}}}"} for other in others]}}
        for name, others in needed.items()
    }


@pytest.mark.parametrize(
    ("resources", "told"),
    [
        (needing(A=["A"]), "A"),
        (needing(A=["B"], B=["A"]), "A, B"),
        (needing(A=["B"], B=["C"], C=["A"], D=["A"]), "A, B, C"),
        ({**needing(A=["B"]), "B": {"Type": "T", "DependsOn": "A"}}, "A, B"),
    ],
)
def test_resources_that_wait_for_each_other_are_refused(stacks, clock, resources, told):
    with pytest.raises(RequestError, match=f"refuse the template: {told} in its Resources depends on itself"):
        apply(stacks, clock, check_mode=True, template={"Resources": resources})


def test_resources_that_wait_for_the_same_are_let_through(stacks, clock):
    found, _said = apply(
        stacks, clock, check_mode=True, template={"Resources": needing(A=[], B=["A"], C=["A", "B"], D=["C", "A"])}
    )
    assert found.plan.action == "create"


@pytest.mark.parametrize("literal", [True, "true", False, "false"])
def test_a_literal_decides_a_condition(stacks, clock, literal):
    both = {"Fn::And": [literal, {"Fn::Equals": ["a", "a"]}]}
    template = {**of("x", Conditions={"C": both})}
    template["Resources"]["S"]["Condition"] = "C"
    found, _said = apply(stacks, clock, check_mode=True, template=template)
    assert len(found.plan.resources) == (2 if literal in {True, "true"} else 1)
