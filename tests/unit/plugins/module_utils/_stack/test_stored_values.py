# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A parameter of Parameter Store is planned by the value that stands there now."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.apply import apply_stack
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.stored_values import stored_values
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackRequest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.unresolved import Unresolved

from tests.unit.plugins.module_utils._stack.fakes import FakeStore, ports_of

NAME = "fastbreak-dev-rds"


def template(kind):
    return {
        "Parameters": {"Image": {"Type": f"AWS::SSM::Parameter::Value<{kind}>", "Default": "/image"}},
        "Resources": {"R": {"Type": "T", "Properties": {"Image": {"Ref": "Image"}}}},
    }


def planned(stacks, clock, kind, values, check_mode=True):
    before, after = values
    stacks.put(NAME, template=template(kind), parameters={"Image": "/image"}, resolved={"Image": before})
    ports, _said = ports_of(stacks, clock, store=FakeStore({"/image": after}))
    return apply_stack(StackRequest(name=NAME, template=template(kind), template_text="{}"), ports, check_mode)


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("String", ("ami-1", "ami-1"), None),
        ("String", ("ami-1", "ami-2"), ("Properties.Image", "ami-1", "ami-2")),
        ("AWS::EC2::Image::Id", ("ami-1", "ami-2"), ("Properties.Image", "ami-1", "ami-2")),
        ("List<String>", ("a,b", "a, b"), None),
        ("List<String>", ("a,b", "a,c"), ("Properties.Image[1]", "b", "c")),
        ("CommaDelimitedList", ("a,b", "a,c"), ("Properties.Image[1]", "b", "c")),
        ("List<AWS::EC2::Subnet::Id>", ("a", "a,c"), ("Properties.Image", ["a"], ["a", "c"])),
    ],
)
def test_a_value_that_changed_is_a_change_of_what_reads_it(stacks, clock, kind, values, expected):
    plan = planned(stacks, clock, kind, values).plan
    assert plan.action == ("update" if expected else "none")
    found = [(item.path, item.before, item.after) for change in plan.resources for item in change.properties]
    assert found == ([expected] if expected else [])


def test_cloudformation_is_given_the_name_and_not_the_value(stacks, clock):
    assert planned(stacks, clock, "String", ("ami-1", "ami-2"), check_mode=False).changed
    assert stacks.calls == [("update", NAME)]
    assert stacks.snapshots[NAME].parameters == {"Image": "/image"}


def test_a_name_that_is_not_there_is_told_with_its_parameter(stacks, clock):
    ports, _said = ports_of(stacks, clock)
    with pytest.raises(RequestError, match=r"has no /image \(parameter Image\)"):
        apply_stack(StackRequest(name=NAME, template=template("String"), template_text="{}"), ports, True)
    assert stacks.calls == []


def test_a_name_that_is_not_known_yet_has_no_value_yet():
    found = stored_values(NAME, template("String"), {"Image": Unresolved("(later)")}, FakeStore())
    assert found == {"Image": "(stored under (later))"}
    assert isinstance(found["Image"], Unresolved)


def test_without_such_parameters_nothing_is_asked():
    plain = {"Parameters": {"A": {"Type": "AWS::SSM::Parameter::Name"}, "B": {}}}
    assert stored_values(NAME, plain, {"A": "/a", "B": "b"}, None) == {"A": "/a", "B": "b"}


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_refused_by_its_parameter(name):
    with pytest.raises(RequestError, match="Image has to name a parameter of Parameter Store, and is empty"):
        stored_values(NAME, template("String"), {"Image": name}, FakeStore({}))
