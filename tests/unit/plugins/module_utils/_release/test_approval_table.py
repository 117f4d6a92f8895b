# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Questions and answers in the release table, against answers of DynamoDB that botocore's own models check."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.approval import Answer, Question
from ansible_collections.fastbreak.aws.plugins.module_utils._release.approval_table import ApprovalsClient
from boto3.dynamodb.types import TypeSerializer
from botocore.stub import Stubber

if TYPE_CHECKING:
    from collections.abc import Iterator

RELEASE = "R#seq-000000000008"
QUESTION = Question("inference", RELEASE, "approval", "Go?", "2026-01-01T00:00:00.000Z")
ANSWER = Answer("inference", RELEASE, "approval", True, "arn:aws:sts::1:x/ann", "2026-01-01T00:00:01.000Z", "seen")
CONDITION = "service = :service AND begins_with(release_id, :prefix)"


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as made:
        yield made
        made.assert_no_pending_responses()
    client.close()


def approvals(stub: Stubber) -> ApprovalsClient:
    return ApprovalsClient(lambda: stub.client, "releases")


def written(values: dict[str, Any]) -> dict[str, Any]:
    return {key: TypeSerializer().serialize(value) for key, value in values.items()}


def query(prefix: str, **other: Any) -> dict[str, Any]:
    return {
        "TableName": "releases",
        "KeyConditionExpression": CONDITION,
        "ExpressionAttributeValues": written({":service": "inference", ":prefix": prefix}),
        "ScanIndexForward": False,
        "ConsistentRead": True,
        **other,
    }


def put(item: dict[str, Any]) -> dict[str, Any]:
    condition = "attribute_not_exists(release_id)"
    return {"TableName": "releases", "Item": written(item), "ConditionExpression": condition}


def test_a_question_is_written_once(stub: Stubber) -> None:
    item = {**asdict(QUESTION), "release_id": f"Q#{RELEASE}#approval"}
    stub.add_response("put_item", {}, put(item))
    approvals(stub).ask(QUESTION)
    stub.add_client_error("put_item", "ConditionalCheckFailedException", expected_params=put(item))
    approvals(stub).ask(QUESTION)
    stub.add_response("query", {"Items": [written(item)]}, query(f"Q#{RELEASE}#"))
    assert approvals(stub).questions("inference", RELEASE) == (QUESTION,)


def test_answers_are_appended_and_read_in_their_order(stub: Stubber) -> None:
    prefix = f"A#{RELEASE}#"
    first = {**asdict(ANSWER), "release_id": f"{prefix}seq-000000000001"}
    second = {**first, "approved": False, "release_id": f"{prefix}seq-000000000002"}
    stub.add_response("query", {"Items": [written(first)]}, query(prefix, Limit=1))
    stub.add_response("put_item", {}, put({**asdict(ANSWER), "release_id": f"{prefix}seq-000000000002"}))
    approvals(stub).answer(ANSWER)
    stub.add_response("query", {"Items": [written(second), written(first)]}, query(prefix))
    assert [answer.approved for answer in approvals(stub).answers("inference", RELEASE)] == [True, False]


@pytest.mark.parametrize("wrong", [{"approved": "yes"}, {"approved": 1}, {"by": None}, {"gate": 5}])
def test_a_row_of_another_form_is_no_yes(stub: Stubber, wrong: dict[str, Any]) -> None:
    row = {**asdict(ANSWER), "release_id": f"A#{RELEASE}#seq-000000000001", **wrong}
    stub.add_response("query", {"Items": [written(row)]}, query(f"A#{RELEASE}#"))
    with pytest.raises(OperationError, match=rf"its {next(iter(wrong))} is .* expected"):
        approvals(stub).answers("inference", RELEASE)
