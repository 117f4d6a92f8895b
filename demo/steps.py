# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done on this machine before and beside the environments. Each step is safe to run again after a kill."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from demo.commands import Runner, everything, nothing
from demo.environment import Environment
from demo.labels import labels
from demo.platform import Platform
from demo.tokens import Issuer, headers_of_a_coach, provide_token_of_gates

if TYPE_CHECKING:
    from demo.console import Console

BASE_IMAGE = "fastbreak-sandbox/base:trixie"
BAKE_SCALE = 60
"""A minute of ECS's bake times passes in a second: nobody wants to watch prod's canary for ten."""
OPEN = "dev"
"""The environment that asks nobody for tokens, as its inventory says."""
WHOLE_OUTPUT = {"ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default"}
"""The logs keep every task, and the demo shows what matters of them."""


class Demo:
    """One run of the main job in a sandbox."""

    def __init__(self, console: Console, folder: Path, sandbox: str) -> None:
        self.console = console
        self.folder = folder
        self.sandbox = sandbox
        self.logs = folder / ".sandbox" / f"{sandbox}.demo"
        self._local = Runner(console, folder, self.logs, {})

    def prepare(self) -> None:
        self._local.run(_python("tools.engine", "ensure"), log="engine", show=everything)
        self._local.run(_python("tools.images", "all"), log="images", show=everything)

    def start_sandbox(self) -> None:
        settings = {"AUTH": "true", "SANDBOX_BAKE_SCALE": str(BAKE_SCALE)}
        sandbox = Runner(self.console, self.folder, self.logs, settings)
        sandbox.run(_python("sandbox", "up", "--name", self.sandbox), log="sandbox-up", show=everything)

    def footage(self) -> Path:
        """The demo's clip, fetched when it is not in the cache."""
        output = self._local.run([sys.executable, "service/footage.py"], log="footage")
        return Path(output.lines[-1])

    def token(self) -> str:
        """A token of a coach, as whoever tries prod by hand sends it; prod's gates get theirs as well."""
        return self.connect("prod").headers["Authorization"].removeprefix("Bearer ")

    def _variables(self, environment: str) -> dict[str, str]:
        command = _python("sandbox", "env", environment, "--name", self.sandbox)
        return _exports(self._local.run(command, log="sandbox-env", show=nothing).lines)

    def connect(self, environment: str) -> Environment:
        """An environment, with its own credentials."""
        variables = {**self._variables(environment), "FASTBREAK_BASE_IMAGE": BASE_IMAGE, **WHOLE_OUTPUT}
        runner = Runner(self.console, self.folder, self.logs, variables)
        platform = Platform.connect(environment, variables)
        trust = ssl.create_default_context(cafile=variables["FASTBREAK_CA_BUNDLE"])
        headers: dict[str, str] = {}
        if environment != OPEN:
            issuer = Issuer.connect(variables)
            provide_token_of_gates(issuer, platform)
            headers = headers_of_a_coach(issuer)
        return Environment(self.console, runner, platform, labels(self.sandbox), trust, headers)


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _exports(lines: tuple[str, ...]) -> dict[str, str]:
    """Parse `export NAME=value` lines."""
    assignments = (line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export "))
    return {name: value.strip("'\"") for name, value in assignments}
