# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions are checked wherever they stand, and a wrong form is told once, by its place."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.template_functions import (
    Names,
    function_problems,
    names_of,
)

NAMES = names_of(
    {
        "Parameters": {"P": {"Type": "String"}},
        "Resources": {"R": {"Type": "T"}},
        "Conditions": {"C": {"Fn::Equals": ["a", "b"]}},
        "Mappings": {"M": {"k": {"v": "x"}}},
    }
)


def problems(value):
    return list(function_problems(value, "here", NAMES))


def test_the_names_are_all_that_the_template_declares():
    assert names_of({}) == Names(frozenset(), frozenset(), frozenset(), {})
    assert Names(frozenset({"P"}), frozenset({"R"}), frozenset({"C"}), {"M": {"k": {"v": "x"}}}) == NAMES


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"Ref": "Q"}, "here.Ref names Q, which the template does not have here"),
        ({"a": [{"Ref": "Q"}]}, "here.a[0].Ref names Q, which the template does not have here"),
        (
            {"Fn::GetAtt": "Q.Arn"},
            "here.Fn::GetAtt names Q, which is no resource of the template that can be read here",
        ),
        ({"Fn::If": ["D", 1, 2]}, "here.Fn::If names the condition D, which the template does not have"),
        ({"Fn::FindInMap": ["M", "k", "w"]}, "here.Fn::FindInMap looks up w where the Mappings have v"),
        ({"Fn::Select": [1, ["a"]]}, "here.Fn::Select wants item 1 of a list of 1, which count from 0"),
        ({"Fn::Sub": "${Q}"}, "here.Fn::Sub names ${Q}, which the template does not have here"),
        ({"Fn::Not": [{"Ref": "Q"}]}, "here.Fn::Not decides a condition, which only Conditions can hold"),
    ],
)
def test_a_problem_begins_with_its_place_and_is_told_once(value, told):
    (problem,) = problems(value)
    assert problem.startswith(told)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        {"Ref": "P", "besides": "two keys are no function"},
        {"Fn::If": ["C", {"Ref": "AWS::NoValue"}, {"Fn::GetAtt": ["R", "Arn"]}]},
        {"Fn::Sub": ["${P} ${X} ${!Y}", {"X": {"Ref": "R"}}]},
        {"Fn::Join": [",", {"Fn::Split": ["-", {"Fn::FindInMap": ["M", "k", "v"]}]}]},
    ],
)
def test_what_is_right_has_no_problem(value):
    assert problems(value) == []
