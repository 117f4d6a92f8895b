# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the commands a person would type, keeps their whole output in a log, shows what matters of it."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.console import Console, DemoError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

TAIL_LINES = 25
WIDTH = 110
_PROGRESS = re.compile(r"^((fastbreak-\S+|\S+ \+\d+s): |copied \d+ of \d+ layers?, |promoted \S+ -> )")
_ERROR = re.compile(r"^\[ERROR\]: (?:Task failed: )?(?:Action failed: |Module failed: )?(.*)")
_RECAP = re.compile(r"^(\S+)\s*: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)")


@dataclass(frozen=True)
class Output:
    """What a finished command left: its exit code, all its lines, and where they are kept."""

    code: int
    lines: tuple[str, ...]
    log: Path

    def changed(self) -> int:
        """The sum of `changed=` over an ansible-playbook's recap."""
        return sum(int(match[3]) for match in map(_RECAP.match, self.lines) if match)

    def says(self, words: str) -> bool:
        """Whether a line holds the words."""
        return any(words in line for line in self.lines)

    def tail(self) -> str:
        return "\n".join(self.lines[-TAIL_LINES:])


def everything(line: str) -> str | None:
    return line


def nothing(_line: str) -> str | None:
    return None


def recap_and_progress(line: str) -> str | None:
    """Of an ansible-playbook's output: the recap, errors, and the lines our modules print while they work."""
    if match := _RECAP.match(line):
        return f"{match[1]}: ok={match[2]} changed={match[3]} failed={match[5]}"
    if match := _ERROR.match(line):
        return textwrap.fill(match[1].partition(" Last log lines")[0], WIDTH)
    return line if _PROGRESS.match(line) else None


@dataclass(frozen=True)
class Runner:
    """Runs commands in the project's folder with the given environment added to this process's own."""

    console: Console
    folder: Path
    logs: Path
    environment: Mapping[str, str]

    def run(
        self, command: Sequence[str], *, log: str, show: Callable[[str], str | None] = nothing, check: bool = True
    ) -> Output:
        """Run a command to its end.

        Raises DemoError with the last lines when it fails and `check` is set, or when it cannot be started.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        path = self.logs / f"{log}.log"
        try:
            output = self._stream(command, path, show)
        except OSError as error:
            raise DemoError(f"could not start {command[0]}: {error}") from error
        if check and output.code != 0:
            raise DemoError(
                f"`{' '.join(command)}` ended with exit code {output.code}.\n{output.tail()}\nThe whole output: {path}"
            )
        return output

    def _stream(self, command: Sequence[str], path: Path, show: Callable[[str], str | None]) -> Output:
        lines: list[str] = []
        with (
            path.open("w", encoding="utf-8") as kept,
            subprocess.Popen(
                command,
                cwd=self.folder,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            ) as process,
        ):
            assert process.stdout is not None  # noqa: S101 PIPE was asked for
            for raw in process.stdout:
                line = raw.rstrip("\n")
                kept.write(raw)
                kept.flush()
                lines.append(line)
                if shown := show(line):
                    self.console.detail(shown)
        return Output(process.returncode, tuple(lines), path)
