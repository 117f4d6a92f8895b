# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A variable has the type that its role asks for, as it was written."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.variable_types import type_problems

OPTIONS = {
    "i": {"type": "int"},
    "f": {"type": "float"},
    "b": {"type": "bool"},
    "s": {"type": "str"},
    "e": {"type": "str", "default": ""},
    "l": {"type": "list", "elements": "str"},
    "n": {"type": "list", "elements": "str", "default": []},
    "d": {"type": "dict"},
    "p": {"type": "path"},
}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("i", 1.0, "i is 1.0, where a whole number is wanted"),
        ("i", True, "i is True, where a whole number is wanted"),
        ("i", "1e3", "i is '1e3', where a whole number"),
        ("i", "", "i is '', where a whole number"),
        ("i", [1], "i is a list, where a whole number"),
        ("i", "\u0663", "where a whole number"),
        ("f", float("nan"), "f is nan, where a number like 0.5 is wanted"),
        ("f", float("inf"), "where a number like 0.5"),
        ("f", "nan", "where a number like 0.5"),
        ("f", "1_0", "where a number like 0.5"),
        ("f", "\u0663", "where a number like 0.5"),
        ("f", " 5", "where a number like 0.5"),
        ("f", True, "where a number like 0.5"),
        ("f", [1], "f is a list, where a number like 0.5"),
        ("b", "maybe", "where true or false is wanted"),
        ("b", 2, "where true or false is wanted"),
        ("b", 0.5, "where true or false is wanted"),
        ("s", 1.10, 's is 1.1, where a text is wanted; put what is meant in quotes, like "1.1"'),
        ("s", False, "where a text is wanted; put what is meant in quotes"),
        ("s", {}, "s is a mapping, where a text is wanted"),
        ("p", 1, "where a text is wanted"),
        ("l", "a,b", "l is 'a,b', where a list is wanted; write it like [a, b]"),
        ("l", {"a": 1}, "l is a mapping, where a list is wanted"),
        ("l", ["a", 1], 'l[1] is 1, where a text is wanted; put it in quotes, like "1"'),
        ("l", [None], "l[0] is None, where a text"),
        ("l", [""], "l[0] is empty; take it out of the list, and write [] for none"),
        ("l", ["a", " "], "l[1] is empty"),
        ("l", ["a,b"], "l[0] is 'a,b', which holds a comma; write each item by itself"),
        ("d", "a=b", "d is 'a=b', where a mapping is wanted"),
        ("d", {"a": "b", "c": [1]}, "and c holds a list or a mapping"),
        ("s", None, "s is empty (null), which switches nothing off; give it a value, or leave it out"),
        ("e", None, '; "" stands for none'),
        ("n", None, "; [] stands for none"),
    ],
)
def test_what_has_another_type_is_told(name, value, words):
    assert words in type_problems({name: value}, OPTIONS)[name]


def test_a_required_variable_that_is_null_is_not_to_be_left_out():
    found = type_problems({"s": None}, {"s": {"type": "str", "required": True}})["s"]
    assert found.endswith("give it a value")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("i", 0),
        ("i", "-3"),
        ("f", 0.5),
        ("f", 2),
        ("f", "0.01"),
        ("b", False),
        ("b", "off"),
        ("b", 1),
        ("s", ""),
        ("l", []),
        ("l", ("a",)),
        ("d", {"a": 1}),
        ("unknown", None),
    ],
)
def test_what_has_its_type_or_is_unknown_is_let_through(name, value):
    assert type_problems({name: value}, OPTIONS) == {}
