# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The release table against answers that botocore's own model has checked."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws import api
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.table import encode
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import (
    KeptSnapshot,
    Lock,
    Measurement,
    Outcome,
    Release,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.table import ReleasesClient
from botocore.stub import ANY, Stubber

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RELEASE = Release(
    service="web",
    release_id="R#seq-000000000001",
    version="1.0.0-" + "c" * 40,
    image="registry.example/web@sha256:" + "a" * 64,
    digest="sha256:" + "a" * 64,
    commit="c" * 40,
    strategy="canary",
    kind="deploy",
    task_definition_arn="arn:aws:ecs:us-east-1:111111111111:task-definition/web:2",
    started_at="2026-01-01T00:00:00.000Z",
    started_by="me",
    outcome=Outcome.SUCCEEDED,
    gates=(Measurement("http", Verdict.HEALTHY, "200", "200", 10, 1, "then", "later"),),
)
KEY = {"service": {"S": "web"}, "release_id": {"S": "LOCK"}}


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as made:
        yield made
        made.assert_no_pending_responses()
    client.close()


def releases(stub: Stubber) -> ReleasesClient:
    return ReleasesClient(lambda: stub.client, "t")


def written(stub: Stubber, release: Release) -> dict[str, Any]:
    """*release* as the table is given it."""
    kept: dict[str, Any] = {}
    stub.client.meta.events.register(
        "provide-client-params.dynamodb.PutItem", lambda params, **_others: kept.update(params["Item"])
    )
    stub.add_response("query", {"Items": []}, query(Limit=1))
    stub.add_response("put_item", {}, {"TableName": "t", "Item": ANY, "ConditionExpression": ANY})
    assert releases(stub).start(replace(release, release_id="")) == release
    return kept


def query(**more: Any) -> dict[str, Any]:
    return {
        "TableName": "t",
        "KeyConditionExpression": "service = :service AND begins_with(release_id, :prefix)",
        "ExpressionAttributeValues": {":service": {"S": "web"}, ":prefix": {"S": "R#"}},
        "ScanIndexForward": False,
        "ConsistentRead": True,
        "Limit": 200,
        **more,
    }


def test_what_is_written_is_read_back(stub: Stubber) -> None:
    item = written(stub, RELEASE)
    stub.add_response("query", {"Items": [item]}, query())
    assert releases(stub).history("web") == (RELEASE,)


def test_a_history_is_read_over_pages_and_ends_with_200(stub: Stubber) -> None:
    """DynamoDB ends a page at 1 MiB, however few items are in it."""
    item = written(stub, RELEASE)
    stub.add_response("query", {"Items": [item] * 150, "LastEvaluatedKey": KEY}, query())
    stub.add_response("query", {"Items": [item] * 150, "LastEvaluatedKey": KEY}, query(ExclusiveStartKey=KEY))
    assert len(releases(stub).history("web")) == 200


@pytest.mark.parametrize("write", ["note_deployment", "finish"])
def test_a_record_is_completed_while_it_is_in_progress(stub: Stubber, write: str) -> None:
    condition = {
        "TableName": "t",
        "Item": ANY,
        "ConditionExpression": "outcome = :in_progress",
        "ExpressionAttributeValues": {":in_progress": {"S": "IN_PROGRESS"}},
    }
    stub.add_response("put_item", {}, condition)
    getattr(releases(stub), write)(RELEASE)
    item = dict(written(stub, RELEASE))
    for _lost in range(2):
        stub.add_client_error("put_item", "ConditionalCheckFailedException")
        stub.add_response("get_item", {"Item": item})
    getattr(releases(stub), write)(RELEASE)  # Its answer was lost, but it was written.
    with pytest.raises(OperationError, match="another run has written it"):
        getattr(releases(stub), write)(replace(RELEASE, outcome=Outcome.FAILED))


LOCK = {**KEY, "owner": {"S": "me"}, "started_at": {"S": "now"}, "lease": {"N": "7"}}
HELD = {"TableName": "t", "Key": KEY, "ConsistentRead": True}


def test_lock_is_read_as_it_was_written(stub: Stubber) -> None:
    lock = Lock("me", "now", 7)
    taken = {"TableName": "t", "Item": LOCK, "ConditionExpression": "attribute_not_exists(release_id)"}
    stub.add_response("put_item", {}, taken)
    assert releases(stub).write_lock("web", lock, seen=None)
    stub.add_response("get_item", {"Item": LOCK}, HELD)
    stub.add_response("get_item", {}, HELD)
    assert (releases(stub).read_lock("web"), releases(stub).read_lock("web")) == (lock, None)


def test_lock_of_before_there_were_leases_can_be_read_and_taken_over(stub: Stubber) -> None:
    old = {**KEY, "owner": {"S": "dead"}, "started_at": {"S": "then"}, "expires_at": {"N": "1767225600"}}
    stub.add_response("get_item", {"Item": old}, HELD)
    assert releases(stub).read_lock("web") == Lock("dead", "then", 0)


def test_lock_is_written_over_the_very_one_that_was_seen(stub: Stubber) -> None:
    over = {
        "TableName": "t",
        "Item": LOCK,
        "ConditionExpression": "#owner = :owner AND (lease = :lease OR attribute_not_exists(lease))",
        "ExpressionAttributeNames": {"#owner": "owner"},
        "ExpressionAttributeValues": {":owner": {"S": "dead"}, ":lease": {"N": "6"}},
    }
    stub.add_response("put_item", {}, over)
    assert releases(stub).write_lock("web", Lock("me", "now", 7), seen=Lock("dead", "then", 6))


@pytest.mark.parametrize(("there", "ours"), [({}, True), ({"lease": {"N": "8"}}, False), (None, False)])
def test_lock_whose_answer_was_lost_is_ours_and_no_other(
    stub: Stubber, there: dict[str, Any] | None, ours: bool
) -> None:
    stub.add_client_error("put_item", "ConditionalCheckFailedException")
    stub.add_response("get_item", {} if there is None else {"Item": {**LOCK, **there}}, HELD)
    assert releases(stub).write_lock("web", Lock("me", "now", 7), seen=Lock("me", "now", 6)) is ours


def test_lock_that_another_holds_is_not_given_up(stub: Stubber) -> None:
    dropped = {
        "TableName": "t",
        "Key": KEY,
        "ConditionExpression": "#owner = :owner",
        "ExpressionAttributeNames": {"#owner": "owner"},
        "ExpressionAttributeValues": {":owner": {"S": "me"}},
    }
    stub.add_client_error("delete_item", "ConditionalCheckFailedException", expected_params=dropped)
    releases(stub).drop_lock("web", "me")


KEPT = bytes(range(32))
SECRET = {"service": {"S": "web"}, "release_id": {"S": "KEY"}}
ASKED = {"TableName": "t", "Key": SECRET, "ConsistentRead": True}


def test_the_fingerprint_key_is_read_and_only_made_when_asked(stub: Stubber) -> None:
    stub.add_response("get_item", {}, ASKED)
    assert releases(stub).definition_key("web", make=False) == b""
    stub.add_response("get_item", {"Item": {**SECRET, "key": {"B": KEPT}}}, ASKED)
    assert releases(stub).definition_key("web", make=True) == KEPT


@pytest.mark.parametrize("quicker", [False, True])
def test_the_fingerprint_key_is_made_once_and_the_first_one_counts(stub: Stubber, quicker: bool) -> None:
    made: dict[str, Any] = {}
    stub.client.meta.events.register(
        "provide-client-params.dynamodb.PutItem", lambda params, **_others: made.update(params["Item"])
    )
    stub.add_response("get_item", {}, ASKED)
    condition = {"TableName": "t", "Item": ANY, "ConditionExpression": "attribute_not_exists(release_id)"}
    if quicker:
        stub.add_client_error("put_item", "ConditionalCheckFailedException")
        stub.add_response("get_item", {"Item": {**SECRET, "key": {"B": KEPT}}}, ASKED)
    else:
        stub.add_response("put_item", {}, condition)
        stub.add_response("get_item", {"Item": {**SECRET, "key": {"B": KEPT}}}, ASKED)
    assert releases(stub).definition_key("web", make=True) == KEPT
    assert len(bytes(made["key"]["B"])) == 32


@pytest.mark.parametrize(("status", "said"), [("ACTIVE", ""), ("UPDATING", ""), ("DELETING", "wait for ACTIVE")])
def test_a_table_is_used_only_while_it_is_active(stub: Stubber, status: str, said: str) -> None:
    stub.add_response("describe_table", {"Table": {"TableStatus": status}}, {"TableName": "t"})
    problem = releases(stub).table_problem()
    assert said in problem
    assert bool(problem) == bool(said)


def test_a_table_that_is_missing_is_said_with_what_to_do(stub: Stubber) -> None:
    stub.add_client_error("describe_table", "ResourceNotFoundException", expected_params={"TableName": "t"})
    assert "provision component 'service'" in releases(stub).table_problem()


def stored(row: dict[str, Any]) -> dict[str, Any]:
    return encode({"service": "web", "release_id": "R#seq-000000000001", **row})


@pytest.mark.parametrize(
    ("read", "row", "said"),
    [
        (
            "history",
            {"outcome": "FAILED"},
            "row R#seq-000000000001 of release table t cannot be read: it has no version",
        ),
        (
            "read_lock",
            {"release_id": "LOCK", "started_at": "now"},
            "row LOCK of release table t cannot be read: it has no",
        ),
        (
            "definition_key",
            {"release_id": "KEY", "key": "c3RyaW5n"},
            "row KEY of release table t cannot be read: its key is",
        ),
    ],
)
def test_row_that_cannot_be_read_is_named_with_the_commands_for_it(
    stub: Stubber, read: str, row: dict[str, Any], said: str
) -> None:
    made = stored(row)
    if read == "history":
        stub.add_response("query", {"Items": [made]}, query())
    else:
        stub.add_response("get_item", {"Item": made})
    more = {"make": True} if read == "definition_key" else {}
    with pytest.raises(OperationError) as raised:
        getattr(releases(stub), read)("web", **more)
    message = raised.value.message
    assert said in message
    key = json.dumps({"service": {"S": "web"}, "release_id": made["release_id"]})
    for verb in ("get-item", "delete-item"):
        command = next(part for part in message.split("aws dynamodb ") if part.startswith(verb))
        assert shlex.split(command.rpartition("'")[0] + "'") == [verb, "--table-name", "t", "--key", key]


@pytest.mark.parametrize("kept", [True, False])
def test_renewal_tells_what_lock_stands_and_gives_up_in_seconds(
    stub: Stubber, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    times: list[float] = []

    def call_within(seconds: float, call: Callable[[], Any], *, grace: float) -> Any:
        assert grace in (0.0, 10.0)
        times.append(seconds)
        return call()

    monkeypatch.setattr(api, "call_within", call_within)
    ours, others = Lock("me", "now", 7), {**LOCK, "owner": {"S": "other"}}
    if kept:
        stub.add_response("put_item", {})
    else:
        stub.add_client_error("put_item", "ConditionalCheckFailedException")
        for _look in range(2):
            stub.add_response("get_item", {"Item": others}, HELD)
    client = releases(stub)
    assert client.renew_lock("web", ours, seen=Lock("me", "now", 6)) == (ours if kept else Lock("other", "now", 7))
    stub.add_response("delete_item", {})
    client.drop_lock("web", "me")
    assert set(times) == {5.0}


SNAPSHOT = {**KEY, "release_id": {"S": "SNAPSHOT"}}


def test_snapshot_of_a_change_of_settings_is_kept_unless_an_older_one_is_and_dropped(stub: Stubber) -> None:
    kept = KeptSnapshot("{}", "R#seq-000000000001")
    item = {**SNAPSHOT, "text": {"S": "{}"}, "after": {"S": kept.after}}
    first = {"TableName": "t", "Item": item, "ConditionExpression": "attribute_not_exists(release_id)"}
    stub.add_response("put_item", {}, first)
    stub.add_client_error("put_item", "ConditionalCheckFailedException", expected_params=first)
    for _time in range(2):
        releases(stub).keep_snapshot("web", kept)
    read = {"TableName": "t", "Key": SNAPSHOT, "ConsistentRead": True}
    stub.add_response("get_item", {"Item": item}, read)
    stub.add_response("get_item", {}, read)
    assert (releases(stub).kept_snapshot("web"), releases(stub).kept_snapshot("web")) == (kept, None)
    dropped = {"TableName": "t", "Key": SNAPSHOT, "ConditionExpression": "attribute_exists(release_id)"}
    stub.add_response("delete_item", {}, dropped)
    releases(stub).drop_snapshot("web")


def test_snapshot_that_cannot_be_read_is_named(stub: Stubber) -> None:
    stub.add_response("get_item", {"Item": {**SNAPSHOT, "text": {"N": "1"}}})
    with pytest.raises(OperationError, match="row SNAPSHOT of release table t cannot be read: its text or after is no"):
        releases(stub).kept_snapshot("web")
