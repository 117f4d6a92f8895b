# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What no plan can foresee is refused with its place and the reason, before anything is asked."""

import re

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.plannable import (
    floating_references,
    is_transformed,
    refuse_unforeseeable,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackRequest

from tests.unit.plugins.module_utils._stack.case import TEMPLATE, apply, put


def of(**properties):
    return {"Resources": {"R": {"Type": "T", "Properties": properties}}}


def typed(kind):
    return {"Resources": {"R": {"Type": kind}}}


REFUSED = {
    "a transform": ({"Transform": "AWS::LanguageExtensions", **of()}, "the transform AWS::LanguageExtensions"),
    "transforms": ({"Transform": ["AWS::Serverless-2016-10-31", "Mine"], **of()}, "AWS::Serverless-2016-10-31, Mine"),
    "a transform with parameters": ({"Transform": {"Name": "AWS::Include"}, **of()}, "the transform AWS::Include"),
    "transforms with parameters": ({"Transform": [{"Name": "AWS::Include"}], **of()}, "the transform AWS::Include"),
    "a macro inside": (of(A={"Fn::Transform": {"Name": "M"}}), "Resources.R.Properties.A.Fn::Transform calls a macro"),
    "a macro in a list": (of(A=[1, {"Fn::Transform": {}}]), r"Resources.R.Properties.A\[1\].Fn::Transform"),
    "a loop of resources": ({"Resources": {"Fn::ForEach::S": ["X", ["a"], {}]}}, "Resources.Fn::ForEach::S is of"),
    "a loop of outputs": ({**of(), "Outputs": {"Fn::ForEach::S": []}}, "Outputs.Fn::ForEach::S is of"),
    "a loop of properties": (of(**{"Fn::ForEach::S": []}), "Properties.Fn::ForEach::S is of"),
    "a length": (of(A={"Fn::Length": [1]}), "Fn::Length is of the transform AWS::LanguageExtensions"),
    "a text of JSON": (of(A={"Fn::ToJsonString": {}}), "Fn::ToJsonString is of"),
    "a function of another day": (of(A={"Fn::GetStackOutput": ["s", "o"]}), "Fn::GetStackOutput is a function"),
    "one beside another key": (of(A={"Fn::New": 1, "B": 2}), "Fn::New is a function that is not known"),
    "one in an output": ({**of(), "Outputs": {"O": {"Value": {"Fn::New": 1}}}}, "Outputs.O.Value.Fn::New"),
    "one in a condition": ({**of(), "Conditions": {"C": {"Fn::New": []}}}, "Conditions.C.Fn::New"),
    "a nested stack": (typed("AWS::CloudFormation::Stack"), "R is a stack of its own"),
    "a module": (typed("My::S3::Bucket::MODULE"), "R is a module"),
    "a description": ({"Description": "für alle", **of()}, "Description holds text beyond ASCII"),
    "a value": (of(A={"Fn::Sub": "Größe"}), "Resources.R.Properties.A.Fn::Sub holds text beyond ASCII"),
    "a key": (of(Tags=[{"Key": "Straße", "Value": "x"}]), r"Tags\[0\].Key holds text beyond ASCII"),
    "a name": (of(é=1), "beyond ASCII"),
}


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_the_unforeseeable_is_refused_with_its_place(stacks, clock, check_mode, case):
    template, words = case
    put(stacks)
    with pytest.raises(RequestError, match=words) as raised:
        apply(stacks, clock, check_mode=check_mode, template=template)
    assert "was not touched" in raised.value.message
    assert stacks.calls == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tags": {"Team": "Bäume"}}, "tag Team holds"),
        ({"tags": {"Bäume": "x"}}, "tag Bäume holds"),
        ({"parameters": {"Size": "groß"}}, "parameter Size holds"),
        ({"parameters": {"Size": "groß"}, "sources": {"Size": "rds_size"}}, "rds_size holds"),
    ],
)
def test_text_beyond_ascii_of_the_request_is_refused_by_its_name(fields, words):
    with pytest.raises(RequestError, match=words):
        refuse_unforeseeable(StackRequest(name="s", template=TEMPLATE, **fields))


def test_all_that_is_unforeseeable_is_told_at_once():
    template = {"Transform": "A", "Resources": {"R": {"Type": "AWS::CloudFormation::Stack"}}, "Description": "ä"}
    with pytest.raises(RequestError, match=r"transform A.*R is a stack.*beyond ASCII"):
        refuse_unforeseeable(StackRequest(name="s", template=template))


KNOWN = "And,Base64,Cidr,Equals,FindInMap,GetAZs,GetAtt,If,ImportValue,Join,Not,Or,Select,Split,Sub"


def test_what_can_be_foreseen_is_let_through():
    template = {
        **of(**{name: {f"Fn::{name}": []} for name in re.findall(r"\w+", KNOWN)}, Ref={"Ref": "X"}),
        "Rules": {"R": {"Assertions": [{"Assert": {"Fn::Contains": [["a"], "a"]}}]}},
        "Metadata": {"Fn::Anything": 1},
    }
    refuse_unforeseeable(StackRequest(name="s", template=template))
    assert not is_transformed(template)
    assert is_transformed({"Transform": "A"})
    assert is_transformed(of(A=[{"Fn::Transform": {}}]))


FLOATING = {
    "{{resolve:ssm:/a/b}}": True,
    "{{resolve:ssm:/a/b:3}}": False,
    "{{resolve:ssm-secure:/a:1}}": False,
    "{{resolve:ssm-secure:/a}}": True,
    "{{resolve:secretsmanager:name}}": True,
    "{{resolve:secretsmanager:name:SecretString:password}}": True,
    "{{resolve:secretsmanager:name:SecretString:password:AWSCURRENT}}": True,
    "{{resolve:secretsmanager:name:SecretString:password:AWSCURRENT:}}": True,
    "{{resolve:secretsmanager:name:SecretString:password::8f3a}}": False,
    "{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:111111111111:secret:a:SecretString:p::id}}": False,
    "{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:111111111111:secret:a}}": True,
    "{{resolve:other:x}}": True,
    "{{ resolve }}": False,
    "plain": False,
}


@pytest.mark.parametrize(("text", "floats"), FLOATING.items())
def test_a_dynamic_reference_without_a_version_is_warned_of(stacks, clock, text, floats):
    template = of(A=[{"Fn::Sub": f"x{text}"}])
    stacks.put("fastbreak-dev-rds", template=template)
    result, _said = apply(stacks, clock, check_mode=True, template=template)
    assert not result.changed
    assert len(result.warnings) == floats
    if floats:
        assert f"Resources.R.Properties.A[0].Fn::Sub reads {text}" in result.warnings[0]


def test_a_dynamic_reference_in_a_parameter_is_one_too():
    found = floating_references(StackRequest(name="s", template=TEMPLATE, parameters={"Size": "{{resolve:ssm:a}}"}))
    assert found == ["parameters.Size reads {{resolve:ssm:a}}"]
