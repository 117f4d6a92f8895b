# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to know of a service and its releases. Writes nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .._errors import RefusedError
from .._release.promotion import promotion_data
from .._release.record import running_release
from .definition.comparison import fingerprint
from .disclosure.definition import view
from .report import release_data
from .service.comparison import view_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .._release.ports import PromotionRecord, Releases
    from .._release.record import Release
    from .definition.comparison import Document
    from .disclosure.fingerprint import Disclosure
    from .ports import Ecs, Probe
    from .values import Service


_ANSWER_SECONDS = 10.0
_VERSION_HEADER = "x-fastbreak-version"


@dataclass(frozen=True, slots=True)
class InfoPorts:
    """What reading needs of the ports of a rollout."""

    ecs: Ecs
    releases: Releases
    promotions: PromotionRecord


def ask_users_way(urls: Iterable[str], headers: tuple[tuple[str, str], ...], probe: Probe) -> Iterator[dict[str, Any]]:
    """What each address answers, and which release says so."""
    for url in urls:
        answer = probe.request(
            "GET", url, timeout_seconds=_ANSWER_SECONDS, version_header=_VERSION_HEADER, headers=headers
        )
        yield {"url": url, "status": answer.status, "version": answer.version, "problem": answer.problem}


def report_service(
    cluster: str, service: str, ports: InfoPorts, *, history: int, disclosure: Disclosure
) -> dict[str, Any]:
    """The service, its deployments, its newest *history* releases and promotions, and who holds its lock."""
    if problem := ports.releases.table_problem():
        raise RefusedError(f"Reading the releases of {service} was refused: {problem}")
    found = ports.ecs.describe_service(cluster, service) if ports.ecs.cluster_status(cluster) else None
    releases = ports.releases.history(service)
    running = running_release(releases, found.task_definition_arn) if found else None
    lock = ports.releases.read_lock(service)
    shown = releases[:history]
    others = dict.fromkeys(name for release in shown for name in release.services if name != service)
    return {
        "service": _service(ports, found, releases, disclosure) if found else {},
        "deployments": [
            {
                "arn": deployment.arn,
                "state": deployment.state.value,
                "reason": deployment.reason,
                "created_at": deployment.created_at.isoformat(),
            }
            for deployment in (ports.ecs.list_service_deployments(cluster, service) if found else ())
        ],
        "running": release_data(running) if running else {},
        "releases": [release_data(release) for release in shown],
        "companions": {
            name: [release_data(past) for past in ports.releases.history(name)[:history]] for name in others
        },
        "promotions": [promotion_data(promotion) for promotion in ports.promotions.promotions(service)[:history]],
        "lock": asdict(lock) if lock else {},
    }


def _service(ports: InfoPorts, found: Service, releases: tuple[Release, ...], disclosure: Disclosure) -> dict[str, Any]:
    definition = ports.ecs.describe_task_definition(found.task_definition_arn)
    key = ports.releases.definition_key(found.name, make=False)
    return {
        "arn": found.arn,
        "status": found.status,
        "task_definition_arn": found.task_definition_arn,
        "definition": _definition(definition.document, releases, key) if definition and key else "",
        "task_definition": view(definition.document, disclosure) if definition else {},
        "desired_count": found.desired_count,
        "running_count": found.running_count,
        "settings": view_settings(found.settings),
    }


def _definition(document: Document, releases: tuple[Release, ...], key: bytes) -> str:
    images = " ".join(str(container.get("image")) for container in document.get("containerDefinitions", []))
    digest = next((release.digest for release in releases if release.digest in images), "")
    return fingerprint(document, digest, key)
