# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record again which calls each verb and task makes, as a sandbox under `AUTH=true` checks them: of one suite of tests,
or of each after the other. A suite that fails leaves what was recorded of it before.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import httpx

from sandbox import ACCOUNTS, REGION
from tests.unit.roles.unrecorded import UNRECORDED
from tools.command_line import parser
from tools.files import ROOT

SUITES = {
    "e2e": "tests/e2e",
    "provision": "tests/integration/provision",
    "rollout": "tests/integration/rollout",
}
RECORDING = Path(__file__).parent / "unit" / "roles" / "recorded_calls.json"
_ROLES = re.compile(
    r"arn:aws:sts::(?P<account>\d{12}):assumed-role/fastbreak-(?P<environment>[a-z0-9-]+?)-"
    r"(?:(?P<role>provisioner|cloudformation|deployer|planner|promoter|ci)"
    r"|service-(?P<task>Task|Worker|Migration|Execution|Probe)Role-\w+)/(?P<session>.+)"
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


def suites() -> dict[str, list[Call]]:
    """The calls of each suite in the committed file."""
    text = json.loads(RECORDING.read_text(encoding="utf-8"))
    return {
        suite: [
            Call(environment, principal, verb, *call.split(" "))
            for environment, principals in environments.items()
            for principal, verbs in principals.items()
            for verb, calls in verbs.items()
            for call in calls
        ]
        for suite, environments in text.items()
    }


def committed() -> list[Call]:
    """The calls of all suites in the committed file, each once."""
    return sorted({call for calls in suites().values() for call in calls})


def written(found: Mapping[str, Iterable[Call]]) -> str:
    """The committed file's text of these calls."""
    tree: dict[str, dict[str, dict[str, dict[str, list[str]]]]] = {}
    for suite, calls in sorted(found.items()):
        for call in sorted(set(calls)):
            verbs = tree.setdefault(suite, {}).setdefault(call.environment, {}).setdefault(call.principal, {})
            verbs.setdefault(call.verb, []).append(f"{call.action} {call.resource}")
    return json.dumps(tree, indent=1) + "\n"


TASKS = ("execution", "migration", "probe", "task", "worker")


def hold(
    endpoint_url: str,
    without: Collection[str] = (),
    refusable: Collection[str] = (),
    counts: Callable[[Call], bool] = lambda _call: True,
) -> None:
    """Fail when a verb was refused anything, or called what is neither recorded nor known to be called seldom.

    `without` names tasks whose credentials a test has used, `refusable` principals that may be refused; `counts` says
    which calls are looked at. While calls are recorded, those that are new are kept instead.
    """
    calls = {call: allowed for call, allowed in seen(endpoint_url, without).items() if counts(call)}
    # A stack whose role is refused something fails, and tests make such stacks.
    expected = {"cloudformation", *refusable}
    refused = [call for call, allowed in calls.items() if not allowed and call.principal not in expected]
    assert refused == [], f"refused to a verb or task {refused}"
    if "RECORD_CALLS" in os.environ:
        with Path(os.environ["RECORD_CALLS"]).open("a", encoding="utf-8") as kept:
            kept.writelines(f"{json.dumps(astuple(call))}\n" for call, allowed in calls.items() if allowed)
        return
    known = {(call.principal, call.action) for call in committed()}
    called = {(call.principal, call.action) for call, allowed in calls.items() if allowed}
    new = {(principal, action) for principal, action in called - known if not _is_called_seldom(principal, action)}
    assert new == set(), f"calls that nothing recorded, `make recorded-calls` records them: {sorted(new)}"


def _is_called_seldom(principal: str, action: str) -> bool:
    """What no recorded verb called is granted by patterns, too."""
    return any(fnmatchcase(action, pattern) for pattern in UNRECORDED.get(principal, ()))


def main(words: Sequence[str]) -> int:
    """Run suites and write what they called; a suite that fails ends it."""
    made = parser("tests.recorded_calls", __doc__)
    made.add_argument("--only", nargs="+", choices=SUITES, default=[*SUITES], help="(default: all)")
    for suite in made.parse_args(words).only:
        kept = ROOT / ".cache" / "recorded-calls" / f"{suite}.jsonl"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(b"")
        command = [sys.executable, "-m", "pytest", SUITES[suite]]
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, "RECORD_CALLS": str(kept)}, check=False).returncode
        if code:
            print(f"{suite} failed: what was recorded of it before is left as it was.", file=sys.stderr)
            return code
        adopt(suite, kept)
    return 0


def adopt(suite: str, kept: Path) -> None:
    """Put what a suite called in place of what was recorded of it."""
    calls = [Call(*json.loads(line)) for line in kept.read_text(encoding="utf-8").splitlines()]
    RECORDING.write_text(written({**suites(), suite: calls}), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
