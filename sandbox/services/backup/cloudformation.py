# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::Backup::BackupSelection, of which every property replaces, as its schema says; drift of plans and vaults."""

from typing import Any

from sandbox.clients import client
from sandbox.services.cloudformation.model.drift import cut
from sandbox.services.cloudformation.model.types import (
    Context,
    Created,
    DriftReader,
    Properties,
    Resources,
    ResourceType,
)


def _backup() -> Any:
    return client("backup")


def _create(properties: Properties, _context: Context) -> Created:
    plan = properties["BackupPlanId"]
    made = _backup().create_backup_selection(BackupPlanId=plan, BackupSelection=properties["BackupSelection"])
    selection = made["SelectionId"]
    return f"{selection}_{plan}", {"SelectionId": selection, "BackupPlanId": plan}


def _ids(physical_id: str) -> dict[str, str]:
    selection, _, plan = physical_id.partition("_")
    return {"BackupPlanId": plan, "SelectionId": selection}


def _delete(physical_id: str, _properties: Properties) -> None:
    backup = _backup()
    try:
        backup.delete_backup_selection(**_ids(physical_id))
    except backup.exceptions.ResourceNotFoundException:
        return


def _read(physical_id: str, properties: Properties) -> Properties | None:
    backup = _backup()
    try:
        found = backup.get_backup_selection(**_ids(physical_id))
    except backup.exceptions.ResourceNotFoundException:
        return None
    # AWS Backup answers with empty lists where the template says nothing.
    selection = cut(properties["BackupSelection"], found["BackupSelection"])
    return {"BackupPlanId": found["BackupPlanId"], "BackupSelection": selection}


def _plan(physical_id: str, properties: Properties) -> Properties | None:
    plan = _backup().get_backup_plan(BackupPlanId=physical_id)["BackupPlan"]
    rules = [{"TargetBackupVault": rule.pop("TargetBackupVaultName"), **rule} for rule in plan.pop("Rules")]
    current = {**plan, "BackupPlanRule": rules}
    # AWS Backup answers with defaults and empty lists where the template says nothing.
    return {"BackupPlan": cut(properties["BackupPlan"], current)}


def _vault(name: str, _properties: Properties) -> Properties | None:
    vault = _backup().describe_backup_vault(BackupVaultName=name)
    return {"BackupVaultName": name, "EncryptionKeyArn": vault["EncryptionKeyArn"]}


RESOURCES = Resources(
    types=(
        ResourceType(
            name="AWS::Backup::BackupSelection",
            create=_create,
            delete=_delete,
            read=_read,
            compared=frozenset({"BackupPlanId", "BackupSelection"}),
            replacing=frozenset({"BackupPlanId", "BackupSelection"}),
            tags=None,
        ),
    ),
    drift_readers={
        "AWS::Backup::BackupPlan": DriftReader(_plan, frozenset({"BackupPlan"})),
        # MiniStack keeps no access policy.
        "AWS::Backup::BackupVault": DriftReader(_vault, frozenset({"BackupVaultName", "EncryptionKeyArn"})),
    },
    # By its schema nothing of a plan replaces it.
    create_only={"AWS::Backup::BackupPlan": ()},
)
