# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout is asked to do. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..._release.record import DEPLOY
from ..._release.schema import Schema
from ..service.ownership import Owner
from ..stages import DONE, Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._release.record import Measurement
    from ..definition.comparison import Document
    from ..disclosure.fingerprint import Disclosure
    from ..gates.model import Gate
    from ..scaling.model import Scaling
    from ..service.requests import Aim
    from ..values import ListenerRule, ServiceSettings


#: From where gates send their requests: this machine, a task in the network of the service's tasks, or such a task
#: before there are users and this machine afterwards.
CONTROLLER, TASK, TASK_BEFORE_TRAFFIC = "controller", "task", "task_before_traffic"
#: What callers have to show: a token of an OpenID Connect issuer, or nothing.
OIDC, OPEN = "oidc", "open"


@dataclass(frozen=True, slots=True)
class Probing:
    """``command`` is what the *container* runs to send requests; its options are those of the service's ``probe``.

    ``task_role_arn`` is whom a task that sends them acts as; empty: the revision's own.
    """

    place: str = CONTROLLER
    command: tuple[str, ...] = ()
    container: str = ""
    task_role_arn: str = ""

    def by_task_at(self, phase: Phase | None) -> bool:
        """Whether a task asks there: by the test listener if that is all it is for."""
        return self.place == TASK or (self.place == TASK_BEFORE_TRAFFIC and bool(phase and phase.test_url))


@dataclass(frozen=True, slots=True)
class Skipping:
    """How to know that a database needs no migration.

    An image says by its ``label`` what its migration does. A migration is told by ``variable`` the mark that it leaves,
    and what runs says by an answer to ``aim`` which mark it finds; it names its version in ``version_header``.
    """

    label: str
    variable: str
    aim: Aim
    version_header: str = ""


@dataclass(frozen=True, slots=True)
class Migration:
    """A command of the new revision that is run once, before the service is touched.

    ``cpu`` (CPU units) and ``memory_mib`` are the whole task's; 0: the revision's own. ``environment`` is added to the
    container's. ``task_role_arn`` is whom the task acts as; empty: the revision's own. Without ``skipping`` it is run
    with each release.
    """

    container: str
    command: tuple[str, ...]
    timeout_seconds: float = 600.0
    cpu: int = 0
    memory_mib: int = 0
    environment: tuple[tuple[str, str], ...] = ()
    task_role_arn: str = ""
    skipping: Skipping | None = None


@dataclass(frozen=True, slots=True)
class RolloutRequest:
    """One release of one service.

    ``document`` is a RegisterTaskDefinition request whose released container names no image. ``revision`` names a
    registered one that is deployed instead of ``version`` and ``document``. ``owner`` names this run, and no other, to
    another that finds it locked. ``disclosure`` is how the user's values are shown.
    ``stop_serving`` names what users may reach it by no more, ``take_requests_from`` the services that may lose
    requests to it. ``keep_revisions`` is how many of the service's own revisions stay registered; None: all.
    ``alternate_target_group_arn`` is the other target group of a service whose traffic can be shifted, by leave of the
    infrastructure role. ``test_url`` is where a release is reached before users reach it. ``wait_until`` is when the
    run ends: DONE, PAUSED, or the name of a stage. ``judge_only``: it goes on with a release under way, or fails.
    ``passed_before`` is what the gates found that are not asked again. ``settings_after`` are those that a rollback
    leaves, where they are others than those on its way. ``schema`` is what it needs of the database.
    ``services`` are all services of the release in their order, where it is one of several.
    ``probing`` says from where gates send requests. ``identity`` is what callers have to show, as the option has it.
    """

    cluster: str
    service: str
    repository: str
    version: str
    document: Document
    settings: ServiceSettings
    owner: str
    disclosure: Disclosure
    kind: str = DEPLOY
    rules: tuple[ListenerRule, ...] = ()
    scaling: Scaling | None = None
    desired_count: int = 1
    gates: tuple[Gate[Any], ...] = ()
    migration: Migration | None = None
    supersede: bool = False
    force_new_deployment: bool = False
    require_promoted: bool = False
    timeout_seconds: float = 1800.0
    poll_seconds: float = 5.0
    tags: Mapping[str, str] = field(default_factory=dict)
    revision: str = ""
    keep_revisions: int | None = None
    stop_serving: tuple[str, ...] = ()
    take_requests_from: tuple[str, ...] = ()
    alternate_target_group_arn: str = ""
    infrastructure_role_arn: str = ""
    test_url: str = ""
    wait_until: str = DONE
    judge_only: bool = False
    passed_before: tuple[Measurement, ...] = ()
    settings_after: ServiceSettings | None = None
    schema: Schema = field(default_factory=Schema)
    services: tuple[str, ...] = ()
    probing: Probing = field(default_factory=Probing)
    identity: str = OPEN

    @property
    def owned_by(self) -> Owner:
        """Whom the tags of our listener rules and revisions name."""
        return Owner(self.service, self.cluster.rpartition("/")[2])

    @property
    def lasting_settings(self) -> ServiceSettings:
        """What the service is set to once the release is in place."""
        return self.settings_after or self.settings

    @property
    def target_group_arn(self) -> str:
        """The target group that tasks are registered with; of two that traffic shifts between, the service's own.

        Empty for a service that no load balancer sends requests to.
        """
        return min((binding.target_group_arn for binding in self.settings.target_bindings), default="")

    @property
    def target_group_arns(self) -> tuple[str, ...]:
        """Every target group that tasks of the release may be in."""
        return tuple(sorted(arn for binding in self.settings.target_bindings for arn in binding.target_group_arns))
