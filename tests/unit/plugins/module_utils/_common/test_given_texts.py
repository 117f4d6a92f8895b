# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts among the options that say two things, or that are no text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.common.validation import check_type_dict
from ansible_collections.fastbreak.aws.plugins.module_utils._common.given import given_options
from ansible_collections.fastbreak.aws.plugins.module_utils._common.given_texts import (
    repeated_key,
    repeated_problems,
    unicode_problems,
)
from hypothesis import given
from hypothesis import strategies as st

SPEC: dict[str, Any] = {"name": {"type": "str"}, "limits": {"type": "dict"}, "file": {"type": "path"}}
NAMES = st.text("abc", min_size=1, max_size=2)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"a": 1, "a": 2}', "a"),
        ('{"a": [{"b": 1, "b": 2}]}', "b"),
        ("{'a': 1, 'b': {'c': 1, 'c': 2}}", "c"),
        ("a=1 a=2", "a"),
        ("a=1, b=2, a=3", "a"),
        ('{"a": 1, "b": {"a": 2}}', ""),
        ("a=1 b='a=2'", ""),
        ('a="x a=1 a=2"', ""),
        ("", ""),
        ("nonsense", ""),
        ("{", ""),
        ("{" * 100_000, ""),
        ('{"a":' * 100_000, ""),
        ("{\0}", ""),
    ],
    ids=range(14),
)
def test_a_key_that_is_given_twice_is_found_at_any_depth(text: str, key: str) -> None:
    assert repeated_key(text) == key


@given(st.lists(st.tuples(NAMES, st.integers(0, 9)), min_size=1))
def test_no_pair_of_a_text_is_lost_unseen(pairs: list[tuple[str, int]]) -> None:
    lossless = len(dict(pairs)) == len(pairs)
    for text in (
        "{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in pairs) + "}",
        ", ".join(f"{key}={value}" for key, value in pairs),
    ):
        assert check_type_dict(text).keys() == dict(pairs).keys()
        assert (repeated_key(text) == "") is lossless


def test_problems_name_the_option_and_no_value() -> None:
    (repeated,) = repeated_problems(given_options(SPEC, {"name": "a=1 a=2", "limits": "a=1 a=secret"}))
    assert repeated == "limits gives 'a' twice, so that it is not known which is meant; write it once"
    (coded,) = unicode_problems(given_options(SPEC, {"name": "secret\udcff", "file": "/tmp/\udcff"}))  # noqa: S108
    assert coded == "name holds bytes that are no UTF-8; write it in UTF-8"


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"name": "a\0"}, "name"),
        ({"file": "\0"}, "file"),
        ({"limits": {"a": ["b", {"c": "\0"}]}}, "limits"),
        ({"limits": {"\0": 1}}, "limits"),
        ({"words": ["a", "\0"]}, "words[1]"),
        ({"rules": [{"name": "a"}, {"name": "\0"}]}, "rules[1].name"),
    ],
)
def test_a_nul_is_refused_where_it_stands(options: dict[str, Any], place: str) -> None:
    rules = {"type": "list", "elements": "dict", "options": {"name": {}}}
    spec = {**SPEC, "words": {"type": "list", "elements": "str"}, "rules": rules}
    assert list(unicode_problems(given_options(spec, options))) == [f"{place} holds a NUL character; take it out"]
