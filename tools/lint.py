"""All linters and type checkers: `python -m tools.lint [NAME...]`. A line for what passes, all of what fails."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.files import ROOT, project_files, shell_scripts

COLLECTION = "ansible_collections.fastbreak.aws.plugins"
TYPED = (
    "tools",
    "sandbox",
    "demo",
    "benchmarks",
    *(f"{COLLECTION}.{part}" for part in ("module_utils", "plugin_utils", "modules", "action")),
)


@dataclass(frozen=True)
class Check:
    """A linter: its command, and the project files it is given at the end of it (None: it finds its own)."""

    name: str
    command: tuple[str, ...]
    files: Callable[[], list[Path]] | None = None
    folder: str = "."


@dataclass(frozen=True)
class Outcome:
    name: str
    code: int
    output: str
    seconds: float


def _files(*patterns: str) -> Callable[[], list[Path]]:
    return lambda: project_files(*patterns)


# The slowest first, so that the last one to run is a quick one.
CHECKS = (
    Check("ansible-lint", ("ansible-lint", "--strict", "--nocolor")),
    Check("mypy", ("mypy", *(word for module in TYPED for word in ("-p", module)))),
    Check("mypy service", ("../.venv-service/bin/mypy",), folder="service"),
    Check("cfn-lint", ("cfn-lint",), _files("roles/*/files/stack.yaml")),
    Check("ruff check", ("ruff", "check", ".")),
    Check("ruff format", ("ruff", "format", "--check", ".")),
    Check("yamllint", ("yamllint", "--strict", ".")),
    Check("shellcheck", ("shellcheck",), shell_scripts),
    Check("hadolint", ("hadolint", "--failure-threshold", "style"), _files("*Dockerfile", "*Dockerfile.*")),
    Check(
        "workflow schema",
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
        _files(".github/workflows/*.yml"),
    ),
    Check("zizmor", ("zizmor", "--offline", "--quiet", "--pedantic"), _files(".github/workflows/*.yml")),
    Check("changelog", ("antsibull-changelog", "lint")),
    Check("links", (sys.executable, "-m", "tools.links")),
)


def run(check: Check) -> Outcome:
    began = time.monotonic()
    files = [str(path) for path in check.files()] if check.files else []
    if check.files and not files:
        return Outcome(check.name, 1, "There is nothing to check: have the files moved?", 0.0)
    done = subprocess.run(
        [*check.command, *files],
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


def main(names: list[str]) -> int:
    known = [check.name for check in CHECKS]
    if unknown := set(names) - set(known):
        print(f"No such check: {', '.join(sorted(unknown))}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    chosen = [check for check in CHECKS if not names or check.name in names]
    if any(check.folder == "service" for check in chosen):
        subprocess.run([str(ROOT / "tools" / "bootstrap"), "service"], cwd=ROOT, check=True)
    failed = []
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for outcome in pool.map(run, chosen):
            report(outcome)
            failed += [outcome.name] if outcome.code != 0 else []
    print(
        f"{len(chosen) - len(failed)} of {len(chosen)} checks passed"
        + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
