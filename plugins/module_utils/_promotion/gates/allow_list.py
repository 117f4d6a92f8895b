# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vulnerabilities that are let through: each with a reason and for a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from .model import NAMED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..._ecr.values import Finding
    from .model import Options

#: The options of an entry, as an argument spec.
ENTRY_OPTIONS = {
    "vulnerability": {"type": "str", "required": True},
    "package": {"type": "str"},
    "reason": {"type": "str", "required": True},
    "expires": {"type": "str", "required": True},
}


@dataclass(frozen=True, slots=True)
class AllowedFinding:
    """A vulnerability that is let through: why, and through which day (UTC). An expired entry lets nothing through."""

    vulnerability: str
    reason: str
    expires: date
    package: str = ""

    def __str__(self) -> str:
        return f"{self.vulnerability[:60]}{f' in {self.package[:80]}' if self.package else ''}"

    def touches(self, finding: Finding) -> bool:
        """Whether the entry is about *finding*, in one of its packages at least."""
        return self.vulnerability == finding.vulnerability and self.package in ("", *_packages(finding))


def entry_problems(place: str, entry: Options) -> Iterator[str]:
    """What is wrong with an entry's options; *place* is what to call it."""
    if not entry["vulnerability"].strip():
        yield f"{place} names no vulnerability"
    if not entry["reason"].strip():
        yield f"{place} gives no reason; say why {entry['vulnerability']} may pass"
    if entry["package"] is not None and not entry["package"].strip():
        yield f"{place} has an empty package; name one, or leave package out to allow it in every package"
    try:
        date.fromisoformat(entry["expires"])
    except ValueError:
        yield f"{place} expires {entry['expires']!r}, which is no date; write YYYY-MM-DD"


def read_entry(entry: Options) -> AllowedFinding:
    """The entry that options without problems stand for."""
    expires = date.fromisoformat(entry["expires"])
    return AllowedFinding(entry["vulnerability"].strip(), entry["reason"], expires, entry["package"] or "")


def active_entries(entries: Iterable[AllowedFinding], today: date) -> tuple[AllowedFinding, ...]:
    """Those that let something through *today* (UTC)."""
    return tuple(entry for entry in entries if entry.reason.strip() and entry.expires >= today)


def is_allowed(finding: Finding, entries: tuple[AllowedFinding, ...]) -> bool:
    """Whether *entries* let the finding through. A finding in several packages is allowed when each of them is."""
    return all(
        any(entry.vulnerability == finding.vulnerability != "" and entry.package in ("", package) for entry in entries)
        for package in _packages(finding)
    )


def _packages(finding: Finding) -> tuple[str, ...]:
    """The packages of a finding; ECR's enhanced findings name several, which stand here with ``, `` between them."""
    return tuple(finding.package.split(", "))


def entries_to_mention(entries: tuple[AllowedFinding, ...], findings: list[Finding], today: date) -> list[str]:
    """What to say of entries that let nothing through."""
    expired = [entry for entry in entries if entry.expires < today]
    silent = [entry for entry in entries if not entry.reason.strip()]
    idle = [
        entry for entry in active_entries(entries, today) if not any(entry.touches(finding) for finding in findings)
    ]
    groups = (
        ("expired and not applied", [f"{entry} (through {entry.expires})" for entry in expired]),
        ("without a reason and not applied", list(map(str, silent))),
        ("that match nothing", list(map(str, idle))),
    )
    return [f"allow-list entries {what}: {enumerate_names(names)}" for what, names in groups if names]


def enumerate_names(names: Iterable[str]) -> str:
    """The first of *names*, and how many more there are."""
    every = list(names)
    more = len(every) - NAMED
    return ", ".join(every[:NAMED]) + (f" and {more} more" if more > 0 else "")
