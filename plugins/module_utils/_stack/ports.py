# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stack flows need from the world. Clients and fakes fulfil these."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .._common.clock import Clock
    from .._common.progress import Progress
    from .listener_rules import Rule
    from .types import (
        Certificate,
        HostedZone,
        IamRole,
        LivingState,
        StackEvent,
        StackRequest,
        StackResource,
        StackSnapshot,
        Template,
    )


class StackApi(Protocol):
    """CloudFormation. Every method may raise `UnavailableError`; writing ones also `StackBusyError`."""

    @property
    def region(self) -> str: ...

    def describe_stack(self, name: str) -> StackSnapshot | None: ...

    def list_deleted_stacks(self, name: str) -> Sequence[str]:
        """The ids of the stacks of this name that were deleted in the last 90 days, the latest first.

        Raises `OperationError` for whoever may not ask.
        """

    def describe_stack_events(self, stack_id: str) -> Iterator[StackEvent]:
        """The stack's history, newest first. Pages are read as far as the caller reads.

        Raises `StackGoneError` for a stack that CloudFormation does not know, or not any more.
        """

    def list_stack_resources(self, stack_id: str) -> Sequence[StackResource]: ...

    def get_template(self, name: str) -> Template: ...

    def get_stack_policy(self, name: str) -> Mapping[str, Any] | None: ...

    def create_stack(self, request: StackRequest, parameters: Mapping[str, str], token: str) -> None: ...

    def update_stack(self, request: StackRequest, parameters: Mapping[str, str], token: str) -> None:
        """Raises `NothingToUpdateError` when CloudFormation finds nothing to do."""

    def list_imports(self, export: str) -> Sequence[str]:
        """The stacks that import what a stack exports."""

    def delete_stack(self, name: str, token: str, retain: Sequence[str] = ()) -> None: ...

    def continue_update_rollback(self, name: str, token: str, skip: Sequence[str] = ()) -> None: ...

    def rollback_stack(self, name: str, token: str) -> None: ...

    def set_stack_policy(self, name: str, policy: Mapping[str, Any]) -> None: ...

    def update_termination_protection(self, name: str, *, enabled: bool) -> None: ...


class Living(Protocol):
    """The resources themselves, as their own services know them."""

    def describe(self, resource: StackResource) -> LivingState | None:
        """None when its type is not among those that are looked at."""

    def unprotect(self, resource: StackResource) -> None:
        """Turn its own protection off."""

    def is_taken(self, resource_type: str, name: str) -> bool:
        """Whether there is one of this name; False also where nobody looks, or may look."""

    def occupants(self, resource: StackResource) -> Sequence[str]:
        """What of others lives in it, in words; nothing of a type that is not looked at."""


class ParameterStore(Protocol):
    """Where parameters of a template may be stored."""

    def read_values(self, names: Sequence[str]) -> Mapping[str, str]:
        """The values by the names given; without those that are not there."""


class Catalogue(Protocol):
    """What an account has before any stack."""

    def zones(self) -> Mapping[str, str]:
        """The state of each availability zone that the account may use, by the zone's name."""

    def certificate(self, arn: str) -> Certificate | None:
        """A certificate of ACM; None when there is none of that ARN."""

    def hosted_zone(self, zone_id: str) -> HostedZone | None:
        """A zone of Route 53; None when the account has none of that id."""

    def prefix_list(self, list_id: str) -> str | None:
        """The name of a prefix list of EC2; None when the region has none of that id."""

    def account(self) -> str:
        """The number of the account."""

    def role(self, name: str) -> IamRole | None:
        """A role of IAM; None when the account has none of that name."""

    def user_arn(self, name: str) -> str:
        """The ARN of a user of IAM; empty when the account has none of that name."""

    def has_policy(self, arn: str) -> bool:
        """Whether IAM has a managed policy of that ARN."""

    def has_backup_vault(self, name: str, region: str) -> bool:
        """Whether the account has a vault of AWS Backup of that name in a region."""

    def token_issuers(self) -> Mapping[str, str]:
        """The OpenID Connect providers of the account: their ARNs by their URL without its scheme."""


class Rules(Protocol):
    """The rules on listeners, without the default ones."""

    def list_rules(self, listener_arn: str) -> Sequence[Rule]:
        """By priority; none when there is no such listener."""

    def create_rule(self, listener_arn: str, rule: Rule) -> None:
        """Make a rule like *rule*, with its tags, on a listener."""

    def change_rule(self, there: Rule, rule: Rule) -> None:
        """Have the rule that is *there* do what *rule* does."""

    def delete_rule(self, rule: Rule) -> None: ...


class DependencyState(Enum):
    """How a component that another reads is doing in the run that both belong to."""

    OUTSIDE = "outside"  # not part of this run: only CloudFormation knows
    RUNNING = "running"
    SETTLED = "settled"
    FAILED = "failed"


class Run(Protocol):
    """The run in which several components are applied at once."""

    def state_of(self, component: str) -> DependencyState: ...

    def told_outputs(self, component: str) -> Mapping[str, str | None] | None:
        """The outputs that a settled component told, as they are or as a check expects them; None when it told none."""

    def publish(self, outputs: Mapping[str, str | None]) -> None:
        """Leave the outputs for those that read them."""

    def planning(self) -> Planning | None:
        """The run while its plans are made; None when each applies its own without waiting for the others'."""


class Planning(Run, Protocol):
    """A run whose components all plan before the first one applies.

    Seen from here a component is settled as soon as it told the outputs that its plan will have.
    """

    def foresee(self, outputs: Mapping[str, str | None]) -> None:
        """Tell the others the outputs that this one expects, before it is known whether its plan stands."""

    def planned(self, outputs: Mapping[str, str | None], *, settled: bool) -> None:
        """Tell the others that this one's plan stands, and the outputs that it expects.

        *settled*: there is nothing to apply, and never will be in this run.
        """

    def states(self) -> Mapping[str, DependencyState]:
        """How all plans of the run stand."""


class NoRun:
    """A stack that is applied by itself: everything it reads is outside."""

    def state_of(self, _component: str) -> DependencyState:
        return DependencyState.OUTSIDE

    def told_outputs(self, _component: str) -> Mapping[str, str | None] | None:
        return None

    def publish(self, outputs: Mapping[str, str | None]) -> None:
        """Nobody reads them in a run of one."""

    def planning(self) -> Planning | None:
        return None


@dataclass(frozen=True)
class Ports:
    """Everything that a flow touches. ``new_token`` makes the token that marks an operation's events.

    ``elsewhere`` reads the stacks of another region.
    """

    stacks: StackApi
    elsewhere: Callable[[str], StackApi]
    clock: Clock
    run: Run
    progress: Progress
    new_token: Callable[[], str]
    living: Living
    store: ParameterStore
    rules: Rules
    catalogue: Catalogue
