# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every deployment strategy can do: begin a deployment, tell how it stands, and ask ECS to roll it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..service.deployment import DeploymentState
    from ..service.writes import ServiceChange
    from ..session import Session
    from ..values import Service


@dataclass(frozen=True, slots=True)
class Started:
    """A deployment that was started by *strategy*.

    ``arn`` empty: what is judged runs already, and no service deployment of it is known. ``primary_id`` is what its
    tasks are started by.
    """

    strategy: Strategy
    task_definition_arn: str
    arn: str = ""
    primary_id: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a deployment stands. ``superseded``: another one replaced it, and ``reason`` says which."""

    state: DeploymentState
    reason: str = ""
    superseded: bool = False


class Strategy(Protocol):
    """A way of bringing a service from one revision to another. ``name`` is ECS's."""

    name: str

    def create(self, session: Session, task_definition_arn: str, known: frozenset[str]) -> Started:
        """Create the service. *known* are service deployments of one that had its name before."""

    def update(self, session: Session, change: ServiceChange, task_definition_arn: str) -> Started:
        """Make the change, which brings a living service to the revision."""

    def adopt(self, session: Session, task_definition_arn: str) -> Started:
        """What runs already, to be judged: with its latest service deployment when that goes to the revision."""

    def follow(self, session: Session, started: Started, service: Service) -> Standing:
        """How the deployment stands. Raises UnavailableError when it cannot be told now."""

    def roll_back(self, session: Session, started: Started) -> bool:
        """Ask ECS to roll the deployment back. False when it is past that."""
