# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens as HTTP's grammar has them."""

from __future__ import annotations

import string

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.http_token import is_token

# RFC 9110, section 5.6.2.
ALLOWED = {*"!#$%&'*+-.^_`|~", *string.digits, *string.ascii_letters}


def test_the_characters_of_a_token_are_those_of_the_rfc() -> None:
    assert {chr(code) for code in range(256) if is_token(chr(code))} == ALLOWED


@pytest.mark.parametrize(("text", "expected"), [("x-release", True), ("", False), ("x release", False), ("x\n", False)])
def test_all_of_a_token_counts(text: str, expected: bool) -> None:
    assert is_token(text) == expected
