# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task needs to start and must be there beforehand: roles, secrets, log groups, network, an image that runs.

A look that these credentials may not make is said not to have been made; it refuses nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ..._release.image import parse_image
from ..definition.references import references
from ..disclosure.definition import is_reference
from ..plan.differences import Action
from ..request.model import CONTROLLER
from .allowed import allowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..definition.comparison import Document
    from ..plan.read import Facts
    from ..session import Look, Session

# The part of a secret's ``valueFrom`` that names a JSON key.
_JSON_KEY = 7
_ARCHITECTURES = {"X86_64": "amd64", "ARM64": "arm64"}


def prerequisite_looks(session: Session, facts: Facts) -> list[Look]:
    """What looks for whatever is missing for a task of the release to start, and to be reached."""
    if facts.plan.action in (Action.UNCHANGED, Action.SETTINGS):
        return _network_looks(session)
    return [
        *_definition_looks(session, facts.target.document),
        lambda aside: _image_problems(aside, facts),
        _provider_problems,
        *_network_looks(session),
    ]


def _definition_looks(session: Session, document: Document) -> list[Look]:
    refers, migration, probing = references(document), session.request.migration, session.request.probing
    by_task = probing.place != CONTROLLER or any(gate.by_task for gate in session.request.gates)
    own = {migration.task_role_arn if migration else "", probing.task_role_arn if by_task else ""}
    return [
        *(partial(_role_problems, role) for role in sorted({*refers.roles, *own} - {""})),
        *(partial(_secret_problems, document, secret) for secret in refers.secrets),
        *(partial(_log_group_problems, group) for group in refers.log_groups),
    ]


def _role_problems(role: str, session: Session) -> Iterator[str]:
    if problem := allowed(session, f"role {role}", lambda: session.ports.surroundings.role_problem(role)):
        yield f"Role {role} {problem}; provision component 'service', or correct the role or the task definition."


def _secret_problems(document: Document, secret: str, session: Session) -> Iterator[str]:
    name = f"Secret {secret if is_reference(secret) else session.request.disclosure.of(secret)}"
    if place := _place_of(document, secret):
        name += f" ({place})"
    if problem := allowed(session, name, lambda: session.ports.surroundings.secret_problem(secret)):
        yield f"{name} {problem}; tasks could not start."
    else:
        yield from _key_problems(session, secret, name)


def _log_group_problems(group: str, session: Session) -> Iterator[str]:
    if not session.ports.logs.group_exists(group):
        yield f"Log group {group} does not exist; provision component 'service', or set awslogs-create-group."


def _place_of(document: Document, value_from: str) -> str:
    for container in document.get("containerDefinitions", []):
        for secret in container.get("secrets") or []:
            if secret.get("valueFrom") == value_from:
                return f"variable {secret.get('name')} of container {container.get('name')}"
    return ""


def _key_problems(session: Session, secret: str, name: str) -> Iterator[str]:
    parts = secret.split(":")
    if ":secretsmanager:" not in secret or not "".join(parts[_JSON_KEY : _JSON_KEY + 1]):
        return
    asked = allowed(session, f"the JSON key of {name}", lambda: [session.ports.surroundings.secret_keys(secret)])
    if asked is None:
        return
    keys, key = asked[0], parts[_JSON_KEY]
    if keys is None:
        yield f"{name} names JSON key {key!r}, but what it holds is no JSON object; tasks could not start."
    elif key not in keys:
        there = ", ".join(sorted(keys)) or "none"
        yield f"{name} has no JSON key {key!r} (it has: {there}); tasks could not start."


def _image_problems(session: Session, facts: Facts) -> Iterator[str]:
    request, document = session.request, facts.target.document
    named = document.get("runtimePlatform", {})
    if not (named or request.settings.on_fargate):
        return
    system = "linux" if named.get("operatingSystemFamily", "LINUX") == "LINUX" else "windows"
    architecture = named.get("cpuArchitecture", "X86_64")
    wanted = f"{system}/{_ARCHITECTURES.get(architecture, architecture)}"
    digest, repository = facts.target.release.digest, parse_image(facts.target.image).repository
    there = allowed(
        session,
        f"the platform of image {digest}",
        lambda: session.ports.surroundings.image_platforms(repository, digest),
    )
    if there is not None and not there:
        session.warn(f"the platform of image {digest} could not be told, so that it was not checked against {wanted}")
    if there and wanted not in there:
        yield (
            f"Image {digest} is built for {', '.join(sorted(there))}, where task_definition.runtimePlatform wants "
            f"{wanted} ({architecture}); no container of it could start. Build it for {wanted}, or set "
            "runtimePlatform.cpuArchitecture (ecs_rollout_cpu_architecture of the role)."
        )


def _provider_problems(session: Session) -> Iterator[str]:
    request = session.request
    named = {provider.name.rpartition("/")[2] for provider in request.settings.capacity_providers}
    if not named:
        return
    there = session.ports.ecs.cluster_providers(request.cluster)
    for name in sorted(named - there):
        yield (
            f"Capacity provider {name} of capacity_provider_strategy is not associated with cluster {request.cluster} "
            f"(it has: {', '.join(sorted(there)) or 'none'}); associate it (PutClusterCapacityProviders, or component "
            "'ecs'), or name another."
        )


def _network_looks(session: Session) -> list[Look]:
    rules = session.request.rules
    return [
        _network_problems,
        *(partial(_listener_problems, arn) for arn in sorted({rule.listener_arn for rule in rules})),
    ]


def _listener_problems(arn: str, session: Session) -> Iterator[str]:
    if problem := session.ports.balancing.listener_problem(arn):
        yield problem


def _network_problems(session: Session) -> Iterator[str]:
    """What is wrong with subnets, security groups and target groups, which have to lie in one VPC."""
    request, balancing = session.request, session.ports.balancing
    vpcs: set[str] = set()
    if network := request.settings.network:
        look = session.ports.surroundings
        for kind, option, ids, find in (
            ("Subnet", "subnets", network.subnets, look.subnet_vpcs),
            ("Security group", "security_groups", network.security_groups, look.security_group_vpcs),
        ):
            found = allowed(session, f"network.{option}", lambda find=find, ids=ids: find(ids))  # type: ignore[misc]
            if found is None:
                continue
            for missing in sorted(ids - set(found)):
                yield f"{kind} {missing} of network.{option} does not exist in this account and region."
            vpcs |= {vpc for vpc in found.values() if vpc}
    if len(vpcs) > 1:
        yield f"network.subnets and network.security_groups lie in more than one VPC: {', '.join(sorted(vpcs))}."
    routed = bool(request.rules)
    for arn in sorted({binding.target_group_arn for binding in request.settings.target_bindings}):
        if problem := balancing.target_group_problem(arn, vpc=min(vpcs) if len(vpcs) == 1 else "", routed=routed):
            yield problem
