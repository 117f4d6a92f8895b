# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::Logs::LogGroup: its key, which MiniStack does not compare."""

from sandbox.clients import client
from sandbox.ministack import drift
from sandbox.services.cloudformation.model.types import DriftReader, Properties, Resources

_MINISTACK = drift._DRIFT_READERS["AWS::Logs::LogGroup"]


def _log_group(name: str, properties: Properties) -> Properties | None:
    current: Properties | None = _MINISTACK[0](name, properties)
    if current is None:
        return None
    groups = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    key = next((group.get("kmsKeyId") for group in groups if group["logGroupName"] == name), None)
    return {**current, "KmsKeyId": key} if key else current


RESOURCES = Resources(
    drift_readers={"AWS::Logs::LogGroup": DriftReader(_log_group, _MINISTACK[1] | {"KmsKeyId"})},
    create_only={"AWS::Logs::LogGroup": ("LogGroupName",)},
)
