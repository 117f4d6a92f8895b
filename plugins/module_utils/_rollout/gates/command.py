# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``command``: a program on this machine that exits with 0 when the release is fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar

from ..._common.given import value_problem
from ..._errors import OperationError, RequestError
from .model import Gate, Tally
from .settings import shared_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Scene

_LONGEST_SECONDS = 3600
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class CommandTally(Tally):
    """``exit_code`` and ``output`` are those of the latest run; None before the first."""

    exit_code: int | None = None
    output: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandGate(Gate[CommandTally]):
    """It runs until it has succeeded as often in a row as it has to. Meanwhile other gates measure.

    Its environment has no credentials of AWS, unless ``pass_credentials``.
    """

    kind: ClassVar[str] = "command"
    options: ClassVar[Mapping[str, Any]] = {
        "command": {"type": "list", "elements": "str", "default": []},
        "environment": {"type": "dict", "default": {}},
        "pass_credentials": {"type": "bool", "default": False},
        "command_timeout_seconds": {"type": "float", "default": 60},
    }
    tally: ClassVar[type[CommandTally]] = CommandTally
    needs_traffic: ClassVar[bool] = True
    aside: ClassVar[bool] = True
    once: ClassVar[bool] = True
    repeats: ClassVar[bool] = False

    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    pass_credentials: bool = False
    command_timeout_seconds: float = 60.0
    url: str = ""

    @classmethod
    def read(cls, options: Mapping[str, Any], url: str) -> CommandGate:
        """The gate that validated *options* stand for. Raises RequestError for a variable that is no text."""
        shared = shared_fields(cls, options, cls.kind, aside_seconds=options["command_timeout_seconds"])
        for name, value in options["environment"].items():
            if problem := value_problem(value):
                raise RequestError(f"Gate {shared['name']}: environment.{name} {problem}.")
        return cls(
            **shared,
            command=tuple(options["command"]),
            environment=tuple(sorted((str(name), str(value)) for name, value in options["environment"].items())),
            pass_credentials=options["pass_credentials"],
            command_timeout_seconds=options["command_timeout_seconds"],
            url=url,
        )

    def problems(self) -> Iterator[str]:
        """No program, or no time to run it."""
        if not self.command or not self.command[0].strip():
            yield "command is empty; write the program and its arguments as a list."
        if any("\0" in text for pair in ((*self.command,), *self.environment) for text in pair):
            yield "command or environment holds a character that no program can be given (NUL)."
        if any(not name or "=" in name for name, _value in self.environment):
            yield "environment holds a variable whose name is empty or has an equals sign."
        if not (isfinite(self.command_timeout_seconds) and 0 < self.command_timeout_seconds <= _LONGEST_SECONDS):
            yield f"command_timeout_seconds must be a number above 0, and at most {_LONGEST_SECONDS} (an hour)."

    @property
    def aside_seconds(self) -> float:
        """A run that is not over by then is ended."""
        return self.command_timeout_seconds

    def secrets(self) -> Iterator[str]:
        """The values of its variables."""
        yield from (value for _name, value in self.environment if value)

    def measure(self, tally: CommandTally, scene: Scene) -> CommandTally:
        """Run it. Raises OperationError when it could not be run, or not to its end."""
        known = {"FASTBREAK_VERSION": scene.version, "FASTBREAK_URL": self.url}
        ran = scene.ports.instruments.run_command(
            self.command,
            {**known, **dict(self.environment)},
            seconds=self.command_timeout_seconds,
            pass_credentials=self.pass_credentials,
        )
        if ran.exit_code is None:
            raise OperationError(f"{self.command[0]} {ran.problem}{_told(ran.output)}")
        return replace(tally.add(passed=ran.exit_code == 0), exit_code=ran.exit_code, output=ran.output)

    def seen(self, tally: CommandTally) -> str:
        """How the latest run ended, and its last words."""
        if tally.exit_code is None:
            return f"{self.command[0]} has not ended yet"
        return f"{self.command[0]} exited with {tally.exit_code}{_told(tally.output)}"

    def expected(self) -> str:
        """Success."""
        often = f"{self.consecutive_successes} times in a row " if self.consecutive_successes > 1 else ""
        return f"{self.command[0]} to exit with 0 {often}within {self.command_timeout_seconds:g} s"


def _told(output: str) -> str:
    words = " ".join(output.split())[-_SHOWN:]
    return f": {words}" if words else ""
