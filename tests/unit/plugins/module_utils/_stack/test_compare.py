# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two models compared: what is added, modified, replaced, removed."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.compare import compare, differences
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.template import Model
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.unresolved import Unresolved
from hypothesis import given
from hypothesis import strategies as st

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


PREFERRED, RECORDS = {"PrivateDnsPreference": "a"}, {"DnsRecordIpType": "ipv4"}
NAMED = {"TopicName": "t"}


@pytest.mark.parametrize(
    ("kind", "before", "after", "replaced", "paths"),
    [
        ("AWS::SNS::Topic", None, NAMED, "yes", ["Properties.TopicName"]),
        ("AWS::SNS::Topic", NAMED, None, "yes", ["Properties.TopicName"]),
        ("AWS::SNS::Topic", {}, NAMED, "yes", ["Properties.TopicName"]),
        ("AWS::SNS::Topic", None, {"DisplayName": "t"}, "no", ["Properties.DisplayName"]),
        ("AWS::SNS::Topic", None, {"TopicName": Unresolved("${A.Name}")}, "yes", ["Properties.TopicName"]),
        ("Custom::Thing", None, NAMED, "unknown", ["Properties.TopicName"]),
        ("AWS::SNS::Topic", None, {}, None, []),
        # A whole mapping that is new or gone replaces only where a part of it does.
        ("AWS::EC2::VPCEndpoint", {}, {"DnsOptions": RECORDS}, "no", ["Properties.DnsOptions"]),
        ("AWS::EC2::VPCEndpoint", {"DnsOptions": RECORDS}, {}, "no", ["Properties.DnsOptions"]),
        ("AWS::EC2::VPCEndpoint", {}, {"DnsOptions": PREFERRED}, "yes", ["Properties.DnsOptions"]),
        ("AWS::EC2::VPCEndpoint", None, {"DnsOptions": {**RECORDS, **PREFERRED}}, "yes", ["Properties.DnsOptions"]),
        ("AWS::EC2::VPCEndpoint", {"DnsOptions": "${A}"}, {"DnsOptions": RECORDS}, "yes", ["Properties.DnsOptions"]),
    ],
)
def test_properties_that_come_or_go_replace_as_each_by_itself(kind, before, after, replaced, paths):
    changes = compare(Model({"A": resource(kind, before)}), Model({"A": resource(kind, after)}))
    assert [change.replacement for change in changes] == ([] if replaced is None else [replaced])
    assert [item.path for change in changes for item in change.properties] == paths


def resource(kind, properties):
    return {"Type": kind} if properties is None else {"Type": kind, "Properties": properties}


def test_a_changed_type_is_refused():
    with pytest.raises(RequestError, match="another logical id"):
        compare(Model({"V": {"Type": "Custom::Thing"}}), Model({"V": {"Type": "Custom::Else"}}))
