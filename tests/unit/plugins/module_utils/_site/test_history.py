# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is shown, kept, and gone back to, by the records."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._site.history import (
    accepted,
    kept,
    rollback_target,
    since_accepted,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._site.values import SiteRelease

from tests.unit.plugins.module_utils._site.fakes import SITE


def history(*rows: str) -> tuple[SiteRelease, ...]:
    """The newest first: ``a`` is a verified release of version a, ``a!`` an interrupted one, ``a<`` a rollback."""
    return tuple(
        SiteRelease(
            SITE,
            f"S#{len(rows) - number}",
            row[0],
            row[0],
            "rollback" if row.endswith("<") else "publish",
            "then",
            "me",
            outcome=Outcome.IN_PROGRESS if row.endswith("!") else Outcome.SUCCEEDED,
        )
        for number, row in enumerate(rows)
    )


@pytest.mark.parametrize(
    ("rows", "target", "versions", "expected"),
    [
        ((), "a", 2, "a"),
        (("b", "a"), "c", 2, "cb"),
        (("b", "a"), "c", 3, "cba"),
        (("c!", "b", "a"), "d", 2, "dcb"),
        (("b", "x!", "a"), "c", 2, "cbx"),
        (("a<", "b", "a"), "a", 2, "ab"),
        (("b", "b", "a", "z"), "b", 2, "ba"),
    ],
)
def test_kept(rows: tuple[str, ...], target: str, versions: int, expected: str) -> None:
    assert kept(history(*rows), target, versions) == set(expected)


def test_what_may_be_in_caches() -> None:
    assert since_accepted(history("c!", "b", "a")) == {"c", "b"}
    assert since_accepted(()) == set()
    newest = accepted(history("c!", "b", "a"))
    assert newest is not None
    assert newest.version == "b"
    assert accepted(history("c!")) is None


@pytest.mark.parametrize(
    ("rows", "version", "expected"),
    [
        (("b", "a"), "", "a"),
        (("b", "b", "a"), "", "a"),
        (("c!", "b", "a"), "", "b"),
        (("a<", "b", "a"), "", "a"),
        (("a<", "b", "a"), "b", "b"),
        (("b", "a"), "S#1", "a"),
    ],
)
def test_where_a_rollback_goes(rows: tuple[str, ...], version: str, expected: str) -> None:
    assert rollback_target(history(*rows), version, 2, "site").version == expected


@pytest.mark.parametrize(
    ("rows", "version", "said"),
    [((), "", "was ever verified"), (("a",), "", "only one version is kept"), (("c", "b", "a"), "a", "a is not kept")],
)
def test_nowhere_to_go_back_to(rows: tuple[str, ...], version: str, said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        rollback_target(history(*rows), version, 2, "site")
