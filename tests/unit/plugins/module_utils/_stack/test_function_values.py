# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is refused only once parameters are known is refused with its place too."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.template import evaluate

REFUSED = [
    ({"Fn::Select": [{"Ref": "P"}, ["a", "b"]]}, "-1", "item -1"),
    ({"Fn::Select": [{"Ref": "P"}, ["a", "b"]]}, "x", "item x"),
    ({"Fn::Select": [2, {"Fn::Split": [",", {"Ref": "P"}]}]}, "a,b", "of a list of 2"),
    ({"Fn::Select": [0, {"Ref": "P"}]}, "abc", "wants a list, and gets 'abc'"),
    ({"Fn::Cidr": ["10.0.0.0/16", {"Ref": "P"}, 4]}, "257", "1 to 256 ranges"),
    ({"Fn::Cidr": ["10.0.0.0/16", {"Ref": "P"}, 4]}, "0", "1 to 256 ranges"),
    ({"Fn::Cidr": ["10.0.0.0/16", 1, {"Ref": "P"}]}, "17", "ranges of 17 host bits"),
    ({"Fn::Cidr": ["10.0.0.0/16", 1, {"Ref": "P"}]}, "0", "ranges of 0 host bits"),
    ({"Fn::Cidr": [{"Ref": "P"}, 5, 6]}, "10.0.0.0/24", "4 fit"),
    ({"Fn::Cidr": [{"Ref": "P"}, 1, 4]}, "10.0.0.1/24", "10.0.0.1/24"),
    ({"Fn::Cidr": [{"Ref": "P"}, 1, 4]}, "10.0.0.0/33", "10.0.0.0/33"),
    ({"Fn::FindInMap": [{"Ref": "P"}, "k", "v"]}, "N", "looks up 'N' in Mappings"),
    ({"Fn::FindInMap": ["M", {"Ref": "P"}, "v"]}, "z", "looks up 'z' in the mapping M"),
    ({"Fn::FindInMap": ["M", "k", {"Ref": "P"}]}, "z", "looks up 'z' in the mapping M at k"),
    ({"Ref": "Left"}, "x", "its condition C leaves it out"),
    ({"Fn::GetAtt": "Left.Id"}, "x", "its condition C leaves it out"),
    ({"Fn::Sub": "${Left}"}, "x", "its condition C leaves it out"),
]


def value_of(value, given):
    template = {
        "Parameters": {"P": {"Type": "String"}},
        "Mappings": {"M": {"k": {"v": "x", 1: "y"}}},
        "Conditions": {"C": {"Fn::Equals": ["a", "b"]}},
        "Resources": {
            "R": {"Type": "T", "Properties": {"A": [{"B": value}]}},
            "Left": {"Type": "T", "Condition": "C"},
        },
    }
    return evaluate(template, {"P": given}, {}).resources["R"]["Properties"]["A"][0]["B"]


@pytest.mark.parametrize(("value", "given", "words"), REFUSED, ids=str)
def test_a_value_that_does_not_fit_is_refused_with_its_place(value, given, words):
    with pytest.raises(RequestError, match=r"at Resources\.R\.Properties\.A\[0\]\.B\.") as raised:
        value_of(value, given)
    assert words in raised.value.message


@pytest.mark.parametrize(
    ("value", "given", "expected"),
    [
        ({"Fn::Select": [{"Ref": "P"}, ["a", "b"]]}, "1", "b"),
        ({"Fn::Cidr": [{"Ref": "P"}, 4, 6]}, "10.0.0.0/24", [f"10.0.0.{64 * number}/26" for number in range(4)]),
        ({"Fn::FindInMap": ["M", {"Ref": "P"}, "v"]}, "k", "x"),
        ({"Fn::FindInMap": ["M", "k", {"Ref": "P"}]}, "1", "y"),
        ({"Fn::GetAtt": ["R", {"Ref": "P"}]}, "Id", "${R.Id}"),
        ({"Fn::If": ["C", {"Ref": "Left"}, {"Ref": "P"}]}, "x", "x"),
    ],
)
def test_a_value_that_fits_is_given(value, given, expected):
    assert value_of(value, given) == expected
