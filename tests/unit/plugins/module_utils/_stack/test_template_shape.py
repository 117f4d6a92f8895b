# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is no template is refused as such, wherever it goes wrong, and is no fault of the collection."""

import json
from contextlib import suppress
from functools import reduce

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import parse_template
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.template_shape import outline_problem
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._common.fakes import FakeClock
from tests.unit.plugins.module_utils._stack.case import apply
from tests.unit.plugins.module_utils._stack.fakes import FakeStacks

TOPIC = {"Type": "AWS::SNS::Topic"}
DEEP = reduce(lambda inner, _number: [inner], range(2000), "x")
WRONG = [
    (None, "no Resources section"),
    ([], "no Resources section"),
    ({"Resources": None}, "no Resources section"),
    ({"Resources": {"R": TOPIC}, "Parameters": None}, "a null value at Parameters,"),
    ({"Resources": {"R": TOPIC}, "Parameters": ["A"]}, "Parameters that are no mapping"),
    ({"Resources": {"R": TOPIC}, "Conditions": "x"}, "Conditions that are no mapping"),
    ({"Resources": {"R": TOPIC}, "Parameters": {"A": "x"}}, "no mapping for A in its Parameters"),
    ({"Resources": {"R": TOPIC}, "Outputs": {"A": "x"}}, "no mapping for A in its Outputs"),
    ({"Resources": {"R": "x"}}, "no mapping for R in its Resources"),
    ({"Resources": {"R": {}}}, "resources without a Type: R"),
    ({"Resources": {"R": {"Type": {"Ref": "T"}}}}, "resources without a Type: R"),
    ({"Resources": {"R": {**TOPIC, "Properties": None}}}, "a null value at Resources.R.Properties,"),
    ({"Resources": {"R": {**TOPIC, "Properties": [1]}}}, "Properties that are no mapping in R"),
    ({"Resources": {"R": {**TOPIC, "Properties": {"X": [1, None]}}}}, "a null value at Resources.R.Properties.X[1],"),
    ({"Resources": {"R": {**TOPIC, "Properties": {"X": DEEP}}}}, "more than 100 levels deep"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Key", "Tags", "Ref"]), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(("template", "said"), WRONG, ids=[said for _template, said in WRONG])
def test_what_is_no_template_is_refused_with_the_place(template, said):
    assert said in outline_problem(template)


@pytest.mark.parametrize("text", ['{"Resources": ' + "[" * 60_000, "Resources: " + "[" * 20_000])
def test_what_is_too_deep_to_be_read_is_refused(text):
    with pytest.raises(RequestError, match="The template is"):
        parse_template(text, "The template")


@given(
    st.sampled_from(["Parameters", "Mappings", "Conditions", "Outputs", "Transform", "Description", "Metadata"]),
    JSON,
    st.dictionaries(st.sampled_from(["Tags", "X"]), JSON),
)
def test_whatever_a_template_holds_is_planned_or_refused(section, content, properties):
    template = {"Resources": {"R": {**TOPIC, "Properties": properties}}, section: content}
    clock = FakeClock()
    with suppress(RequestError):
        apply(FakeStacks(clock), clock, check_mode=True, template=parse_template(json.dumps(template), "it"))
