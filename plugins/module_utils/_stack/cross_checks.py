# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inputs of a component have to be together, which neither types nor the template's parameters can say."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import TYPE_CHECKING, Any

from .._common.amount import amount
from .agreements import appsync, backup, cloudfront, cloudwatch, codepipeline, edge, iam, is_off
from .instance_classes import class_problem
from .postgresql_names import database_problem, user_problem
from .shared_inputs import shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

#: Instance classes that do not have Performance Insights, by their beginning.
#: Amazon RDS User Guide, "Amazon RDS DB engine, Region, and instance class support for Performance Insights".
_NO_INSIGHTS = ("db.t2.", "db.t3.micro", "db.t3.small", "db.t4g.micro", "db.t4g.small")
#: Ranges that no network can have. Amazon VPC User Guide, "VPC CIDR blocks"; RFC 6890.
_UNUSABLE = {
    "0.0.0.0/8": "this very network",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link-local",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
#: Variables of a component that have to be the same as those of the network that lets their traffic through.
_SHARED_PORTS = {
    "rds_database_port": "network_database_port",
    "ecs_container_port": "network_container_port",
    "ecs_test_listener_port": "network_test_listener_port",
}
_DAY_SECONDS = 86_400
_CERTIFICATE = re.compile(r"arn:(aws[a-z-]*):acm:([a-z0-9-]+):(\d{12}):certificate/[A-Za-z0-9-]+")
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def cross_check(component: str, inputs: Mapping[str, Any]) -> list[str]:
    """What is wrong, each in the words of the inventory. *inputs* are variables by name, with those of fastbreak."""
    own = _CHECKS[component](inputs) if component in _CHECKS else ()
    return [*own, *shared(component, inputs)]


def _network(inputs: Mapping[str, Any]) -> Iterator[str]:
    yield from _range(inputs, "network_vpc_cidr", 16, 20)
    yield from _usable(inputs)
    for name in ("network_ingress_cidr", "network_test_ingress_cidr"):
        yield from _range(inputs, name, 0, 32)
    yield from _zones(inputs)
    yield from _ports(inputs, "network_test_listener_port", taken={80, 443})
    container, database = _int(inputs.get("network_container_port")), _int(inputs.get("network_database_port"))
    if container is not None and container == database:
        yield f"network_container_port and network_database_port are both {container}; they have to differ"
    yield from _same_ports(inputs, "")


def _zones(inputs: Mapping[str, Any]) -> Iterator[str]:
    region, zones = inputs.get("fastbreak_region"), inputs.get("network_availability_zones")
    if not isinstance(zones, list | tuple):
        return
    if len(zones) not in {2, 3}:
        yield f"network_availability_zones names {amount(len(zones), 'zone')}; name two or three"
    if len(set(map(str, zones))) != len(zones):
        yield f"network_availability_zones names a zone twice: {', '.join(map(str, zones))}"
    foreign = [str(zone) for zone in zones if str(zone)[:-1] != region or str(zone)[-1:] not in "abcdef"]
    if foreign:
        yield (
            f"network_availability_zones names {', '.join(foreign)}, which is not in fastbreak_region {region}; its "
            f"zones are called {region}a to {region}f at most"
        )


def _rds(inputs: Mapping[str, Any]) -> Iterator[str]:
    least, most = _int(inputs.get("rds_allocated_storage_gib")), _int(inputs.get("rds_max_allocated_storage_gib"))
    if least is not None and most is not None and most * 10 < least * 11:
        yield (
            f"rds_max_allocated_storage_gib is {most}, and rds_allocated_storage_gib {least}; the maximum has to be a "
            f"tenth above, {-(-least * 11 // 10)} at least"
        )
    size = str(inputs.get("rds_instance_class"))
    if "rds_instance_class" in inputs and (problem := class_problem("rds_instance_class", size)):
        yield problem
    if (timeout := _int(inputs.get("rds_timeout_seconds"))) is not None and not 0 < timeout <= _DAY_SECONDS:
        yield f"rds_timeout_seconds is {timeout}; it has to be above zero, and {_DAY_SECONDS} at most"
    yield from _same_ports(inputs, "rds_")
    if _true(inputs.get("rds_performance_insights")) and size.startswith(_NO_INSIGHTS):
        yield f"rds_performance_insights is on, and {size} (rds_instance_class) does not have Performance Insights"
    yield from filter(
        None,
        (
            user_problem("rds_master_username", str(inputs.get("rds_master_username", ""))),
            database_problem("rds_database_name", str(inputs.get("rds_database_name", ""))),
        ),
    )


def _ecs(inputs: Mapping[str, Any]) -> Iterator[str]:
    timeout = _int(inputs.get("ecs_health_check_timeout_seconds"))
    interval = _int(inputs.get("ecs_health_check_interval_seconds"))
    if timeout is not None and interval is not None and timeout >= interval:
        yield (
            f"ecs_health_check_timeout_seconds is {timeout}, and ecs_health_check_interval_seconds {interval}; the "
            "timeout has to be below the interval"
        )
    yield from _ports(inputs, "ecs_test_listener_port", taken={80, 443})
    yield from _same_ports(inputs, "ecs_")
    arn, domain = str(inputs.get("ecs_certificate_arn") or ""), str(inputs.get("ecs_domain_name") or "")
    if arn:
        yield from _certificate(inputs, arn)
    elif _required(inputs, "ecs_certificate_required"):
        yield (
            "ecs_certificate_arn is empty, and ecs_certificate_required is on, since footage travels unencrypted "
            "without a certificate; give the ARN of one, or set ecs_certificate_required to false where none is sent"
        )
    if domain and not arn:
        yield "ecs_domain_name is given without ecs_certificate_arn; give the certificate that holds that name"
    if _true(inputs.get("ecs_internal")):
        yield from _internal(inputs, arn)
    if "*" in domain:
        yield f"ecs_domain_name is {domain}, which is no address; give the name that clients use, like a.example.org"


def _internal(inputs: Mapping[str, Any], arn: str) -> Iterator[str]:
    """CloudFront has to reach a load balancer that the internet does not."""
    if not arn:
        yield (
            "ecs_internal is on without ecs_certificate_arn, and CloudFront reaches an internal load balancer by HTTPS "
            "alone; give a certificate, or set ecs_internal to false"
        )
    if inputs.get("network_cloudfront_prefix_list_id") == "":
        yield (
            "ecs_internal is on and network_cloudfront_prefix_list_id is empty, so that the network would not let "
            "CloudFront in; give the region's prefix list com.amazonaws.global.cloudfront.origin-facing "
            "(aws ec2 describe-managed-prefix-lists), or set ecs_internal to false"
        )


def _certificate(inputs: Mapping[str, Any], arn: str) -> Iterator[str]:
    found = _CERTIFICATE.fullmatch(arn)
    if not found:
        yield (
            f"ecs_certificate_arn is {arn!r}, which is no certificate of ACM; its ARN is like "
            "arn:aws:acm:us-east-1:111111111111:certificate/12345678-1234-1234-1234-123456789012"
        )
        return
    region, account = str(inputs.get("fastbreak_region") or ""), str(inputs.get("fastbreak_account_id") or "")
    partition = next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")
    wanted = (
        ("partition", partition if region else "", "fastbreak_region"),
        ("region", region, "fastbreak_region"),
        ("account id", account, "fastbreak_account_id"),
    )
    for seen, (what, value, name) in zip(found.groups(), wanted, strict=True):
        if value and seen != value:
            yield (
                f"ecs_certificate_arn is of {seen}, and a load balancer takes certificates of its own {what} only, "
                f"{value} ({name})"
            )


def _ecr(inputs: Mapping[str, Any]) -> Iterator[str]:
    accounts = inputs.get("ecr_pull_account_ids")
    listed = [str(account) for account in accounts] if isinstance(accounts, list | tuple) else []
    twice = sorted({account for account in listed if listed.count(account) > 1})
    if twice:
        yield f"ecr_pull_account_ids names {', '.join(twice)} twice"


def _same_ports(inputs: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for own, other in _SHARED_PORTS.items():
        here, there = _int(inputs.get(own)), _int(inputs.get(other))
        if own.startswith(prefix) and None not in (here, there) and here != there:
            yield f"{own} is {here}, and {other} {there}; the network lets nothing through to another port"


def _usable(inputs: Mapping[str, Any]) -> Iterator[str]:
    try:
        network = IPv4Network(str(inputs.get("network_vpc_cidr")))
    except ValueError:
        return  # `_range` has said so
    for block, what in _UNUSABLE.items():
        if network.overlaps(IPv4Network(block)):
            yield f"network_vpc_cidr is {network}, which lies in {block} ({what}); take a range like 10.0.0.0/16"


def _range(inputs: Mapping[str, Any], name: str, shortest: int, longest: int) -> Iterator[str]:
    text = str(inputs.get(name))
    if name not in inputs:
        return
    try:
        network = IPv4Network(text)
    except (AddressValueError, NetmaskValueError, ValueError) as reason:
        yield f"{name} is {text!r}, which is no range of IPv4 addresses ({reason}); write one like 10.0.0.0/16"
        return
    if "/" not in text or not shortest <= network.prefixlen <= longest:
        yield f"{name} is {text!r}; its length has to be given, from /{shortest} to /{longest}"


def _ports(inputs: Mapping[str, Any], name: str, taken: set[int]) -> Iterator[str]:
    if (port := _int(inputs.get(name))) in taken:
        yield f"{name} is {port}, which the production listener uses"


def _int(value: Any) -> int | None:
    try:
        return int(value)
    except (OverflowError, TypeError, ValueError):
        return None


def _required(inputs: Mapping[str, Any], name: str) -> bool:
    """Whether a protection is on: all but an outspoken no leaves it so."""
    return name in inputs and not is_off(inputs[name])


def _true(value: Any) -> bool:
    return str(value).lower() in {"true", "yes", "on", "1"}


_CHECKS: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "network": _network,
    "appsync": appsync,
    "iam": iam,
    "backup": backup,
    "ecr": _ecr,
    "rds": _rds,
    "ecs": _ecs,
    "cloudfront": cloudfront,
    "cloudwatch": cloudwatch,
    "edge": edge,
    "codepipeline": codepipeline,
}
