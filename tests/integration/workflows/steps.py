# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the steps of a workflow's job as they are written, in a container, as far as GitHub's runner matters to them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.integration.workflows.machine import Machine, named_files
from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPRESSION = re.compile(r"\$\{\{ (.*?) \}\}")
CONDITION = re.compile(r"(\S+) (==|!=) '(.*)'")
UNLESS_CANCELLED = "${{ !cancelled() }}"
SAME_REPOSITORY = "$/.github/workflows/"
STAND_INS = {
    "actions/checkout": "the clone that the test runs in, or one that the test makes",
    "actions/setup-python": "the Python of tools/bootstrap",
}
SECONDS = 900
BUILDS = "release"
"""The workflow that needs a Docker engine."""


@dataclass
class Job:
    """A job, what its expressions come to, and what the runner and the sandbox put into its environment.

    `folder` is the clone that was checked out. The runner's own folders are that of `github.workspace` and RUNNER_TEMP.
    """

    workflow: str
    name: str
    expressions: Mapping[str, str]
    environment: dict[str, str]
    output: dict[str, str] = field(default_factory=dict)
    folder: Path = ROOT
    outputs: dict[str, str] = field(default_factory=dict)
    """What it gave to the jobs that need it."""

    @property
    def body(self) -> Any:
        path = self.folder / ".github/workflows" / f"{self.workflow}.yml"
        return yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"][self.name]

    def filled(self, value: Any) -> str:
        """*value* without expressions; KeyError for one that the test does not know."""
        return EXPRESSION.sub(lambda found: self.expressions[found[1]], str(value))

    def run(self) -> int:
        """Run the steps as a runner does; the exit code of the first that failed. `output` is what each has said.

        After a failure only those run that ask for it.
        """
        writable = {self.folder, self._temporary, Path(self.expressions["github.workspace"]).parent}
        with Machine(writable, named_files(self.environment.values()), engine=self.workflow == BUILDS) as machine:
            return self._run(self.body, machine)

    @property
    def _temporary(self) -> Path:
        return Path(self.environment["RUNNER_TEMP"])

    def _run(self, job: Any, machine: Machine) -> int:
        declared = {name: self.filled(value) for name, value in job["env"].items()}
        self.expressions = {**self.expressions, **{f"env.{name}": value for name, value in declared.items()}}
        code = 0
        for step in job["steps"]:
            if "uses" in step:
                assert step["uses"].partition("@")[0] in STAND_INS
            elif step.get("if") == UNLESS_CANCELLED or (not code and self.is_wanted(step.get("if", ""))):
                code = self._step(step, declared, machine) or code
        if not code:
            self.outputs = {name: self.filled(value) for name, value in job.get("outputs", {}).items()}
        return code

    def calling(self, name: str, **expressions: str) -> Job | None:
        """The only job of the workflow that the job *name* of this workflow calls, once this one has run.

        None where its condition does not hold. *expressions* are those of the environment that it names.
        """
        needing = Job(self.workflow, name, {**self.expressions, **self._needed}, self.environment, folder=self.folder)
        caller = needing.body
        assert caller["needs"] == self.name
        if not needing.is_wanted(caller.get("if", "")):
            return None
        assert caller["uses"].startswith(SAME_REPOSITORY)
        given = {f"inputs.{key}": needing.filled(value) for key, value in caller["with"].items()}
        called = Path(caller["uses"]).stem
        return Job(called, called, {**self.expressions, **given, **expressions}, self.environment, folder=self.folder)

    @property
    def _needed(self) -> dict[str, str]:
        return {f"needs.{self.name}.outputs.{key}": value for key, value in self.outputs.items()}

    def is_wanted(self, condition: str) -> bool:
        """A condition is `NAME == 'text'` or `NAME != 'text'`, several of them with `&&` between, or there is none."""
        return not condition or all(self._holds(each) for each in condition.split(" && "))

    def _holds(self, condition: str) -> bool:
        known = CONDITION.fullmatch(condition)
        assert known, condition
        name, operator, text = known.groups()
        return (self.expressions[name] == text) == (operator == "==")

    def _step(self, step: Mapping[str, Any], declared: Mapping[str, str], machine: Machine) -> int:
        own = {name: self.filled(value) for name, value in step.get("env", {}).items()}
        begun = time.time()
        with tempfile.NamedTemporaryFile("r", encoding="utf-8", dir=self._temporary) as given:
            environment = {**self.environment, **declared, **own, "GITHUB_OUTPUT": given.name}
            code, said = machine.run(step["run"], self.folder, environment, SECONDS)
            lines = given.read().splitlines()
        named = dict(line.split("=", 1) for line in lines)
        outputs = {f"steps.{step.get('id')}.outputs.{name}": value for name, value in named.items()}
        self.expressions = {**self.expressions, **outputs}
        self.output[step["name"]] = said
        self.note(step["name"], begun, time.time(), code)
        return code

    def note(self, step: str, begun: float, ended: float, code: int = 0) -> None:
        """Add to the file that a benchmark names when a step ran, for which commit and where."""
        if not (path := os.environ.get("STEP_TIMES")):
            return
        git = ["git", "rev-parse", "HEAD"]
        commit = subprocess.run(git, cwd=self.folder, capture_output=True, text=True, check=True).stdout.strip()
        where = self.expressions.get("inputs.environment") or self.filled(self.body.get("environment", ""))
        noted = {"commit": commit, "workflow": self.workflow, "environment": where, "step": step}
        with Path(path).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({**noted, "begun": begun, "ended": ended, "code": code}) + "\n")
