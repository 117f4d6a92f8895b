# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of each verb, as a sandbox under `AUTH=true` checks them, beside those that are committed.

`RECORD_CALLS=true` adds what the tests see to the committed file; `make recorded-calls` makes it anew.
"""

import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sandbox import ACCOUNTS, REGION
from tests.unit.roles.unrecorded import UNRECORDED

RECORDING = Path(__file__).parent / "unit" / "roles" / "recorded_calls.json"
_ROLES = re.compile(
    r"arn:aws:sts::(?P<account>\d{12}):assumed-role/fastbreak-(?P<environment>[a-z0-9-]+?)-"
    r"(?:(?P<role>provisioner|cloudformation|deployer|planner|promoter|ci)"
    r"|service-(?P<task>Task|Worker|Migration|Execution)Role-\w+)/(?P<session>.+)"
)
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_MADE_UP = re.compile(rf"(?<![0-9A-Za-z])(?:{_UUID}|(?=[a-fA-F]*\d)(?:[0-9a-f]{{8,}}|[0-9A-F]{{8,}}))(?![0-9A-Za-z])")
# What tests of releases call an environment of their own, and what they call there what the inventories call otherwise.
_OF_TESTS = re.compile(r"r[0-9a-f]{8}")
_NAMES_OF_TESTS = ((re.compile(r"fastbreak-dev/app\b"), "fastbreak/inference"), (re.compile(r"\bweb\b"), "inference"))
# Load balancers, their listeners and the rules of these.
_BALANCING = re.compile(r"(?<=/)[0-9a-z]{16}(?=/|$)")
FORBIDDEN = "forbidden"
"""The name of a session whose calls are meant to be refused: they are no verb's."""


@dataclass(frozen=True, order=True)
class Call:
    """A call of a principal, with `0` for what AWS makes up in the resource's name."""

    environment: str
    principal: str
    verb: str
    action: str
    resource: str


def seen(endpoint_url: str, without: Collection[str] = ()) -> dict[Call, bool]:
    """The calls that a sandbox has checked so far, and whether all of the kind were allowed."""
    checks = httpx.get(f"{endpoint_url}/_sandbox/iam/checks", timeout=60).json()
    return of_checks(checks, {FORBIDDEN, *without})


def of_checks(checks: Iterable[Mapping[str, Any]], without: Collection[str]) -> dict[Call, bool]:
    """The same of what the sandbox lists, without the sessions of these names."""
    found: dict[Call, bool] = {}
    for check in checks:
        who = _ROLES.fullmatch(check["principal"])
        if who and who["session"] not in without:
            call = _call(who, check["action"], check["resource"])
            found[call] = found.get(call, True) and check["allowed"]
    return found


def _call(who: re.Match[str], action: str, resource: str) -> Call:
    environment, principal, verb = who["environment"], who["role"], who["session"]
    if who["task"]:
        principal, verb = who["task"].lower(), "tasks"
    elif principal == "cloudformation":
        verb = "stacks"
    if _OF_TESTS.fullmatch(environment):
        resource, environment = resource.replace(environment, "dev"), "dev"
        for pattern, name in _NAMES_OF_TESTS:
            resource = pattern.sub(name, resource)
    # Tests provision accounts of their own too, and in other regions.
    named = resource.replace(who["account"], ACCOUNTS[environment])
    head, tail = named.split(":")[:5], ":".join(named.split(":")[5:])
    if len(head) > 3 and head[3]:
        head[3] = REGION
    return Call(environment, principal, verb, action, ":".join([*head, _without_ids(tail)]) if tail else named)


def _without_ids(resource: str) -> str:
    if resource.startswith(("listener", "loadbalancer")):
        return _BALANCING.sub("0", resource)
    if resource.startswith(("distribution/", "service-deployment/")):
        return f"{resource.rpartition('/')[0]}/0"
    return _MADE_UP.sub("0", resource)


def committed() -> list[Call]:
    """The calls of the committed file."""
    text = json.loads(RECORDING.read_text(encoding="utf-8")) if RECORDING.exists() else {}
    return [
        Call(environment, principal, verb, *call.split(" "))
        for environment, principals in text.items()
        for principal, verbs in principals.items()
        for verb, calls in verbs.items()
        for call in calls
    ]


def record(calls: Iterable[Call]) -> None:
    """Add calls to the committed file."""
    tree: dict[str, dict[str, dict[str, list[str]]]] = {}
    for call in sorted({*committed(), *calls}):
        verbs = tree.setdefault(call.environment, {}).setdefault(call.principal, {})
        verbs.setdefault(call.verb, []).append(f"{call.action} {call.resource}")
    RECORDING.write_text(json.dumps(tree, indent=1) + "\n", encoding="utf-8")


TASKS = ("execution", "migration", "task", "worker")


def hold(
    endpoint_url: str,
    without: Collection[str] = (),
    refusable: Collection[str] = (),
    counts: Callable[[Call], bool] = lambda _call: True,
) -> None:
    """Fail when a verb was refused anything, or called what is neither recorded nor known to be called seldom.

    `without` names tasks whose credentials a test has used, `refusable` principals that may be refused; `counts` says
    which calls are looked at.
    """
    calls = {call: allowed for call, allowed in seen(endpoint_url, without).items() if counts(call)}
    # A stack whose role is refused something fails, and tests make such stacks.
    expected = {"cloudformation", *refusable}
    refused = [call for call, allowed in calls.items() if not allowed and call.principal not in expected]
    assert refused == [], f"refused to a verb or task {refused}"
    if os.environ.get("RECORD_CALLS") == "true":
        record(call for call, allowed in calls.items() if allowed)
    known = {(call.principal, call.action) for call in committed()}
    known |= {(principal, action) for principal, actions in UNRECORDED.items() for action in actions}
    new = {(call.principal, call.action) for call, allowed in calls.items() if allowed} - known
    assert new == set(), f"calls that nothing recorded, `make recorded-calls` records them: {sorted(new)}"
