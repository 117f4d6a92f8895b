# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run is called: found again in any sentence, whatever the login of whoever started it."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.lease import holder_in_words
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Lock
from ansible_collections.fastbreak.aws.plugins.module_utils._release.run_name import in_one_word, run_name
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.disclosure.people import without_people
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("login", "machine", "name"),
    [
        ("anna", "laptop.example", "anna@laptop.example:7:ab12"),
        ("Anna Schmidt (ops)", "laptop", "Anna-Schmidt-ops-@laptop:7:ab12"),
        ("anna@corp.example", "a b", "anna-corp.example@a-b:7:ab12"),
        ("", "laptop", "user@laptop:7:ab12"),
    ],
)
def test_run_is_called_by_one_word(login: str, machine: str, name: str) -> None:
    assert run_name(login, machine, 7, "ab12") == name


@given(st.text(min_size=1), st.text(min_size=1).filter(lambda name: not {*name} & {*"@:"}))
def test_nobody_who_holds_a_lock_is_named_to_others(login: str, machine: str) -> None:
    named = run_name(login, machine, 7, "ab12")
    assert in_one_word(named) == named
    before = f"{login}@{machine}:7:ab12"
    for owner in (named, before):
        told = holder_in_words(Lock(owner, "2026-01-01T00:00:00Z"))
        assert without_people(f"refused: {told} is at it") == (
            "refused: another run (since 2026-01-01T00:00:00Z) is at it"
        )
