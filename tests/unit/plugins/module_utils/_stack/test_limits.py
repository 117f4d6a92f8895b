# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""CloudFormation's quotas, at each one's edge."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.limits import check_limits, check_resource_tags
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.template import Model
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackRequest

from tests.unit.plugins.module_utils._stack.case import apply


def numbered(count, body=None):
    return {f"N{number}": body if body is not None else str(number) for number in range(count)}


def checked(template=None, parameters=None, **fields):
    check_limits(StackRequest(name="s", **fields), template or {}, parameters or {})


# What is allowed, what is one more, and the words for it.
EDGES = [
    (lambda n: {"template_text": "x" * n}, 51_200, "the template has 51201 bytes"),
    (lambda n: {"template": {"Resources": numbered(n)}}, 500, "501 Resources"),
    (lambda n: {"template": {"Parameters": numbered(n)}}, 200, "201 Parameters"),
    (lambda n: {"template": {"Outputs": numbered(n)}}, 200, "201 Outputs"),
    (lambda n: {"template": {"Mappings": numbered(n)}}, 200, "201 Mappings"),
    (lambda n: {"template": {"Description": "x" * n}}, 1024, "description has 1025 bytes"),
    (lambda n: {"template": {"Resources": {"x" * n: {}}}}, 255, "a name has letters and digits only"),
    (lambda n: {"parameters": {"P": "x" * n}}, 4096, "parameter P has 4097 bytes"),
    (lambda n: {"tags": numbered(n)}, 50, "51 tags"),
    (lambda n: {"tags": {"x" * n: ""}}, 128, "key of 129 characters"),
    (lambda n: {"tags": {"k": "x" * n}}, 256, "value of 257 characters"),
    (lambda n: {"stack_policy": {"a": "x" * (n - 9)}}, 16_384, "16385 bytes"),
]


@pytest.mark.parametrize(("case", "most", "words"), EDGES)
def test_the_last_that_is_allowed_and_the_first_that_is_not(case, most, words):
    checked(**case(most))
    with pytest.raises(RequestError, match=words):
        checked(**case(most + 1))


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ({"tags": {"": "x"}}, "key of 0 characters"),
        ({"tags": {"aws:mine": "x"}}, "AWS keeps for itself"),
        ({"tags": {"AWS:mine": "x"}}, "AWS keeps for itself"),
        ({"tags": {"Owner": "R&D"}}, "the tag 'Owner' is 'R&D' and holds '&'"),
        ({"template": {"Resources": {"My-Thing": {}}}}, "My-Thing"),
        ({"parameters": {"P": "\u00e4" * 2049}}, "4098 bytes"),
    ],
)
def test_what_is_never_allowed(case, words):
    with pytest.raises(RequestError, match=words):
        checked(**case)


def test_iam_takes_keys_that_differ_in_capitals_for_one():
    request = StackRequest(name="s", tags={"Environment": "dev", "environment": "dev", "Project": "x"})
    role = {"Type": "AWS::IAM::Role", "Properties": {"Tags": [{"Key": "project", "Value": ""}]}}
    check_resource_tags(request, Model({"R": {"Type": "AWS::S3::Bucket"}}))
    with pytest.raises(RequestError, match="R would have the tags Environment, Project, environment, project, which"):
        check_resource_tags(request, Model({"R": role}))


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(RequestError, match=r"parameter P.*51 tags"):
        checked(tags=numbered(51), parameters={"P": "x" * 5000})


def test_tags_of_a_resource_count_with_those_of_the_stack():
    request = StackRequest(name="s", tags=numbered(49))

    def tagged(*keys):
        return Model({"R": {"Properties": {"Tags": [{"Key": key, "Value": ""} for key in keys]}}})

    check_resource_tags(request, tagged("N0", "Name"))
    check_resource_tags(request, Model({"R": {"Properties": {"Tags": {"a": "b"}}}, "Q": {}}))
    with pytest.raises(RequestError, match="R would have 51 tags"):
        check_resource_tags(request, tagged("Name", "Other"))


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_limit_is_found_before_anything_is_written(stacks, clock, check_mode):
    with pytest.raises(RequestError, match="was not touched"):
        apply(stacks, clock, check_mode=check_mode, tags=numbered(51))
    assert stacks.calls == []


def test_a_value_that_is_too_long_is_told_by_its_variable():
    with pytest.raises(RequestError, match=r": iam_repository_name has 4097 bytes, and 4096 are allowed\.$"):
        checked(parameters={"P": "x" * 4097}, sources={"P": "iam_repository_name"})
