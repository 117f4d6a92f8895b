# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the few tests of real containers that failed beside everything else once more, with the machine to themselves.

A test that passes then is flaky: it does not fail the run, but the summary names it, its first failure stays in the
log, and it is a fault to mend. What is wrong with the product shows again and fails the run. Unit tests get no second
look, since they depend on nothing but their inputs.
"""

import json
import re
from pathlib import Path

FEW = 2
"""When more fail at once, what they have in common is no chance."""
SCENARIOS_ENDED = re.compile(r"^\d+ of \d+ scenarios passed", re.MULTILINE)
"""tools.molecule says so after the last one: without it some never ran."""
SCENARIO_FAILED = re.compile(r"^── (?P<name>\S+) FAILED \(exit \d+\) in [\d.]+ s$", re.MULTILINE)


def remembering(command: tuple[str, ...], memory: Path) -> tuple[str, ...]:
    """The command of a stage that remembers in the folder *memory* which tests failed."""
    return (*command, "-o", f"cache_dir={memory}") if "pytest" in command else command


def failed_tests(command: tuple[str, ...], memory: Path, output: str) -> list[str]:
    """Names of the tests or scenarios that failed in a stage; empty when it did not get as far as to know them."""
    if "pytest" not in command:
        return SCENARIO_FAILED.findall(output) if SCENARIOS_ENDED.search(output) else []
    known = memory / "v" / "cache" / "lastfailed"
    return sorted(json.loads(known.read_text(encoding="utf-8"))) if known.exists() else []


def second_command(command: tuple[str, ...], failed: list[str]) -> tuple[str, ...]:
    """The command of a stage for those of its tests alone that failed."""
    return (*command, "--last-failed", "--last-failed-no-failures=none") if "pytest" in command else (*command, *failed)
