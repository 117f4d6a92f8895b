# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tags of a stack may be: CloudFormation hands them on, and the services refuse what it does not."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.tags import MOST_TAGS, tag_problems

SIGNS = "tags may have letters, digits, blanks and _ . : / = + - @"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("Owner", "R&D", f"the tag 'Owner' is 'R&D' and holds '&'; {SIGNS}"),
        ("Owner#1", "x", "holds '#'"),
        ("Owner", "a\nb\tc\n", "holds '\\n' '\\t';"),
        ("Owner", "\U0001f600", SIGNS),
        ("", "x", "a key of 0 characters"),
        ("AWS:x", "", "which AWS keeps for itself"),
    ],
)
def test_what_is_no_tag(key, value, words):
    (problem,) = tag_problems({key: value})
    assert words in problem


@pytest.mark.parametrize("text", ["Zentrale \u00c4 \u4e2d\u6587 \u0663", "a_.:/=+-@b", "no\u00a0break", ""])
def test_what_tags_may_hold(text):
    assert list(tag_problems({f"k{text}": text})) == []


def test_a_tag_more_than_there_may_be():
    tags = {str(number): "" for number in range(MOST_TAGS)}
    assert list(tag_problems(tags)) == []
    assert list(tag_problems(tags | {"more": ""})) == ["there are 51 tags, and 50 are allowed"]
