# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What deletions of a stack leave behind, in no stack: what it costs, and how it is deleted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .._errors import OperationError
from .monthly_cost import charges
from .template import Model
from .types import StackGoneError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .ports import Ports
    from .types import StackEvent, StackResource

    #: Resources of a template by logical id, each with its deletion policy.
    Bodies = Mapping[str, Mapping[str, Any]]

_KEPT = {"Retain", "RetainExceptOnCreate"}
_SNAPSHOT = "Snapshot"
# Whoever makes and deletes an environment every day wants to know of the last ones, not of ninety.
_MOST_STACKS = 5

#: How each type that our templates keep, or that teardown can be asked to keep, is deleted.
_WAYS: Mapping[str, str] = {
    "AWS::Backup::BackupVault": "when its recovery points have expired: aws backup delete-backup-vault "
    "--backup-vault-name {id}",
    "AWS::DynamoDB::Table": "aws dynamodb delete-table --table-name {id}",
    "AWS::ECR::Repository": "aws ecr delete-repository --force --repository-name {id}",
    "AWS::IAM::OIDCProvider": "aws iam delete-open-id-connect-provider --open-id-connect-provider-arn {id}",
    "AWS::KMS::Key": "when nothing is left that it encrypts: aws kms schedule-key-deletion --key-id {id}",
    "AWS::Logs::LogGroup": "aws logs delete-log-group --log-group-name {id}",
    "AWS::S3::Bucket": "when its lifecycle or you have emptied it, of all versions: aws s3api delete-bucket "
    "--bucket {id}",
    "AWS::SecretsManager::Secret": "aws secretsmanager delete-secret --secret-id {id}",
}
_WAYS_OF_SNAPSHOTS: Mapping[str, str] = {
    "AWS::RDS::DBInstance": "aws rds delete-db-snapshot --db-snapshot-identifier <name>, which aws rds "
    "describe-db-snapshots --snapshot-type manual --db-instance-identifier {id} tells",
}
_BY_HAND = "by hand, in its own service"


@dataclass(frozen=True)
class LeftBehind:
    """A resource that is in no stack any more, or its last snapshot.

    ``usd`` is what it costs a month besides what it stores, ``delete`` how it is deleted.
    """

    logical_id: str
    resource_type: str
    physical_id: str
    is_snapshot: bool
    usd: float
    delete: str

    def as_data(self) -> dict[str, Any]:
        """As a module's result has it."""
        return asdict(self)


@dataclass(frozen=True)
class Earlier:
    """What earlier stacks of a name left behind. ``unseen`` says what could not be looked at; empty when all was."""

    left_behind: tuple[LeftBehind, ...] = ()
    unseen: str = ""


def left_by_deletion(
    bodies: Bodies, resources: Iterable[StackResource], retain: Sequence[str] = ()
) -> tuple[LeftBehind, ...]:
    """What stays of a stack's *resources* when it is deleted, by its template and what is to be retained."""
    found = []
    for item in resources:
        policy = _policy(bodies, item.logical_id)
        if item.logical_id in retain or policy in _KEPT:
            found.append(_kept(item))
        elif policy == _SNAPSHOT:
            found.append(_snapshot(item))
    return tuple(found)


def left_by_earlier(name: str, bodies: Bodies, ports: Ports) -> Earlier:
    """What earlier stacks of this name left behind, by CloudFormation's memory of 90 days; maybe deleted since.

    Of what only a snapshot is left, the template as it is now tells. Nothing depends on the answer, so a refusal or a
    stack that CloudFormation has forgotten meanwhile stops nobody: what was seen is told, and that it is not all.
    """
    found: list[LeftBehind] = []
    try:
        stacks = ports.stacks.list_deleted_stacks(name)[:_MOST_STACKS]
    except OperationError as error:
        return Earlier(unseen=_unseen(name, error.message))
    reasons: list[str] = []
    for stack_id in stacks:
        try:
            for event in ports.stacks.describe_stack_events(stack_id):
                found += _of_event(event, bodies)
        except (OperationError, StackGoneError) as error:
            reasons.append(error.message)
    # The refusals are alike: one says it.
    return Earlier(tuple(dict.fromkeys(found)), _unseen(name, reasons[0]) if reasons else "")


def way_to_delete(resource_type: str, physical_id: str) -> str:
    """How a resource that is in no stack is deleted, as a command where one is known."""
    return _WAYS.get(resource_type, _BY_HAND).format(id=physical_id)


def _unseen(name: str, reason: str) -> str:
    return (
        f"Not everything that earlier stacks {name} left behind could be looked for: {reason.rstrip('.')}. Where it "
        "was refused, let the role call cloudformation:ListStacks and cloudformation:DescribeStackEvents: bring the "
        "bootstrap and component iam up to date. This run goes on without."
    )


def _of_event(event: StackEvent, bodies: Bodies) -> list[LeftBehind]:
    if event.status == "DELETE_SKIPPED" and event.physical_id:
        return [_kept(event)]
    if event.status == "DELETE_COMPLETE" and _policy(bodies, event.logical_id) == _SNAPSHOT:
        return [_snapshot(event)]
    return []


def _policy(bodies: Bodies, logical_id: str) -> str:
    return str(bodies.get(logical_id, {}).get("DeletionPolicy", ""))


def _kept(item: StackResource | StackEvent) -> LeftBehind:
    alone = Model(resources={item.logical_id: {"Type": item.resource_type}})
    usd = sum(charge.usd or 0.0 for charge in charges(alone) if item.resource_type in _WAYS)
    way = way_to_delete(item.resource_type, item.physical_id)
    return LeftBehind(item.logical_id, item.resource_type, item.physical_id, False, usd, way)


def _snapshot(item: StackResource | StackEvent) -> LeftBehind:
    way = _WAYS_OF_SNAPSHOTS.get(item.resource_type, _BY_HAND).format(id=item.physical_id)
    return LeftBehind(item.logical_id, item.resource_type, item.physical_id, True, 0.0, way)
