# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of a job of GitHub Actions: what a run said, its plan, and a release's gates, as Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._plan_table import PlanTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: GitHub takes 1 MiB for each step; nobody reads more than this.
_MOST_CHARACTERS = 50_000
#: The times of a release that was judged, as `ecs_rollout` returns them.
_JUDGED = ("to_succeed_seconds", "to_detect_seconds")
_WORD = re.compile("[a-z_]{1,40}")
_CONTROL = re.compile(r"[^\x20-\x7e\u00a0-\uffff]+")


@dataclass
class JobSummary:
    """What a run said so far, what it plans, and the gates of its releases."""

    lines: list[str] = field(default_factory=list)
    plan: PlanTable = field(default_factory=PlanTable)
    gates: list[tuple[str, str, str, str]] = field(default_factory=list)
    #: How a release ended, in the word of `ecs_rollout`.
    result: str = ""

    def say(self, line: str | None) -> None:
        """Keep what the run says; None for nothing."""
        if line is not None:
            self.lines.append(line)

    def judged(self, result: Mapping[str, Any]) -> None:
        """Keep how a release ended by a module's *result*, and its gates if this run judged by them.

        A plan's gates are those of a release before.
        """
        if isinstance(word := result.get("result"), str) and _WORD.fullmatch(word):
            self.result = word
        timings = result.get("timings")
        judged = isinstance(timings, dict) and any(timings.get(name) for name in _JUDGED)
        found = result.get("gates") if judged else None
        for gate in found if isinstance(found, list) else ():
            if isinstance(gate, dict) and "verdict" in gate:
                dry = " (dry run)" if gate.get("dry_run") else ""
                name, verdict, seen, wanted = (
                    str(gate.get(key, "")) for key in ("gate", "verdict", "seen", "expected")
                )
                self.gates.append((name, f"{verdict}{dry}", seen, wanted))

    def text(self, playbook: str, *, failed: bool) -> str:
        """The whole as Markdown. What came from outside is code, so that none of it is taken for Markdown."""
        said = "\n".join(self.lines).strip()
        if len(said) > _MOST_CHARACTERS:
            said = f"...\n{said[-_MOST_CHARACTERS:]}"
        fence = "`" * (3 + max(map(len, re.findall("`+", said)), default=0))
        ended = ("failed" if failed else "done") + (f" ({self.result})" if self.result else "")
        parts = [f"### {playbook}: {ended}", f"{fence}text\n{said}\n{fence}"]
        if self.plan.rows:
            parts.append(_table(("change", "resource", "type", "properties"), self.plan.rows))
        if self.gates:
            parts.append(_table(("gate", "verdict", "seen", "expected"), self.gates))
        return "\n\n".join(parts) + "\n\n"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    return "\n".join([*lines, *(f"| {' | '.join(map(_cell, row))} |" for row in rows)])


def _cell(text: str) -> str:
    """*text* as code in a cell of a table, where a bar ends the cell even in code."""
    plain = _CONTROL.sub(" ", text)[:1000].replace("`", "'").replace("|", "\\|").strip()
    return f"`{plain}`" if plain else ""
