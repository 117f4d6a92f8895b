# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How values are shown."""

from __future__ import annotations

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.disclosure.fingerprint import Disclosure
from hypothesis import given
from hypothesis import strategies as st

texts, keys = st.text(), st.binary(min_size=32, max_size=32)


@given(texts, texts, keys, keys)
def test_fingerprint_tells_same_from_different_within_a_run_alone(
    left: str, right: str, key: bytes, other: bytes
) -> None:
    shown = Disclosure(key)
    assert (shown.of(left) == shown.of(right)) == (left == right)
    assert (shown.of(left) == Disclosure(other).of(left)) == (key == other)


def test_value_and_command_are_shown_when_asked_for() -> None:
    hidden, shown = Disclosure(b"k"), Disclosure(b"k", show_values=True)
    assert (shown.of("a"), shown.command(("migrate", "-p", "x"))) == ("a", "'migrate -p x'")
    assert hidden.command(("migrate", "-p", "x")) == "(command hidden)"
    assert "key" not in repr(hidden)
