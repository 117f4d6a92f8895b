# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stack costs a month while nobody uses it, by the prices in ``prices``.

What is charged by use alone (requests, bytes, log lines) costs nothing here: an idle environment costs what stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .prices import HOURLY, HOURS_A_MONTH, MONTHLY, RDS_HOURLY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .template import Model


@dataclass(frozen=True)
class Charge:
    """What a resource costs. ``usd`` a month; None: no price is known. ``at_least``: its quantity is not known yet."""

    resource: str
    type: str
    usd: float | None
    at_least: bool = False


def as_data(found: Iterable[Charge], former: Iterable[Charge] = ()) -> dict[str, Any]:
    """Charges as plain data: ``usd`` a month in all, ``at_least``, ``unpriced`` resources, and each charge.

    ``usd_before`` is what the *former* ones come to.
    """
    listed = list(found)
    return {
        "usd": total(listed),
        "usd_before": total(former),
        "at_least": any(charge.at_least for charge in listed),
        "unpriced": [charge.resource for charge in listed if charge.usd is None],
        "charges": [
            {
                "resource": charge.resource,
                "type": charge.type,
                "usd": None if charge.usd is None else round(charge.usd, 2),
            }
            for charge in listed
        ],
    }


@dataclass(frozen=True)
class _Count:
    number: int
    at_least: bool = False


def charges(model: Model) -> list[Charge]:
    """What each resource that is certain costs while nobody uses it, the dearest first; not those that cost nothing."""
    found = [
        Charge(name, str(body["Type"]), *_RULES[str(body["Type"])](body.get("Properties") or {}))
        for name, body in model.resources.items()
        if str(body["Type"]) in _RULES and name not in model.uncertain
    ]
    return sorted(found, key=lambda charge: (-(charge.usd or 0.0), charge.resource))


def total(found: Iterable[Charge]) -> float:
    """USD a month of all whose price is known."""
    return round(sum(charge.usd or 0.0 for charge in found), 2)


def _hours(price: str) -> float:
    return HOURLY[price] * HOURS_A_MONTH


def _count(value: Any) -> _Count:
    """How many a list has; at least one where another component says it only after it is applied."""
    return _Count(len(value)) if isinstance(value, list) else _Count(1, at_least=True)


def _endpoint(properties: Mapping[str, Any]) -> tuple[float, bool]:
    if properties.get("VpcEndpointType") != "Interface":
        return 0.0, False
    zones = _count(properties.get("SubnetIds"))
    return zones.number * _hours("vpc_endpoint_zone"), zones.at_least


def _load_balancer(properties: Mapping[str, Any]) -> tuple[float, bool]:
    if properties.get("Scheme") == "internal":
        return _hours("alb"), False
    zones = _count(properties.get("Subnets"))
    return _hours("alb") + zones.number * _hours("public_ipv4"), zones.at_least


def _database(properties: Mapping[str, Any]) -> tuple[float | None, bool]:
    hourly = RDS_HOURLY.get(str(properties.get("DBInstanceClass")))
    if hourly is None:
        return None, False
    zones = 2 if _is_true(properties.get("MultiAZ")) else 1
    storage = _number(properties.get("AllocatedStorage")) * MONTHLY["rds_gp3_gib"]
    secret = MONTHLY["secret"] if _is_true(properties.get("ManageMasterUserPassword")) else 0.0
    return zones * (hourly * HOURS_A_MONTH + storage) + secret, False


def _web_acl(properties: Mapping[str, Any]) -> tuple[float, bool]:
    rules = properties.get("Rules")
    return MONTHLY["web_acl"] + MONTHLY["web_acl_rule"] * (len(rules) if isinstance(rules, list) else 0), False


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0


def _always(usd: float) -> Callable[[Mapping[str, Any]], tuple[float, bool]]:
    return lambda _properties: (usd, False)


_RULES: Mapping[str, Callable[[Mapping[str, Any]], tuple[float | None, bool]]] = {
    "AWS::CloudWatch::Alarm": _always(MONTHLY["alarm"]),
    "AWS::CloudWatch::CompositeAlarm": _always(MONTHLY["composite_alarm"]),
    "AWS::CloudWatch::Dashboard": _always(MONTHLY["dashboard"]),
    "AWS::EC2::EIP": _always(_hours("public_ipv4")),
    "AWS::EC2::NatGateway": _always(_hours("nat_gateway")),
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _load_balancer,
    "AWS::KMS::Key": _always(MONTHLY["kms_key"]),
    "AWS::RDS::DBInstance": _database,
    "AWS::Route53::HostedZone": _always(MONTHLY["hosted_zone"]),
    "AWS::SecretsManager::Secret": _always(MONTHLY["secret"]),
    "AWS::WAFv2::WebACL": _web_acl,
}
"""For each type that costs while it is idle: its properties to USD a month, and whether that is only the least."""
