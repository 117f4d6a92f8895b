# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The forward action that sends a share of the requests to a new revision: values only."""

from collections.abc import Collection
from typing import Any

_GREATEST = 999
"""The greatest weight that Elastic Load Balancing takes."""


def forward(new: str, other: str | None, percent: float) -> dict[str, Any]:
    """A `forward` action of ELBv2: `percent` of the requests to target group `new`, the rest to the `other`.

    Whole per cents are weights by themselves, tenths are weights out of a thousand.
    """
    if other is None:
        shares = [(new, 100)]
    else:
        parts, whole = (round(percent), 100) if float(percent).is_integer() else (round(10 * percent), 1000)
        shares = [(new, min(_GREATEST, parts)), (other, min(_GREATEST, whole - parts))]
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in shares]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}


def kept(entry: dict[str, Any], taken: Collection[str]) -> dict[str, Any]:
    """A service's load balancer entry for tasks that replace those of the running revision where they serve.

    `taken` are the groups of the running revision: the alternate, if a deployment that shifted traffic ended there.
    """
    alternate = (entry.get("advancedConfiguration") or {}).get("alternateTargetGroupArn")
    return _swapped(entry) if alternate in taken and entry.get("targetGroupArn") not in taken else entry


def resolved(entry: dict[str, Any], taken: Collection[str]) -> dict[str, Any]:
    """A service's load balancer entry for a new revision: the target group that is free first, the other as alternate.

    `taken` are the groups of the running revision; with none, or without an alternate, it is the entry as it is.
    """
    alternate = (entry.get("advancedConfiguration") or {}).get("alternateTargetGroupArn")
    return _swapped(entry) if alternate and entry.get("targetGroupArn") in taken else entry


def _swapped(entry: dict[str, Any]) -> dict[str, Any]:
    advanced = entry["advancedConfiguration"]
    return entry | {
        "targetGroupArn": advanced["alternateTargetGroupArn"],
        "advancedConfiguration": advanced | {"alternateTargetGroupArn": entry["targetGroupArn"]},
    }
