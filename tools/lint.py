# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run linters and type checkers: all of them when none is named.

It prints a line for what passes, and all of what fails. With `--changed` a check runs only when files that it is about
differ from the main branch. A quick one looks at the whole project even then; a slow one gets the changed files.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tools.command_line import parser
from tools.files import ROOT, branch_point, changed_files, project_files, shell_scripts

COLLECTION = "ansible_collections.fastbreak.aws.plugins"
TYPED = (
    "tools",
    "sandbox",
    "demo",
    "benchmarks",
    *(f"{COLLECTION}.{part}" for part in ("module_utils", "plugin_utils", "modules", "action", "callback")),
)


@dataclass(frozen=True)
class Check:
    """A linter: its command, and which files it is about.

    `about`: patterns of git, or a function that finds the files.
    `given`: it gets the files at the end of its command: always, when only changed ones count, or never.
    """

    name: str
    command: tuple[str, ...]
    about: tuple[str, ...] | Callable[[], list[Path]]
    given: Literal["always", "changed", "never"] = "never"
    folder: str = "."

    def files(self) -> list[Path]:
        return self.about() if callable(self.about) else project_files(*self.about)

    def changed(self, base: str) -> list[Path]:
        """Those of its files that differ from a commit, deleted ones too unless it gets them by name."""
        if callable(self.about):
            changed = set(changed_files(base))
            return [path for path in self.about() if path in changed]
        files = changed_files(base, *self.about)
        return files if self.given == "never" else [path for path in files if (ROOT / path).is_file()]


@dataclass(frozen=True)
class Outcome:
    name: str
    code: int
    output: str
    seconds: float


SETTINGS = ("pyproject.toml", "requirements.lock")
ANSIBLE = (
    "galaxy.yml",
    "site.yml",
    *(f"{folder}/*.yml" for folder in ("extensions", "inventories", "meta", "playbooks", "roles")),
)
WORKFLOWS = (".github/workflows/*.yml",)
LOCKS = ("*requirements*.in", "*requirements*.txt", "*requirements*.lock", "service/excluded.txt")
# With git it knows by itself what is the project's, in a quarter of the time that it takes with a list of files.
REUSE = (
    Check("reuse", ("reuse", "lint"), ("*",))
    if (ROOT / ".git").exists()
    else Check("reuse", ("reuse", "lint-file"), ("*",), given="always")
)
# Where Sphinx is installed, antsibull-changelog sets it up anew for each line of each fragment. Without it docutils
# reads the lines, which knows none of Sphinx's roles.
LINT_FRAGMENTS = "import sys; sys.modules['sphinx'] = None; from antsibull_changelog.cli import main; sys.exit(main())"
# The slowest first, so that the last one to run is a quick one.
CHECKS = (
    Check("ansible-lint", (sys.executable, "-m", "tools.ansible_lint"), ANSIBLE, given="changed"),
    Check("mypy", ("mypy", *(word for module in TYPED for word in ("-p", module))), ("*.py", *SETTINGS)),
    Check("mypy service", ("../.venv-service/bin/mypy",), ("service/*.py", "service/*.toml"), folder="service"),
    Check("console", (sys.executable, "-m", "tools.console", "check"), ("service/web/*",)),
    Check("cfn-lint", ("cfn-lint",), ("roles/*/files/stack.yaml",), given="always"),
    Check("ruff check", ("ruff", "check", "."), ("*.py", *SETTINGS)),
    Check("ruff format", ("ruff", "format", "--check", "."), ("*.py", *SETTINGS)),
    Check("yamllint", ("yamllint", "--strict", "."), ("*.yml", "*.yaml", ".yamllint")),
    Check("shellcheck", ("shellcheck",), shell_scripts, given="always"),
    Check(
        "hadolint",
        ("hadolint", "--failure-threshold", "style"),
        ("*Dockerfile", "*Dockerfile.*"),
        given="always",
    ),
    Check(
        "workflow schema",
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
        WORKFLOWS,
        given="always",
    ),
    Check(
        "dependabot schema",
        ("check-jsonschema", "--builtin-schema", "vendor.dependabot"),
        (".github/dependabot.yml",),
        given="always",
    ),
    Check("zizmor", ("zizmor", "--offline", "--quiet", "--pedantic"), WORKFLOWS, given="always"),
    REUSE,
    Check("changelog", (sys.executable, "-c", LINT_FRAGMENTS, "lint"), ("changelogs/*",)),
    Check("locks", (sys.executable, "-m", "tools.lock", "--check"), LOCKS),
    Check("links", (sys.executable, "-m", "tools.links"), ("*",)),
)


def run(check: Check, base: str | None) -> Outcome:
    """Run a linter on all its files, or on those that differ from a commit."""
    began = time.monotonic()
    files = check.changed(base) if base else check.files()
    if not files:
        return Outcome(check.name, 1, "There is nothing to check: have the files moved?", 0.0)
    given = files if check.given == "always" or (base and check.given == "changed") else []
    done = subprocess.run(
        [*check.command, *map(str, given)],
        cwd=ROOT / check.folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(check.name, done.returncode, done.stdout, time.monotonic() - began)


def report(outcome: Outcome) -> None:
    print(f"{'ok  ' if outcome.code == 0 else 'FAIL'} {outcome.name:<16} {outcome.seconds:5.1f} s", flush=True)
    if outcome.code != 0:
        print(outcome.output.rstrip(), flush=True)


def main(arguments: list[str]) -> int:
    made = parser("tools.lint", __doc__)
    made.add_argument("--changed", action="store_true", help="only what differs from the main branch")
    made.add_argument("names", nargs="*", metavar="NAME", help=", ".join(check.name for check in CHECKS))
    options = made.parse_args(arguments)
    known = [check.name for check in CHECKS]
    if unknown := set(options.names) - set(known):
        print(f"No such check: {', '.join(sorted(unknown))}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    base = branch_point() if options.changed else None
    named = [check for check in CHECKS if not options.names or check.name in options.names]
    chosen = [check for check in named if base is None or check.changed(base)]
    if any(check.folder == "service" for check in chosen):
        subprocess.run([str(ROOT / "tools" / "bootstrap"), "service"], cwd=ROOT, check=True)
    failed = []
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for outcome in pool.map(lambda check: run(check, base), chosen):
            report(outcome)
            failed += [outcome.name] if outcome.code != 0 else []
    print(
        f"{len(chosen) - len(failed)} of {len(chosen)} checks passed"
        + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
