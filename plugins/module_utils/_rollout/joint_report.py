# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain data of a release of several services: the leading service's own, and the others' beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .report import as_data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .report import RolloutResult


def joint_data(results: Mapping[str, RolloutResult], lead: str) -> dict[str, Any]:
    """*results* by service as a module returns them; *lead* is the service whose result it is above all."""
    warnings = [warning for result in results.values() for warning in result.warnings]
    data = joined({service: as_data(result) for service, result in results.items()}, lead)
    return {**data, **({"warnings": list(dict.fromkeys(warnings))} if warnings else {})}


def joined(data: Mapping[str, Mapping[str, Any]], lead: str) -> dict[str, Any]:
    """The *data* of each service, as that of *lead* with the others' in ``companions``."""
    others = {service: dict(found) for service, found in data.items() if service != lead}
    if not others:
        return dict(data[lead])
    return {
        **data[lead],
        "changed": any(found["changed"] for found in data.values()),
        "diff": _diff(data, lead),
        "companions": others,
    }


def _diff(data: Mapping[str, Mapping[str, Any]], lead: str) -> dict[str, Any]:
    """One difference, in which each other service stands under its name."""
    sides: dict[str, Any] = {}
    for side in ("before", "after"):
        others = {
            service: found["diff"].get(side) for service, found in data.items() if service != lead and found["diff"]
        }
        sides[side] = {**data[lead]["diff"].get(side, {}), **({"companions": others} if others else {})}
    return sides if any(sides.values()) else {}
