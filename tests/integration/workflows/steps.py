# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the steps of a workflow's job as they are written, as far as GitHub's runner matters to them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPRESSION = re.compile(r"\$\{\{ (.*?) \}\}")
UNLESS_CANCELLED = "${{ !cancelled() }}"
SAME_REPOSITORY = "$/.github/workflows/"
STAND_INS = {
    "actions/checkout": "the clone that the test runs in, or one that the test makes",
    "actions/setup-python": "the Python of tools/bootstrap",
}
SECONDS = 900
MARK = "RUNNER_TRACKING_ID"
"""By it a runner knows what a job's steps left running, and ends it with the job."""


def end_marked(mark: str) -> None:
    """End the processes that a job's steps left running."""
    wanted = f"{MARK}={mark}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)


@dataclass
class Job:
    """A job, what its expressions come to, and what the runner and the sandbox put into its environment.

    `folder` is the clone that was checked out.
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
        try:
            return self._run(self.body)
        finally:
            if MARK in self.environment:
                end_marked(self.environment[MARK])

    def _run(self, job: Any) -> int:
        declared = {name: self.filled(value) for name, value in job["env"].items()}
        code = 0
        for step in job["steps"]:
            if "uses" in step:
                assert step["uses"].partition("@")[0] in STAND_INS
            elif step.get("if") == UNLESS_CANCELLED or (not code and self.is_wanted(step.get("if", ""))):
                code = self._step(step, declared) or code
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
        """A condition is `NAME == 'text'`, or there is none."""
        if not condition:
            return True
        name, _, wanted = condition.partition(" == ")
        return f"'{self.expressions[name]}'" == wanted

    def _step(self, step: Mapping[str, Any], declared: Mapping[str, str]) -> int:
        own = {name: self.filled(value) for name, value in step.get("env", {}).items()}
        begun = time.time()
        # A runner does not know how tests want Ansible to speak.
        inherited = {key: value for key, value in os.environ.items() if key != "ANSIBLE_STDOUT_CALLBACK"}
        with tempfile.NamedTemporaryFile("r", encoding="utf-8") as given:
            # GitHub's runner calls bash so.
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=self.folder,
                env={**inherited, **self.environment, **declared, **own, "GITHUB_OUTPUT": given.name},
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            lines = given.read().splitlines()
        named = dict(line.split("=", 1) for line in lines)
        said = {f"steps.{step.get('id')}.outputs.{name}": value for name, value in named.items()}
        self.expressions = {**self.expressions, **said}
        self.output[step["name"]] = done.stdout + done.stderr
        self._note(step["name"], begun, done.returncode)
        return done.returncode

    def _note(self, step: str, begun: float, code: int) -> None:
        """Add to the file that a benchmark names when the step ran, for which commit and where."""
        if not (path := os.environ.get("STEP_TIMES")):
            return
        git = ["git", "rev-parse", "HEAD"]
        commit = subprocess.run(git, cwd=self.folder, capture_output=True, text=True, check=True).stdout.strip()
        where = self.expressions.get("inputs.environment") or self.filled(self.body.get("environment", ""))
        noted = {"commit": commit, "workflow": self.workflow, "environment": where, "step": step}
        with Path(path).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({**noted, "begun": begun, "ended": time.time(), "code": code}) + "\n")
