# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What new or changed resources name that AWS has to have already: zones, certificates, roles and the like.

No schema knows them, for they differ from account to account. What a stack stands on is asked about again only for the
names that clients use: they may have changed without their certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._errors import RefusedError
from .certificates import problem, strangers
from .hosted_zones import named_zones, zone_problem
from .principals import boundaries, missing_boundaries, missing_principals, stack_role_problem, trusted
from .unresolved import Unresolved

if TYPE_CHECKING:
    from .compare import ResourceChange
    from .plan import StackPlan
    from .ports import Ports
    from .template import Model
    from .types import StackRequest

_Read = Callable[[Mapping[str, Any]], Iterator[Any]]
_Problems = Iterator[tuple[str, str]]


def refuse_missing(plan: StackPlan, desired: Model, request: StackRequest, ports: Ports) -> None:
    """Raise `RefusedError` that lists what the resources of the plan name and AWS does not have, or has otherwise.

    *desired* is the stack as the plan makes it. A name is told with the variable that it comes from.
    """
    told = [item for kinds, read, look in _NAMED for item in look(_names(kinds, read, plan), ports)]
    told.extend(_strange_zones(plan, ports))
    if plan.updates_template and request.role_arn:
        told.extend(_unusable_role(request, ports))
    if plan.changed and request.domain_names:
        told.extend(_uncertified(desired, request.domain_names, ports))
    found = [f"{_origin(name, request, plan.parameters)} {words}" for name, words in told]
    if found:
        raise RefusedError(f"Stack {plan.name} was not touched: {'; '.join(found)}.", missing=found)


def _unusable_role(request: StackRequest, ports: Ports) -> _Problems:
    if words := stack_role_problem(request.role_arn, ports.catalogue):
        yield request.role_arn, words


def _names(kinds: Sequence[str], read: _Read, plan: StackPlan) -> list[str]:
    """What the changed resources of some types name and did not name before, each once."""
    values = [name for change in plan.resources if change.resource_type in kinds for name in _new(change, read)]
    return list(dict.fromkeys(name for name in values if _is_known(name)))


def _is_known(name: Any) -> bool:
    return isinstance(name, str) and not isinstance(name, Unresolved)


def _new(change: ResourceChange, read: _Read) -> list[Any]:
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


def _url(properties: Mapping[str, Any]) -> Iterator[Any]:
    yield properties.get("Url")


def _prefix_list(properties: Mapping[str, Any]) -> Iterator[Any]:
    yield properties.get("SourcePrefixListId")


def _vaults(properties: Mapping[str, Any]) -> Iterator[Any]:
    plan = properties.get("BackupPlan")
    for rule in (plan.get("BackupPlanRule") or []) if isinstance(plan, dict) else []:
        for action in rule.get("CopyActions") or [] if isinstance(rule, dict) else []:
            yield action.get("DestinationBackupVaultArn") if isinstance(action, dict) else None


def _certificates(properties: Mapping[str, Any]) -> Iterator[Any]:
    for item in properties.get("Certificates") or []:
        yield item.get("CertificateArn") if isinstance(item, dict) else None


def _missing_zones(names: list[str], ports: Ports) -> _Problems:
    if not names:
        return
    zones, region = ports.catalogue.zones(), ports.stacks.region
    usable = sorted(zone for zone, state in zones.items() if state == "available")
    for name in names:
        if name not in usable:
            seen = f"is {zones[name]}" if name in zones else "is not there"
            yield name, f"{seen}: this account's zones in region {region} are {', '.join(usable) or 'none'}"


def _missing_certificates(names: list[str], ports: Ports) -> _Problems:
    for name in filter(_is_of_acm, names):
        certificate = ports.catalogue.certificate(name)
        if certificate is None:
            region = ports.stacks.region
            yield name, f"is not there: ACM has no such certificate in region {region}; request or import it first"
        elif found := problem(certificate, ports.clock.now()):
            yield name, found


def _strange_prefix_lists(names: list[str], ports: Ports) -> _Problems:
    """Lists of another region, or of another service of AWS: with them nothing would come in that should."""
    for name in names:
        seen = ports.catalogue.prefix_list(name)
        if seen is None:
            yield name, f"is not there: EC2 has no such prefix list in region {ports.stacks.region}; {_FIND_LIST}"
        elif seen.startswith("com.amazonaws.") and not seen.endswith(_OF_CLOUDFRONT):
            yield name, f"is the prefix list {seen}, and not CloudFront's; {_FIND_LIST}"


