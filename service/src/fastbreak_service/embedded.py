# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Log lines that CloudWatch makes metrics of: its embedded metric format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def embedded(namespace: str, values: Mapping[str, float], seconds: float, units: Mapping[str, str]) -> dict[str, Any]:
    """The members of such a line; `seconds` is the time since 1970, and what has no unit is a count."""
    told = [{"Name": name, "Unit": units.get(name, "Count")} for name in values]
    directive = {"Namespace": namespace, "Dimensions": [[]], "Metrics": told}
    return {"_aws": {"Timestamp": round(seconds * 1000), "CloudWatchMetrics": [directive]}, **values}
