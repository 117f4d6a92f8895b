# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the inputs of a component have to be together, which neither types nor the template's parameters can say."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

#: Instance classes that do not have Performance Insights, by their beginning.
#: Amazon RDS User Guide, "Amazon RDS DB engine, Region, and instance class support for Performance Insights".
_NO_INSIGHTS = ("db.t2.", "db.t3.micro", "db.t3.small", "db.t4g.micro", "db.t4g.small")
_RESERVED_USERS = {"admin", "postgres", "rdsadmin", "rds_superuser", "user"}
_RESERVED_DATABASES = {"postgres", "rdsadmin", "template0", "template1"}


def cross_check(component: str, inputs: Mapping[str, Any]) -> list[str]:
    """What is wrong, each in the words of the inventory. *inputs* are variables by name, with those of fastbreak."""
    return list(_CHECKS[component](inputs)) if component in _CHECKS else []


def _network(inputs: Mapping[str, Any]) -> Iterator[str]:
    yield from _range(inputs, "network_vpc_cidr", 16, 20)
    for name in ("network_ingress_cidr", "network_test_ingress_cidr"):
        yield from _range(inputs, name, 0, 32)
    yield from _zones(inputs)
    yield from _ports(inputs, "network_test_listener_port", taken={80, 443})
    container, database = _int(inputs.get("network_container_port")), _int(inputs.get("network_database_port"))
    if container is not None and container == database:
        yield f"network_container_port and network_database_port are both {container}; they have to differ"


def _zones(inputs: Mapping[str, Any]) -> Iterator[str]:
    region, zones = inputs.get("fastbreak_region"), inputs.get("network_availability_zones")
    if not isinstance(zones, list | tuple):
        return
    if len(zones) not in {2, 3}:
        yield f"network_availability_zones names {len(zones)} zones; name two or three"
    if len(set(map(str, zones))) != len(zones):
        yield f"network_availability_zones names a zone twice: {', '.join(map(str, zones))}"
    foreign = [str(zone) for zone in zones if str(zone)[:-1] != region or not str(zone)[-1:].isalpha()]
    if foreign:
        yield f"network_availability_zones names {', '.join(foreign)}, which is not in fastbreak_region {region}"


def _rds(inputs: Mapping[str, Any]) -> Iterator[str]:
    least, most = _int(inputs.get("rds_allocated_storage_gib")), _int(inputs.get("rds_max_allocated_storage_gib"))
    if least is not None and most is not None and most * 10 < least * 11:
        yield (
            f"rds_max_allocated_storage_gib is {most}, and rds_allocated_storage_gib {least}; the maximum has to be a "
            f"tenth above, {-(-least * 11 // 10)} at least"
        )
    size = str(inputs.get("rds_instance_class"))
    if _true(inputs.get("rds_performance_insights")) and size.startswith(_NO_INSIGHTS):
        yield f"rds_performance_insights is on, and {size} (rds_instance_class) does not have Performance Insights"
    if str(inputs.get("rds_master_username")).lower() in _RESERVED_USERS:
        yield f"rds_master_username is {inputs['rds_master_username']}, a name that PostgreSQL or RDS keeps for itself"
    if str(inputs.get("rds_database_name")).lower() in _RESERVED_DATABASES:
        yield f"rds_database_name is {inputs['rds_database_name']}, a database that PostgreSQL or RDS makes itself"


def _ecs(inputs: Mapping[str, Any]) -> Iterator[str]:
    timeout = _int(inputs.get("ecs_health_check_timeout_seconds"))
    interval = _int(inputs.get("ecs_health_check_interval_seconds"))
    if timeout is not None and interval is not None and timeout >= interval:
        yield (
            f"ecs_health_check_timeout_seconds is {timeout}, and ecs_health_check_interval_seconds {interval}; the "
            "timeout has to be below the interval"
        )
    yield from _ports(inputs, "ecs_test_listener_port", taken={80, 443})
    arn, domain = str(inputs.get("ecs_certificate_arn") or ""), inputs.get("ecs_domain_name")
    parts = [*arn.split(":"), "", "", "", "", ""]
    for place, name in ((3, "fastbreak_region"), (4, "fastbreak_account_id")):
        if arn and inputs.get(name) and parts[place] != str(inputs[name]):
            yield (
                f"ecs_certificate_arn is of {parts[place] or 'nowhere'}, and a load balancer takes certificates of its "
                f"own {name.removeprefix('fastbreak_').replace('_', ' ')} only, {inputs[name]} ({name})"
            )
    if domain and not arn:
        yield "ecs_domain_name is given without ecs_certificate_arn; give the certificate that holds that name"


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
    except (TypeError, ValueError):
        return None


def _true(value: Any) -> bool:
    return str(value).lower() in {"true", "yes", "on", "1"}


_CHECKS: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {"network": _network, "rds": _rds, "ecs": _ecs}
