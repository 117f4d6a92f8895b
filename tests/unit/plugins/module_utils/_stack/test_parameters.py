# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parameters against what the template declares."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.parameters import (
    complete_parameters,
    kept_parameters,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackSnapshot, WhenMade
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.unresolved import known_after


def complete(rules, given):
    return complete_parameters("s", {"Parameters": {"P": rules}}, given)


@pytest.mark.parametrize(
    ("rules", "given", "expected"),
    [
        ({"Type": "String"}, {"P": "x"}, "x"),
        ({"Type": "String", "Default": True}, {}, "true"),
        ({"Type": "Number", "Default": 5}, {}, "5"),
        ({"Type": "Number", "MinValue": 1, "MaxValue": 3}, {"P": "3"}, "3"),
        ({"Type": "String", "AllowedValues": [2, 3]}, {"P": "2"}, "2"),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, {"P": "a, b"}, "a, b"),
        ({"Type": "Number", "MinValue": 1}, {"P": known_after("x")}, "(known after x is applied)"),
    ],
)
def test_accepted(rules, given, expected):
    assert complete(rules, given) == {"P": expected}


@pytest.mark.parametrize(
    ("rules", "given", "complaint"),
    [
        ({"Type": "String"}, {}, "P has no value and no default"),
        ({"Type": "String", "Default": ""}, {"Q": "1"}, "Q is not a parameter"),
        ({"Type": "Number"}, {"P": "many"}, "not a number"),
        ({"Type": "Number", "MinValue": 1, "MaxValue": 2}, {"P": "nan"}, "not a number"),
        ({"Type": "Number"}, {"P": "1_0"}, "not a number"),
        ({"Type": "Number"}, {"P": "\u0663"}, "not a number"),
        ({"Type": "Number"}, {"P": "5 "}, "not a number"),
        ({"Type": "Number", "MinValue": 2}, {"P": "1"}, "less than 2"),
        ({"Type": "Number", "MaxValue": 2}, {"P": "3"}, "more than 2"),
        ({"Type": "String", "AllowedValues": ["a"]}, {"P": "b"}, "not one of a"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, {"P": "A"}, "does not match"),
        ({"Type": "String", "MaxLength": 2}, {"P": "abc"}, "3 characters long, more than 2"),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a"]}, {"P": "a,b"}, "'b'"),
        ({"Type": "String", "NoEcho": True}, {"P": "secret"}, "NoEcho"),
    ],
)
def test_refused(rules, given, complaint):
    with pytest.raises(RequestError, match=complaint):
        complete(rules, given)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"AllowedValues": [1, 3], "MinValue": 1}, "which is not one of 1, 3"),
        ({"AllowedPattern": "[0-9]", "MinValue": 1}, "which is not a number"),
    ],
)
def test_a_text_for_a_number_is_refused_once(rules, words):
    with pytest.raises(RequestError) as raised:
        complete({"Type": "Number", **rules}, {"P": "many"})
    assert raised.value.message.endswith(f": P is 'many', {words}.")


def test_everything_wrong_is_said_at_once():
    template = {"Parameters": {"A": {"Type": "String"}, "B": {"Type": "Number"}}}
    with pytest.raises(RequestError) as raised:
        complete_parameters("s", template, {"B": "x", "C": "1"})
    assert all(part in raised.value.message for part in ("A has no value", "B is 'x'", "C is not a parameter"))


@pytest.mark.parametrize(
    ("standing", "kept"),
    [(None, {"P": "new", "Q": "q"}), ({"P": "old", "Q": "x", "R": "y"}, {"P": "old", "Q": "q"}), ({}, {"Q": "q"})],
    ids=["made", "standing", "standing without it"],
)
def test_a_value_for_a_stack_that_is_made_leaves_what_stands(standing, kept):
    snapshot = None if standing is None else StackSnapshot("s", "arn", "CREATE_COMPLETE", parameters=standing)
    assert kept_parameters({"P": WhenMade("new"), "Q": "q"}, snapshot) == kept
