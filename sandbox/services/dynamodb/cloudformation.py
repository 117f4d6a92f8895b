# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::DynamoDB::Table: recovery, encryption and deletion protection, which MiniStack's type drops or garbles."""

from typing import Any

from sandbox.clients import client
from sandbox.ministack import drift, dynamodb, provisioners
from sandbox.services.cloudformation.model.types import DriftReader, Properties, Resources, as_bool

Made = tuple[str, dict[str, Any]]
_KIND = "AWS::DynamoDB::Table"
_MINISTACK = drift._DRIFT_READERS[_KIND]


def complete() -> None:
    """Complete MiniStack's type."""
    entry = provisioners._RESOURCE_HANDLERS[_KIND]
    create, update = entry["create"], entry["update"]

    def create_table(logical_id: str, properties: Properties, stack_name: str) -> Made:
        return _completed(create(logical_id, _typed(properties), stack_name), {}, properties)

    def update_table(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Made:
        return _completed(update(physical_id, _typed(old), _typed(new), *rest), old, new)

    entry.update(create=create_table, update=update_table)
    _protect(entry)


def _protect(entry: dict[str, Any]) -> None:
    """Refuse to delete a protected table, which MiniStack's type deletes all the same."""
    delete = entry["delete"]

    def delete_table(name: str, properties: Properties) -> None:
        if as_bool((dynamodb._tables.get(name) or {}).get("DeletionProtectionEnabled", False)):
            raise ValueError(
                'Resource handler returned message: "Resource cannot be deleted as it is currently protected against '
                'deletion. Disable deletion protection first."'
            )
        delete(name, properties)
        dynamodb._pitr_settings.pop(name, None)

    entry["delete"] = delete_table


def _typed(properties: Properties) -> Properties:
    """A parameter hands in a boolean as text, and the text "false" is true to Python."""
    if properties.get("DeletionProtectionEnabled") is None:
        return properties
    return {**properties, "DeletionProtectionEnabled": as_bool(properties["DeletionProtectionEnabled"])}


def _completed(made: Made, old: Properties, new: Properties) -> Made:
    name, api = made[0], client("dynamodb")
    if old.get("PointInTimeRecoverySpecification") != new.get("PointInTimeRecoverySpecification"):
        recovery = new.get("PointInTimeRecoverySpecification") or {}
        enabled = as_bool(recovery.get("PointInTimeRecoveryEnabled", False))
        specification = {"PointInTimeRecoveryEnabled": enabled}
        api.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=specification)
    if old.get("SSESpecification") != new.get("SSESpecification"):
        wanted = new.get("SSESpecification") or {"SSEEnabled": False}
        named = {field: wanted[field] for field in ("SSEType", "KMSMasterKeyId") if wanted.get(field)}
        api.update_table(TableName=name, SSESpecification={"Enabled": as_bool(wanted["SSEEnabled"]), **named})
    return made


def _table(name: str, properties: Properties) -> Properties | None:
    api = client("dynamodb")
    current: Properties | None = _MINISTACK[0](name, properties)
    if current is None:
        return None
    table = api.describe_table(TableName=name)["Table"]
    backups = api.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    sse = table.get("SSEDescription") or {}
    return {
        **current,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": recovery == "ENABLED"},
        "SSESpecification": {
            "SSEEnabled": sse.get("Status") == "ENABLED",
            "SSEType": sse.get("SSEType"),
            "KMSMasterKeyId": sse.get("KMSMasterKeyArn"),
        },
    }


RESOURCES = Resources(
    completions=(complete,),
    on_worker=frozenset({_KIND}),
    drift_readers={
        _KIND: DriftReader(_table, _MINISTACK[1] | {"PointInTimeRecoverySpecification", "SSESpecification"}),
    },
)
