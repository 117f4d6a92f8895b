# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An eye on a service that was found fit, while its release waits for others of it: its deployment and its tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._common.verdict import Verdict
from .decision import Step
from .watch import Watch

if TYPE_CHECKING:
    from ..act.traffic import Traffic
    from ..session import Session
    from ..strategies.model import Started

# Each look is several calls, of which the release that is watched meanwhile makes as many.
_LOOK_SECONDS = 10.0


class Eye:
    """Looks at what was *started* now and then, and tells it nothing. Only gates that judge by such looks are asked."""

    def __init__(self, session: Session, started: Started, version: str, traffic: Traffic) -> None:
        self._session = session
        gates = tuple(gate for gate in session.request.gates if gate.watches)
        self._watch = Watch(session, started, version, traffic, gates)
        self._due = session.monotonic()
        #: By what it was replaced; empty while it was not.
        self.replaced = ""

    def unfit(self) -> str:
        """What speaks against it; empty when nothing does, or it is not time to look."""
        if self._session.monotonic() < self._due:
            return ""
        self._due = self._session.monotonic() + _LOOK_SECONDS
        decision = self._watch.glance()
        if decision.step is Step.SUPERSEDED:
            self.replaced = decision.seen
        # A gate that has no verdict by its deadline stops a release; a service that was found fit it does not.
        failed = decision.step in (Step.ROLL_BACK, Step.AWAIT_ROLLBACK) and decision.verdict is Verdict.UNHEALTHY
        if not (failed or self.replaced):
            return ""
        # Others of the release say it, who do not know this one's values.
        return self._session.redaction.text(
            f"{self._session.request.service}, of the same release: {self.replaced or decision}"
        )
