# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about a CloudFormation stack: the request, what was seen, and the answers that are not failures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._errors import FastbreakError

if TYPE_CHECKING:
    from datetime import datetime

#: A parsed template: plain dicts, lists and scalars, every intrinsic function in its long form.
Template = Mapping[str, Any]


@dataclass(frozen=True)
class OutputReference:
    """A parameter whose value is the output of the component's stack, in ``region``; empty means the task's."""

    component: str
    output: str
    region: str = ""


class WhenMade(str):
    """A parameter's value for a stack that is made. One that stands keeps what it has, else the template's default."""

    __slots__ = ()


@dataclass(frozen=True)
class ListenerRules:
    """Rules with *tags* that somebody else makes on the listener that users reach.

    The output ``production`` names that listener, ``plain`` one that always stands, which may be the same, and ``test``
    a further one with such rules. ``front`` is the stack that may reach the load balancer through a VPC origin. The
    last two may be empty.
    """

    production: str
    plain: str
    tags: Mapping[str, str]
    test: str = ""
    front: str = ""


@dataclass(frozen=True)
class StackRequest:
    """A stack as it should be. ``None`` for tags, policy or protection leaves what is there.

    ``depends_on`` and ``needed_by`` map the name of a component to the name of its stack; ``timeout_seconds`` bounds
    each wait. ``consent`` holds logical ids of what may be replaced or removed with its data; those in ``unprotect``,
    ``retain`` and ``skip_rollback`` are ways out of states that nothing else leads out of. Clients reach the listeners
    by ``domain_names``.
    """

    name: str
    template: Template | None = None
    template_text: str = ""
    parameters: Mapping[str, str | OutputReference] = field(default_factory=dict)
    tags: Mapping[str, str] | None = None
    termination_protection: bool | None = None
    stack_policy: Mapping[str, Any] | None = None
    capabilities: tuple[str, ...] = ()
    role_arn: str = ""
    timeout_seconds: float = 3600
    depends_on: Mapping[str, str] = field(default_factory=dict)
    needed_by: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    consent: tuple[str, ...] = ()
    unprotect: tuple[str, ...] = ()
    retain: tuple[str, ...] = ()
    skip_rollback: tuple[str, ...] = ()
    listener_rules: ListenerRules | None = None
    domain_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class StackSnapshot:
    """A stack as CloudFormation described it.

    ``resolved`` are the values that it read in Parameter Store for parameters that name one there.
    """

    name: str
    stack_id: str
    status: str
    status_reason: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    termination_protection: bool = False
    resolved: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True)
class StackEvent:
    """A line of a stack's history. ``at`` is in seconds since the epoch by CloudFormation's clock."""

    logical_id: str
    resource_type: str
    status: str
    reason: str = ""
    physical_id: str = ""
    at: float = 0.0
    token: str = ""


@dataclass(frozen=True)
class StackResource:
    """A resource that a stack has, or had."""

    logical_id: str
    resource_type: str
    status: str
    physical_id: str = ""


@dataclass(frozen=True)
class LivingState:
    """What a resource itself says: whether it refuses to be deleted, what it ``holds``, in words, and its storage."""

    protected: bool = False
    holds: str = ""
    storage_gib: int = 0


@dataclass(frozen=True)
class Certificate:
    """A certificate as ACM described it. ``names`` are all that it holds, maybe with a star as their first label."""

    status: str
    names: tuple[str, ...] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None
    key_algorithm: str = ""


@dataclass(frozen=True)
class HostedZone:
    """A zone of Route 53. ``name`` is the domain that it holds."""

    name: str
    private: bool = False


@dataclass(frozen=True)
class IamRole:
    """A role of IAM. ``services`` are those of AWS that its trust policy names."""

    arn: str
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class DriftDetection:
    """How a detection stands: ``status`` is the detection's own, ``drift`` what it found (``IN_SYNC``, ``DRIFTED``)."""

    status: str
    drift: str = ""
    reason: str = ""


@dataclass(frozen=True)
class ResourceDrift:
    """A resource that is not as its stack says. Each difference is (path, expected, actual)."""

    logical_id: str
    resource_type: str
    status: str
    differences: tuple[tuple[str, str, str], ...] = ()
    physical_id: str = ""


@dataclass(frozen=True)
class Reversal:
    """What is done to a resource to take its drift back.

    ``action`` is ``add``, ``modify`` or ``remove``; ``replacement`` is ``yes``, ``maybe``, ``no`` or ``unknown``.
    """

    logical_id: str
    resource_type: str
    action: str
    replacement: str
    physical_id: str = ""


@dataclass(frozen=True)
class ChangeSet:
    """What CloudFormation would do."""

    status: str
    reason: str = ""
    reversals: tuple[Reversal, ...] = ()


class StackBusyError(FastbreakError):
    """Another operation on the stack is under way, or has just created it: read it again."""


class NothingToUpdateError(FastbreakError):
    """CloudFormation compared and found nothing to do."""


class StackGoneError(FastbreakError):
    """The stack does not exist (any more)."""
