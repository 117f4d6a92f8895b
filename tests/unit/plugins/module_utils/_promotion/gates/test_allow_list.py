# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings that are let through."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import Finding
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.allow_list import (
    AllowedFinding,
    active_entries,
    entries_to_mention,
    entry_problems,
    enumerate_names,
    is_allowed,
    read_entry,
)

TODAY = date(2026, 11, 23)
CVE = Finding("CVE-2026-1", "HIGH", "openssl", "3.0.1")


def allow(vulnerability: str = "CVE-2026-1", **changes: Any) -> AllowedFinding:
    return AllowedFinding(**{"vulnerability": vulnerability, "reason": "not reachable", "expires": TODAY, **changes})


def lets_through(finding: Finding, *entries: AllowedFinding) -> bool:
    return is_allowed(finding, active_entries(entries, TODAY))


@pytest.mark.parametrize(
    ("entry", "allowed", "mentioned"),
    [
        (allow(), True, ""),
        (allow(package="openssl"), True, ""),
        (allow(package="curl"), False, "that match nothing: CVE-2026-1 in curl"),
        (allow("CVE-2026-9"), False, "that match nothing: CVE-2026-9"),
        (allow(expires=TODAY - timedelta(days=1)), False, "expired and not applied: CVE-2026-1 (through 2"),
        (allow(reason=" "), False, "without a reason and not applied: CVE-2026-1"),
        (allow("cve-2026-1"), False, "that match nothing: cve-2026-1"),
    ],
)
def test_an_entry_lets_through_what_it_names(entry: AllowedFinding, allowed: bool, mentioned: str) -> None:
    assert lets_through(CVE, entry) is allowed
    said = entries_to_mention((entry,), [CVE], TODAY)
    assert [mentioned in text for text in said] == [True] * (not allowed)


def test_a_finding_in_several_packages_is_allowed_when_each_of_them_is() -> None:
    finding = Finding("CVE-2026-1", "HIGH", "libssl3, openssl")
    assert not lets_through(finding, allow(package="openssl"))
    assert lets_through(finding, allow(package="openssl"), allow(package="libssl3"))
    assert lets_through(finding, allow())


def test_a_finding_without_a_name_cannot_be_allowed() -> None:
    assert not lets_through(Finding("", "HIGH"), allow(""))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"expires": "soon"}, "expires 'soon', which is no date"),
        ({"expires": "2026-13-01"}, "which is no date"),
        ({"reason": "  "}, "gives no reason; say why CVE-1 may pass"),
        ({"vulnerability": " "}, "names no vulnerability"),
        ({"package": ""}, "has an empty package; name one, or leave package out"),
        ({"package": " "}, "has an empty package"),
    ],
)
def test_an_entry_needs_a_name_a_reason_and_a_date(changes: dict[str, str], told: str) -> None:
    entry = {"vulnerability": "CVE-1", "package": None, "reason": "unused", "expires": "2026-12-31"}
    assert list(entry_problems("allow[0]", entry)) == []
    assert read_entry(entry) == AllowedFinding("CVE-1", "unused", date(2026, 12, 31))
    (problem,) = entry_problems("allow[0]", {**entry, **changes})
    assert problem.startswith("allow[0] ")
    assert told in problem


def test_the_first_ten_names_are_given() -> None:
    assert enumerate_names("abc") == "a, b, c"
    assert enumerate_names("abcdefghijkl") == "a, b, c, d, e, f, g, h, i, j and 2 more"