def _missing_vaults(names: list[str], ports: Ports) -> _Problems:
    """Vaults to copy to: AWS Backup takes any, and each copy fails then. Those of other accounts nobody can see."""
    account = ports.catalogue.account() if names else ""
    for name in names:
        region, owner, vault = _place(name)
        if owner == account and not ports.catalogue.has_backup_vault(vault, region):
            yield name, f"is not there: AWS Backup has no such vault in region {region}; make it first, or take it away"


def _place(arn: str) -> tuple[str, str, str]:
    """Region, account and name that an ARN holds; empty where it holds none."""
    parts = [*arn.split(":"), *[""] * 7]
    return parts[3], parts[4], parts[6]


def _taken_issuers(names: list[str], ports: Ports) -> _Problems:
    """Providers that the account has already, of which it can have only one for a URL: one that a stack left behind."""
    there = ports.catalogue.token_issuers() if names else {}
    for name in names:
        if arn := there.get(name.removeprefix("https://").rstrip("/")):
            instead = "use it as it is (bootstrap_github_provider: false in the role bootstrap), or delete it first"
            yield name, f"has a provider in this account already, {arn}; {instead}"


def _strange_zones(plan: StackPlan, ports: Ports) -> _Problems:
    pairs = named_zones(plan.resources)
    zones = {zone_id: ports.catalogue.hosted_zone(zone_id) for zone_id in dict.fromkeys(zone for zone, _name in pairs)}
    told = {(zone_id, words): None for zone_id, name in pairs if (words := zone_problem(zones[zone_id], name))}
    yield from told


def _uncertified(desired: Model, domain_names: Sequence[str], ports: Ports) -> _Problems:
    """The names that none of the listeners' certificates holds. Of what is not of ACM nobody here knows the names."""
    bodies = [body for body in desired.resources.values() if body.get("Type") in _LISTENERS]
    named = list(dict.fromkeys(arn for body in bodies for arn in _certificates(body.get("Properties") or {})))
    if not named or not all(_is_known(arn) and _is_of_acm(arn) for arn in named):
        return
    found = {arn: certificate for arn in named if (certificate := ports.catalogue.certificate(arn)) is not None}
    held = tuple(name for certificate in found.values() for name in certificate.names)
    for name in strangers(held, domain_names) if found else ():
        yield name, f"is not in the certificate {', '.join(found)}, which holds {', '.join(held) or 'no name'}"


def _is_of_acm(arn: str) -> bool:
    """Certificates of IAM have ARNs too, and ACM does not know them."""
    return ":acm:" in arn


def _origin(name: str, request: StackRequest, parameters: Mapping[str, str]) -> str:
    """The name, and the variable of the inventory that holds it."""
    if name == request.role_arn:
        return f"{name} ({request.sources.get('role_arn', 'role_arn')})"
    keys = [key for key, value in parameters.items() if name in [item.strip() for item in value.split(",")]]
    sources = [request.sources.get(key, f"parameter {key}") for key in keys]
    return f"{name} ({', '.join(sources)})" if sources else name


_OF_CLOUDFRONT = "cloudfront.origin-facing"
_FIND_LIST = (
    f"give the id of com.amazonaws.global.{_OF_CLOUDFRONT} (aws ec2 describe-managed-prefix-lists), which each region "
    "has another one of"
)
_LISTENERS = ("AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerCertificate")
_ROLES = ("AWS::IAM::Role",)
_NAMED: tuple[tuple[Sequence[str], _Read, Callable[[list[str], Ports], _Problems]], ...] = (
    (("AWS::EC2::Subnet",), _zone, _missing_zones),
    (_LISTENERS, _certificates, _missing_certificates),
    (("AWS::EC2::SecurityGroupIngress",), _prefix_list, _strange_prefix_lists),
    ((*_ROLES, "AWS::IAM::User"), boundaries, lambda names, ports: missing_boundaries(names, ports.catalogue)),
    (_ROLES, trusted, lambda names, ports: missing_principals(names, ports.catalogue)),
    (("AWS::Backup::BackupPlan",), _vaults, _missing_vaults),
    (("AWS::IAM::OIDCProvider",), _url, _taken_issuers),
)
