# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The release table in DynamoDB (docs/contracts.md, "The release record") through boto3."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .._aws.api import ApiRefusedError, AwsClient
from .._common.verdict import Verdict
from .._errors import OperationError
from .record import Lock, Measurement, Outcome, Release

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

try:
    from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

    HAS_BOTO3 = True
except ImportError:
    HAS_BOTO3 = False

_NO_TABLE = frozenset({"ResourceNotFoundException"})
_CONDITION_FAILED = "ConditionalCheckFailedException"
_LOCK = "LOCK"
_HISTORY = 200


class ReleasesClient(AwsClient):
    """One release table."""

    label = "DynamoDB"

    def __init__(self, connect: Callable[[], Any], table: str) -> None:
        super().__init__(connect)
        self._table = table

    def table_problem(self) -> str:
        """Why the table cannot be used, or an empty string."""
        answer = self._find(f"describe release table {self._table}", "describe_table", _NO_TABLE, TableName=self._table)
        if answer is None:
            return f"Release table {self._table} does not exist; provision component 'service', or name another."
        status = answer["Table"]["TableStatus"]
        return "" if status in ("ACTIVE", "UPDATING") else f"Release table {self._table} is {status}; wait for ACTIVE."

    def history(self, service: str) -> tuple[Release, ...]:
        """The service's newest 200 releases, the newest first."""
        answer = self._call(
            f"read the releases of {service}",
            "query",
            TableName=self._table,
            KeyConditionExpression="service = :service AND begins_with(release_id, :prefix)",
            ExpressionAttributeValues=_write({":service": service, ":prefix": "R#"}),
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=_HISTORY,
        )
        return tuple(_read_release(_read(item)) for item in answer["Items"])

    def start(self, release: Release) -> None:
        """Write a new record."""
        self._put(release, "attribute_not_exists(release_id)", {})

    def note_deployment(self, release: Release) -> None:
        """Write the deployment's id into a record that is in progress."""
        self._put(release, "outcome = :in_progress", {":in_progress": Outcome.IN_PROGRESS.value})

    def finish(self, release: Release) -> None:
        """Complete a record that is in progress."""
        self._put(release, "outcome = :in_progress", {":in_progress": Outcome.IN_PROGRESS.value})

    def _put(self, release: Release, condition: str, values: Mapping[str, str]) -> None:
        item = {**asdict(release), "outcome": release.outcome.value}
        item["gates"] = [{**asdict(one), "verdict": one.verdict.value} for one in release.gates]
        arguments: dict[str, Any] = {"TableName": self._table, "Item": _write(item), "ConditionExpression": condition}
        if values:
            arguments["ExpressionAttributeValues"] = _write(values)
        try:
            self._call(f"write release {release.release_id}", "put_item", **arguments)
        except ApiRefusedError as error:
            if error.code != _CONDITION_FAILED:
                raise
            raise OperationError(
                f"Tried to write release {release.release_id} of {release.service}, but its record is not as this "
                "run left "
                "it: another run has written it. Nothing more was written; see the release history."
            ) from error

    def read_lock(self, service: str) -> Lock | None:
        """The lock as it stands, held or not."""
        answer = self._call(
            f"read the lock of {service}",
            "get_item",
            TableName=self._table,
            Key=_write({"service": service, "release_id": _LOCK}),
            ConsistentRead=True,
        )
        if "Item" not in answer:
            return None
        item = _read(answer["Item"])
        return Lock(item["owner"], item["started_at"], int(item["expires_at"]))

    def take_lock(self, service: str, lock: Lock, *, now: datetime) -> bool:
        """Take the lock, or renew it when it is ours. False when another holds it at *now*."""
        item = {"service": service, "release_id": _LOCK, **asdict(lock)}
        try:
            self._call(
                f"take the lock of {service}",
                "put_item",
                TableName=self._table,
                Item=_write(item),
                ConditionExpression="attribute_not_exists(release_id) OR expires_at <= :now OR #owner = :owner",
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues=_write({":now": int(now.timestamp()), ":owner": lock.owner}),
            )
        except ApiRefusedError as error:
            if error.code == _CONDITION_FAILED:
                return False
            raise
        return True

    def drop_lock(self, service: str, owner: str) -> None:
        """Give the lock up, when it is still ours."""
        try:
            self._call(
                f"give up the lock of {service}",
                "delete_item",
                TableName=self._table,
                Key=_write({"service": service, "release_id": _LOCK}),
                ConditionExpression="#owner = :owner",
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues=_write({":owner": owner}),
            )
        except ApiRefusedError as error:
            if error.code != _CONDITION_FAILED:
                raise


def _write(values: Mapping[str, Any]) -> dict[str, Any]:
    serializer = TypeSerializer()
    return {key: serializer.serialize(value) for key, value in values.items()}


def _read(item: Mapping[str, Any]) -> dict[str, Any]:
    deserializer = TypeDeserializer()
    return {key: deserializer.deserialize(value) for key, value in item.items()}


def _read_release(item: Mapping[str, Any]) -> Release:
    names = set(Release.__dataclass_fields__)
    known = {key: value for key, value in item.items() if key in names and key not in ("outcome", "gates")}
    gates = tuple(
        Measurement(
            **{
                **gate,
                "verdict": Verdict(gate["verdict"]),
                "samples": int(gate["samples"]),
                "failures": int(gate["failures"]),
            }
        )
        for gate in item.get("gates", [])
    )
    return Release(**known, outcome=Outcome(item["outcome"]), gates=gates)
