# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosted zones that names are to be written into. Pure.

ACM waits for days until it can look a name up, and CloudFormation with it: a zone that does not hold the name is told
before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .unresolved import Unresolved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .compare import ResourceChange
    from .types import HostedZone


def named_zones(changes: Iterable[ResourceChange]) -> list[tuple[str, str]]:
    """The zone and the name of each record that is new or changes, and of each name that is proved by a record."""
    touched = (change for change in changes if change.action == "add" or (change.action == "modify" and _moves(change)))
    pairs = (pair for change in touched for pair in _pairs(change.resource_type, change.body.get("Properties") or {}))
    return list(dict.fromkeys(pair for pair in pairs if all(map(_is_known, pair))))


def zone_problem(zone: HostedZone | None, name: str) -> str:
    """Why a name cannot be written into the zone where all can look it up; empty when it can."""
    if zone is None:
        return "is not there: this account has no such hosted zone in Route 53; give the id of the zone of the name"
    if zone.private:
        return f"is a private zone ({zone.name}), whose names ACM and users cannot look up; give a public one"
    wanted, held = (text.rstrip(".").casefold() for text in (name, zone.name))
    if wanted == held or wanted.endswith(f".{held}"):
        return ""
    return f"is the zone of {held}, which {name} is not in; give the zone of the name, or a name of the zone"


def _moves(change: ResourceChange) -> bool:
    """Whether the name or its zone changes, and not only what the record says."""
    paths = [item.path.removeprefix("Properties.") for item in change.properties]
    return any(path in {"HostedZoneId", "Name"} or path.startswith("DomainValidationOptions") for path in paths)


def _pairs(kind: str, properties: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    if kind == "AWS::Route53::RecordSet":
        yield properties.get("HostedZoneId"), properties.get("Name")
    if kind == "AWS::CertificateManager::Certificate":
        for option in properties.get("DomainValidationOptions") or []:
            if isinstance(option, dict):
                yield option.get("HostedZoneId"), option.get("DomainName")


def _is_known(text: Any) -> bool:
    return isinstance(text, str) and not isinstance(text, Unresolved)
