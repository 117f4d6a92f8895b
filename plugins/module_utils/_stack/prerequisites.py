# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What new or changed resources name that AWS has to have already: availability zones and certificates.

No schema knows them, for they differ from account to account. What a stack stands on is not asked about again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._errors import RefusedError
from .template import Unresolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .compare import ResourceChange
    from .plan import StackPlan
    from .ports import Catalogue, Ports
    from .types import StackRequest

_ISSUED = "ISSUED"


def refuse_missing(plan: StackPlan, request: StackRequest, ports: Ports) -> None:
    """Raise `RefusedError` that lists what the resources of the plan name and AWS does not have.

    A name is told with the variable that it comes from.
    """
    found = [
        f"{_origin(name, request, plan.parameters)} {problem}"
        for kind, (read, look) in _NAMED.items()
        for name, problem in look(_names(kind, read, plan), ports.catalogue, ports.stacks.region)
    ]
    if found:
        raise RefusedError(f"Stack {plan.name} was not touched: {'; '.join(found)}.", missing=found)


def _names(kind: str, read: Callable[[Mapping[str, Any]], Iterator[Any]], plan: StackPlan) -> list[str]:
    """What the changed resources of a type name and did not name before, each once."""
    values = [name for change in plan.resources if change.resource_type == kind for name in _new(change, read)]
    known = [name for name in values if isinstance(name, str) and not isinstance(name, Unresolved)]
    return list(dict.fromkeys(known))


def _new(change: ResourceChange, read: Callable[[Mapping[str, Any]], Iterator[Any]]) -> list[Any]:
    named = list(read(change.body.get("Properties") or {}))
    if change.action == "add":
        return named
    if change.action == "modify":
        # The later value of a changed property is in the body, wherever in it the change lies.
        texts = [str(item.after) for item in change.properties]
        return [name for name in named if any(str(name) in text for text in texts)]
    return []


def _zone(properties: Mapping[str, Any]) -> Iterator[Any]:
    yield properties.get("AvailabilityZone")


def _certificates(properties: Mapping[str, Any]) -> Iterator[Any]:
    for item in properties.get("Certificates") or []:
        yield item.get("CertificateArn") if isinstance(item, dict) else None


def _missing_zones(names: list[str], catalogue: Catalogue, region: str) -> Iterator[tuple[str, str]]:
    if not names:
        return
    zones = catalogue.zones()
    usable = sorted(zone for zone, state in zones.items() if state == "available")
    for name in names:
        if name not in usable:
            seen = f"is {zones[name]}" if name in zones else "is not there"
            yield name, f"{seen}: this account's zones in region {region} are {', '.join(usable) or 'none'}"


def _missing_certificates(names: list[str], catalogue: Catalogue, region: str) -> Iterator[tuple[str, str]]:
    for name in names:
        # Certificates of IAM have ARNs too, and ACM does not know them.
        state = catalogue.certificate(name) if ":acm:" in name else _ISSUED
        if state is None:
            yield name, f"is not there: ACM has no such certificate in region {region}; request or import it first"
        elif state != _ISSUED:
            yield name, f"is {state}, and a load balancer takes only a certificate that is {_ISSUED}"


def _origin(name: str, request: StackRequest, parameters: Mapping[str, str]) -> str:
    """The name, and the variable of the inventory that holds it."""
    keys = [key for key, value in parameters.items() if name in [item.strip() for item in value.split(",")]]
    sources = [request.sources.get(key, f"parameter {key}") for key in keys]
    return f"{name} ({', '.join(sources)})" if sources else name


_NAMED: dict[
    str,
    tuple[
        Callable[[Mapping[str, Any]], Iterator[Any]],
        Callable[[list[str], Catalogue, str], Iterator[tuple[str, str]]],
    ],
] = {
    "AWS::EC2::Subnet": (_zone, _missing_zones),
    "AWS::ElasticLoadBalancingV2::Listener": (_certificates, _missing_certificates),
}
