# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's options as a request. Nothing is asked of the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._errors import RequestError
from ..._release.record import DEPLOY, ROLLBACK
from ..._release.schema import Schema
from ..disclosure.fingerprint import Disclosure
from ..gates.http_address import address_problems, header_problems, read_headers
from ..gates.problems import looked_at
from ..gates.table import read_gate
from ..scaling.options import read_scaling
from ..scaling.problems import scaling_problems
from ..service.conditions import read_conditions
from ..service.requests import aim
from ..service.tags import read_tags
from ..strategies.table import read_deployment
from ..values import (
    CapacityProvider,
    ListenerRule,
    Network,
    ServiceSettings,
    TargetBinding,
)
from .model import Migration, RolloutRequest, Skipping
from .probing import probing_problems, read_probing
from .problems import empty_condition_problems, problems_of
from .unbalanced import balancing_problems, unbalanced_problems
from .variables import variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..gates.model import Gate

    Options = Mapping[str, Any]


def build_request(options: Options, *, owner: str, key: bytes) -> RolloutRequest:
    """The request that *options* stand for. Raises RequestError, saying which option is wrong and why.

    *key* is 32 random bytes, for the fingerprints of values.
    """
    tags, problems = read_tags(options["tags"] or {})
    settings = _settings(options, tags)
    rules = _rules(options, settings)
    migration, unfit = _migration(options, rules)
    request = RolloutRequest(
        cluster=options["cluster"],
        service=options["service"],
        repository=options["repository"] or "",
        version=options["version"] or "",
        document=options["task_definition"] or {},
        settings=settings,
        owner=owner,
        disclosure=Disclosure(key, show_values=options["show_values"]),
        kind=ROLLBACK if options["state"] == "rolled_back" else DEPLOY,
        rules=rules,
        scaling=read_scaling(options["scaling"], cluster=options["cluster"], service=options["service"]),
        desired_count=_desired_count(options),
        gates=_gates(options, rules),
        migration=migration,
        supersede=options["supersede"],
        force_new_deployment=options["force_new_deployment"],
        require_promoted=options["require_promoted"],
        timeout_seconds=options["timeout_seconds"],
        poll_seconds=options["poll_interval_seconds"],
        tags=tags,
        revision=options["revision"] or "",
        keep_revisions=options["keep_revisions"],
        probing=read_probing(options),
        identity=options["identity"],
        **_traffic(options),
    )
    problems = [*problems, *unfit, *_problems(options, request)]
    if options["state"] != "absent" and problems:
        raise RequestError(f"Rolling out {request.service}: " + " ".join(problems), problems=problems)
    return request


def _traffic(options: Options) -> dict[str, Any]:
    """Which requests may go elsewhere, and how they are moved."""
    balancer = options["load_balancer"] or {}
    return {
        "stop_serving": tuple(options["stop_serving"] or ()),
        "take_requests_from": tuple(options["take_requests_from"] or ()),
        "alternate_target_group_arn": balancer.get("alternate_target_group_arn") or "",
        "infrastructure_role_arn": balancer.get("infrastructure_role_arn") or "",
        "test_url": options["test_url"] or "",
        "wait_until": options["wait_until"],
        "judge_only": options["judge_only"],
        "schema": Schema(options["schema_version"] or 0, options["oldest_schema_version"] or 0),
    }


def _problems(options: Options, request: RolloutRequest) -> list[str]:
    return [
        *balancing_problems(options),
        *probing_problems(request),
        *(unbalanced_problems(request) if not options["load_balanced"] else ()),
        *empty_condition_problems(options["listener_rules"] or []),
        *problems_of(request),
        *scaling_problems(options["scaling"]),
    ]


def _settings(options: Options, tags: Mapping[str, str]) -> ServiceSettings:
    network, balancer = options["network"], options["load_balancer"]
    providers = options["capacity_provider_strategy"] or []
    return ServiceSettings(
        launch_type="" if providers else options["launch_type"],
        capacity_providers=frozenset(
            CapacityProvider(provider["capacity_provider"], provider["weight"], provider["base"])
            for provider in providers
        ),
        platform_version=options["platform_version"],
        network=Network(
            frozenset(network["subnets"]), frozenset(network["security_groups"]), network["assign_public_ip"]
        )
        if network
        else None,
        target_bindings=frozenset(
            {TargetBinding(balancer["target_group_arn"], balancer["container_name"], balancer["container_port"])}
        )
        if balancer
        else frozenset(),
        health_check_grace_period_seconds=options["health_check_grace_period_seconds"] if balancer else 0,
        deployment=read_deployment(options["deployment"] or {}),
        enable_execute_command=options["enable_execute_command"],
        propagate_tags=options["propagate_tags"],
        enable_ecs_managed_tags=options["enable_ecs_managed_tags"],
        tags=frozenset(tags.items()),
    )


def _rules(options: Options, settings: ServiceSettings) -> tuple[ListenerRule, ...]:
    target_group_arn = next(iter(sorted(binding.target_group_arn for binding in settings.target_bindings)), "")
    return tuple(
        ListenerRule(
            listener_arn=rule["listener_arn"],
            priority=rule["priority"],
            path_patterns=frozenset(rule["path_patterns"] or ()),
            target_group_arn=target_group_arn,
            host_headers=frozenset(rule["host_headers"] or ()),
            conditions=read_conditions(rule),
            is_test=rule["traffic"] == "test",
        )
        for rule in options["listener_rules"] or []
    )


def _gates(options: Options, rules: tuple[ListenerRule, ...]) -> tuple[Gate[Any], ...]:
    read = (read_gate(gate, options["url"] or "").aimed(rules) for gate in options["gates"] or [])
    paced = (looked_at(gate, options["poll_interval_seconds"]) for gate in read)
    chosen = (gate.in_rollback() if options["state"] == "rolled_back" else gate for gate in paced)
    return tuple(gate for gate in chosen if gate)


def _desired_count(options: Options) -> int:
    if options["desired_count"] is not None:
        return int(options["desired_count"])
    return max(1, int(options["scaling"]["minimum"])) if options["scaling"] else 1


def _migration(options: Options, rules: tuple[ListenerRule, ...]) -> tuple[Migration | None, list[str]]:
    migration = options["migration"]
    if not migration:
        return None, []
    environment, problems = variables("migration.environment", migration["environment"] or {})
    made = Migration(
        container=migration["container"],
        command=tuple(migration["command"]),
        timeout_seconds=migration["timeout_seconds"],
        cpu=migration["cpu"] or 0,
        memory_mib=migration["memory_mib"] or 0,
        environment=environment,
        task_role_arn=migration["task_role_arn"] or "",
        skipping=_skipping(migration["skip"], rules),
    )
    return made, [*problems, *_skipping_problems(made)]


def _skipping(skip: Options | None, rules: tuple[ListenerRule, ...]) -> Skipping | None:
    if not skip:
        return None
    headers = read_headers("migration.skip.headers", skip["headers"] or {})
    # As gates ask: by what the rule for that path takes.
    sent = aim("GET", skip["url"], dict(headers), rules)
    return Skipping(skip["label"], skip["variable"], sent, skip["version_header"])


def _skipping_problems(migration: Migration) -> Iterator[str]:
    if migration.skipping is None:
        return
    sent = migration.skipping.aim
    yield from (f"migration.skip: {problem}" for problem in address_problems(sent.url, sent))
    yield from (f"migration.skip: {problem}" for problem in header_problems(sent.headers))
