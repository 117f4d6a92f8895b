# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the workers of a run tell each other how their components came out.

Small files in the temporary directory that Ansible makes for a run and removes at its end: a killed run leaves nothing
that a later run could mistake for its own.
"""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible import constants

from ..module_utils._stack.ports import DependencyState
from ..module_utils._stack.unresolved import NewId

if TYPE_CHECKING:
    from collections.abc import Mapping

FORESEEN = "foreseen"
PLANNED = "planned"
APPLIED = "applied"
ENDED = "ended"
#: A play says in this variable that each of its hosts applies a component, or reports with `component_failure` that it
#: cannot. Then none is applied before the plans of all stand.
REPORTS = "fastbreak_components_report"


class RunBoard:
    """The board of a play, seen from one of its hosts."""

    def __init__(self, task_vars: Mapping[str, Any], directory: Path | None = None, planning: bool = False) -> None:
        play = re.sub(r"\W+", "-", str(task_vars.get("ansible_play_name", "play")))
        self._directory = (directory or Path(constants.DEFAULT_LOCAL_TMP)) / "fastbreak" / play
        self._hosts = frozenset(task_vars.get("ansible_play_hosts_all", []))
        self._alive = frozenset(task_vars.get("ansible_play_hosts", self._hosts))
        self._reports = bool(task_vars.get(REPORTS))
        self._good = PLANNED if planning else APPLIED
        # Who plans needs no more of the others than what they expect.
        self._enough = FORESEEN if planning else APPLIED
        self._again = partial(RunBoard, task_vars, directory, planning=True)
        self.component = str(task_vars.get("inventory_hostname", ""))

    def state_of(self, component: str) -> DependencyState:
        """How a component is doing. One that ended, or left the play, without having been applied has failed."""
        return self._state(component, self._enough)

    def told_outputs(self, component: str) -> Mapping[str, str | None] | None:
        """The outputs that the component told last; None when it told none."""
        file = self._file(component, "outputs")
        return _read(file.read_text(encoding="utf-8")) if file.exists() else None

    def planning(self) -> RunBoard | None:
        """The same run while its plans are made; None in a play whose components do not report."""
        if not self._reports:
            return None
        return self._again()

    def foresee(self, outputs: Mapping[str, str | None]) -> None:
        """Tell the others the outputs that this host's component expects."""
        self.publish(outputs)
        self.report(FORESEEN)

    def planned(self, outputs: Mapping[str, str | None], *, settled: bool) -> None:
        """Tell the others that this host's plan stands, the outputs that it expects, and whether that was all."""
        self.foresee(outputs)
        if settled:
            self.report(APPLIED)
        self.report(PLANNED)

    def states(self) -> Mapping[str, DependencyState]:
        """How all hosts of the play are doing."""
        return {host: self._state(host, self._good) for host in sorted(self._hosts)}

    def report(self, state: str) -> None:
        """Say that this host's component was planned or applied, or that it ended."""
        self._write(state, "")

    def publish(self, outputs: Mapping[str, str | None]) -> None:
        """Leave the outputs, as they are or as a check expects them, for those that read them."""
        told = {key: [value] if isinstance(value, NewId) else value for key, value in outputs.items()}
        self._write("outputs", json.dumps(told))

    def _state(self, component: str, enough: str) -> DependencyState:
        if component not in self._hosts:
            return DependencyState.OUTSIDE
        # In this order: both may be written between two looks.
        gone = self._file(component, ENDED).exists() or component not in self._alive
        if self._file(component, self._good).exists():
            return DependencyState.SETTLED
        if gone:
            return DependencyState.FAILED
        return DependencyState.SETTLED if self._file(component, enough).exists() else DependencyState.RUNNING

    def _file(self, component: str, kind: str) -> Path:
        return self._directory / f"{component}.{kind}"

    def _write(self, kind: str, text: str) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        target = self._file(self.component, kind)
        # Renamed into place, so that nobody reads half of it.
        draft = target.with_suffix(f".{kind}.draft")
        draft.write_text(text, encoding="utf-8")
        draft.replace(target)


def _read(text: str) -> dict[str, str | None]:
    """Outputs as they were left: what stands in a list is known as the id of what is yet to be made."""
    return {key: NewId(value[0]) if isinstance(value, list) else value for key, value in json.loads(text).items()}
