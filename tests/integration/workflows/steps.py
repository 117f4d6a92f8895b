# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the steps of a workflow's job as they are written, as far as GitHub's runner matters to them."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPRESSION = re.compile(r"\$\{\{ (.*?) \}\}")
UNLESS_CANCELLED = "${{ !cancelled() }}"
STAND_INS = {
    "actions/checkout": "the clone that the test runs in",
    "actions/setup-python": "the Python of tools/bootstrap",
}


@dataclass
class Job:
    """A job, what its expressions come to, and what the runner and the sandbox put into its environment."""

    workflow: str
    name: str
    expressions: Mapping[str, str]
    environment: dict[str, str]
    output: dict[str, str] = field(default_factory=dict)

    def filled(self, value: Any) -> str:
        """*value* without expressions; KeyError for one that the test does not know."""
        return EXPRESSION.sub(lambda found: self.expressions[found[1]], str(value))

    def run(self) -> int:
        """Run the steps as a runner does; the exit code of the first that failed. `output` is what each has said.

        After a failure only those run that ask for it.
        """
        body = yaml.safe_load((ROOT / ".github/workflows" / f"{self.workflow}.yml").read_text(encoding="utf-8"))
        job = body["jobs"][self.name]
        declared = {name: self.filled(value) for name, value in job["env"].items()}
        code = 0
        for step in job["steps"]:
            if "uses" in step:
                assert step["uses"].partition("@")[0] in STAND_INS
            elif step.get("if") == UNLESS_CANCELLED or (not code and self.is_wanted(step.get("if", ""))):
                code = self._step(step, declared) or code
        return code

    def is_wanted(self, condition: str) -> bool:
        """A condition is `NAME == 'text'`, or there is none."""
        if not condition:
            return True
        name, _, wanted = condition.partition(" == ")
        return f"'{self.expressions[name]}'" == wanted

    def _step(self, step: Mapping[str, Any], declared: Mapping[str, str]) -> int:
        own = {name: self.filled(value) for name, value in step.get("env", {}).items()}
        # A runner does not know how tests want Ansible to speak.
        inherited = {key: value for key, value in os.environ.items() if key != "ANSIBLE_STDOUT_CALLBACK"}
        # GitHub's runner calls bash so.
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=ROOT,
            env={**inherited, **self.environment, **declared, **own},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        self.output[step["name"]] = done.stdout + done.stderr
        return done.returncode
