# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Attributes of load balancers and target groups: names, defaults and values, from the ELBv2 API model."""

from collections.abc import Iterable, Mapping

_BOOLEAN = ("true", "false")

LOAD_BALANCER: Mapping[str, str] = {
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "health_check_logs.s3.enabled": "false",
    "health_check_logs.s3.bucket": "",
    "health_check_logs.s3.prefix": "",
    "idle_timeout.timeout_seconds": "60",
    "ipv6.deny_all_igw_traffic": "false",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}

TARGET_GROUP: Mapping[str, str] = {
    "deregistration_delay.timeout_seconds": "300",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "slow_start.duration_seconds": "0",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.enabled": "false",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.type": "lb_cookie",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "routing.http.desync_mitigation_mode": ("monitor", "defensive", "strictest"),
    "routing.http.xff_header_processing.mode": ("append", "preserve", "remove"),
    "load_balancing.algorithm.type": ("round_robin", "least_outstanding_requests", "weighted_random"),
    "load_balancing.algorithm.anomaly_mitigation": ("on", "off"),
    "stickiness.type": ("lb_cookie", "app_cookie"),
}

_RANGES: Mapping[str, tuple[int, int]] = {
    "idle_timeout.timeout_seconds": (1, 4000),
    "client_keep_alive.seconds": (60, 604800),
    "deregistration_delay.timeout_seconds": (0, 3600),
    "stickiness.app_cookie.duration_seconds": (1, 604800),
    "stickiness.lb_cookie.duration_seconds": (1, 604800),
}


def of_load_balancer(stored: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Every attribute of a load balancer: what was set over the defaults."""
    return {**LOAD_BALANCER, **{item["Key"]: str(item["Value"]) for item in stored}}


def of_target_group(stored: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Every attribute of a target group: what was set over the defaults."""
    return {**TARGET_GROUP, **{item["Key"]: str(item["Value"]) for item in stored}}


def problem(kind: str, known: Mapping[str, str], changed: Mapping[str, str]) -> str | None:
    """Why AWS would refuse the change to the attributes of a `kind` ("Load balancer", "Target group"); None if not."""
    for key, value in changed.items():
        if key not in known:
            return f"{kind} attribute key '{key}' is not recognized"
        if not _allowed(key, value, known[key]):
            return f"'{value}' is not a valid value for {kind.lower()} attribute '{key}'"
    return None


def _allowed(key: str, value: str, default: str) -> bool:
    if key in _CHOICES:
        return value in _CHOICES[key]
    if key in _RANGES:
        low, high = _RANGES[key]
        return value.isdigit() and low <= int(value) <= high
    if key == "slow_start.duration_seconds":
        return value.isdigit() and (int(value) == 0 or 30 <= int(value) <= 900)
    return value in _BOOLEAN if default in _BOOLEAN else True
