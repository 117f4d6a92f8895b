# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON that may be hostile: what is refused, and what is shown of it."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.strict_json import MalformedError, quote, read_object
from hypothesis import given
from hypothesis import strategies as st

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not JSON"),
        (b"\xff", "is not JSON in UTF-8"),
        (b"[]", "is no JSON object"),
        (b'{"a": 1, "a": 2}', "gives a key twice"),
        (b'{"a": NaN}', "has the number NaN"),
        (b'{"a": "\\ud800"}', "has a text that is no Unicode"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"a": 1} ' + b" " * 100, "is 109 bytes long, where at most 100 are taken"),
    ],
)
def test_what_two_readers_may_read_differently_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(MalformedError, match=says):
        read_object(content, limit_bytes=100 if len(content) == 109 else 1 << 20)


def test_an_object_is_read() -> None:
    assert read_object(b'{"a": [1, "b"]}', limit_bytes=100) == {"a": [1, "b"]}


@given(value=JSON)
def test_a_quote_is_short_and_printable(value: object) -> None:
    assert len(quote(value)) <= 80
    assert quote(value).isascii()
    assert quote(value).isprintable()
