# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The other services of a release, out of the option ``companions``: as the service itself, but without requests."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..._errors import RequestError
from ..stages import DONE
from .model import CONTROLLER, OPEN
from .options import build_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import RolloutRequest

    Options = Mapping[str, Any]

BEFORE, AFTER = "before", "after"
# What a companion says for itself.
_OWN = ("service", "task_definition", "desired_count", "scaling", "deployment", "gates")
# What is about requests, or is done once for all services of the release.
_WITHOUT: Mapping[str, Any] = {
    "load_balanced": False,
    "load_balancer": None,
    "listener_rules": None,
    "stop_serving": None,
    "take_requests_from": None,
    "url": None,
    "test_url": None,
    "migration": None,
    # The image is promoted for the service itself, which has every service of the release refused without.
    "require_promoted": False,
    "revision": None,
    "wait_until": DONE,
    "judge_only": False,
    "probe_from": CONTROLLER,
    "identity": OPEN,
}


def build_requests(options: Options, *, owner: str, key: bytes) -> tuple[RolloutRequest, ...]:
    """The requests of every service of the release, in the order of their release.

    Raises RequestError, saying which option of which service is wrong and why.
    """
    companions = options["companions"] or []
    problems = list(_problems(options, companions)) if options["state"] != "absent" else []
    requests: dict[str, list[RolloutRequest]] = {BEFORE: [], AFTER: []}
    made = _build(options, problems, owner=owner, key=key)
    for companion in companions:
        merged = {**options, **_WITHOUT, **{name: companion[name] for name in _OWN}}
        requests[companion["released"]] += _build(merged, problems, owner=owner, key=key)
    if problems:
        raise RequestError(" ".join(problems), problems=problems)
    return (*_migrating_first([*requests[BEFORE], *made], options), *requests[AFTER])


def _migrating_first(requests: list[RolloutRequest], options: Options) -> list[RolloutRequest]:
    """Gives the migration to the first service that has its container: no task of the release meets the old schema."""
    migration = next((request.migration for request in requests if request.migration), None)
    if migration is None:
        return requests
    definitions = {each["service"]: each["task_definition"] for each in (options, *(options["companions"] or []))}
    able = [each.service for each in requests if _has_container(definitions[each.service], migration.container)]
    first = able[0] if able else options["service"]
    return [replace(each, migration=migration if each.service == first else None) for each in requests]


def _has_container(definition: Options | None, name: str) -> bool:
    return any(container.get("name") == name for container in (definition or {}).get("containerDefinitions") or [])


def _build(options: Options, problems: list[str], *, owner: str, key: bytes) -> list[RolloutRequest]:
    """The request, or none and its problems beside the others'."""
    try:
        return [build_request(options, owner=owner, key=key)]
    except RequestError as error:
        problems.append(error.message)
    return []


def _problems(options: Options, companions: list[Options]) -> Iterator[str]:
    """What is wrong with the services as a whole."""
    services = [options["service"], *(companion["service"] for companion in companions)]
    if twice := [name for name, count in Counter(services).items() if count > 1]:
        yield f"companions names {', '.join(twice)} twice, or the service itself: each service is released once."
    definitions = [options["task_definition"], *(companion["task_definition"] for companion in companions)]
    families = [str(definition.get("family") or "") for definition in definitions if definition]
    if twice := [family for family, count in Counter(families).items() if family and count > 1]:
        yield (
            f"task_definition.family {', '.join(twice)} is given to more than one service: give each service of "
            "companions a family of its own, so that neither takes the other's revisions for its own."
        )
    for companion in companions:
        if options["state"] == "present" and not companion["task_definition"]:
            yield f"companions: task_definition of {companion['service']} is missing."
