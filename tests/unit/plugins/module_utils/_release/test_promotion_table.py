# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promotions' lines against recorded answers of DynamoDB, checked with botocore's own models."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    DependencyError,
    OperationError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import (
    GateMode,
    GateResult,
    Promotion,
    promotion_data,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion_table import (
    PromotionsClient,
    UnrecordedPromotions,
)
from boto3.dynamodb.types import TypeSerializer
from botocore.stub import Stubber

if TYPE_CHECKING:
    from collections.abc import Iterator

DIGEST = "sha256:" + "a" * 64
PROMOTION = Promotion(
    service="inference",
    release_id="P#seq-000000000008",
    version="1.0.0-" + "c" * 40,
    digest=DIGEST,
    commit="c" * 40,
    source="dev/app",
    destination="prod/app",
    promoted_at="2026-01-01T00:00:00.000Z",
    promoted_by="arn:aws:iam::222222222222:user/tester",
    blobs=3,
    bytes_copied=2 << 30,
    attachments=("signature sha256-x.sig",),
    gates=(GateResult("labels", GateMode.REQUIRED, Verdict.HEALTHY, "as it should be", "a label", DIGEST),),
    attestation="sha256:" + "b" * 64,
)
CONDITION = "service = :service AND begins_with(release_id, :prefix)"


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as made:
        yield made
        made.assert_no_pending_responses()
    client.close()


def promotions(stub: Stubber) -> PromotionsClient:
    return PromotionsClient(lambda: stub.client, "releases", lambda: "me")


def written(values: dict[str, Any]) -> dict[str, Any]:
    return {key: TypeSerializer().serialize(value) for key, value in values.items()}


def query(digest: str = "", **other: Any) -> dict[str, Any]:
    given = {":service": "inference", ":prefix": "P#", **({":digest": digest} if digest else {})}
    return {
        "TableName": "releases",
        "KeyConditionExpression": CONDITION,
        "ExpressionAttributeValues": written(given),
        "ScanIndexForward": False,
        "ConsistentRead": True,
        **({"FilterExpression": "digest = :digest"} if digest else {}),
        **other,
    }


def test_what_is_written_is_read_back(stub: Stubber) -> None:
    item = written(promotion_data(PROMOTION))
    condition = "attribute_not_exists(release_id)"
    newest = {**item, "release_id": {"S": "P#seq-000000000007"}}
    stub.add_response("query", {"Items": [newest]}, query(Limit=1))
    stub.add_response("put_item", {}, {"TableName": "releases", "Item": item, "ConditionExpression": condition})
    stub.add_response("query", {"Items": [item]}, query())
    promotions(stub).write_promotion(replace(PROMOTION, release_id=""))
    assert promotions(stub).promotions("inference") == (PROMOTION,)


def test_all_pages_are_read_in_their_order(stub: Stubber) -> None:
    older = replace(PROMOTION, release_id="P#2025")
    key = written({"service": "inference", "release_id": PROMOTION.release_id})
    stub.add_response("query", {"Items": [written(promotion_data(PROMOTION))], "LastEvaluatedKey": key}, query())
    stub.add_response("query", {"Items": [written(promotion_data(older))]}, query(ExclusiveStartKey=key))
    assert promotions(stub).promotions("inference") == (PROMOTION, older)


def test_a_digest_is_found_behind_pages_that_the_filter_left_empty(stub: Stubber) -> None:
    key = written({"service": "inference", "release_id": "P#x"})
    stub.add_response("query", {"Items": [], "LastEvaluatedKey": key}, query(DIGEST))
    item = written(promotion_data(PROMOTION))
    stub.add_response("query", {"Items": [item]}, query(DIGEST, ExclusiveStartKey=key))
    assert promotions(stub).find_promotion("inference", DIGEST) == PROMOTION


def test_a_digest_that_was_never_promoted(stub: Stubber) -> None:
    stub.add_response("query", {"Items": []}, query(DIGEST))
    assert promotions(stub).find_promotion("inference", DIGEST) is None


def test_all_promotions_of_a_digest_are_found_on_all_pages(stub: Stubber) -> None:
    older = replace(PROMOTION, release_id="P#seq-000000000001", signature="")
    key = written({"service": "inference", "release_id": PROMOTION.release_id})
    stub.add_response("query", {"Items": [written(promotion_data(PROMOTION))], "LastEvaluatedKey": key}, query(DIGEST))
    stub.add_response("query", {"Items": [written(promotion_data(older))]}, query(DIGEST, ExclusiveStartKey=key))
    assert promotions(stub).find_promotions("inference", DIGEST) == (PROMOTION, older)


def test_a_record_is_never_changed(stub: Stubber) -> None:
    stub.add_response("query", {"Items": []})
    stub.add_client_error("put_item", "ConditionalCheckFailedException")
    stub.add_response("get_item", {"Item": written(promotion_data(replace(PROMOTION, version="2.0.0")))})
    following = written(promotion_data(replace(PROMOTION, release_id="P#seq-000000000002")))
    condition = "attribute_not_exists(release_id)"
    stub.add_response("put_item", {}, {"TableName": "releases", "Item": following, "ConditionExpression": condition})
    promotions(stub).write_promotion(PROMOTION)


def test_a_table_that_does_not_exist_is_said_with_what_to_do(stub: Stubber) -> None:
    stub.add_client_error("query", "ResourceNotFoundException")
    with pytest.raises(DependencyError, match=r"release table releases does not exist\. Provision component 'service'"):
        promotions(stub).promotions("inference")


@pytest.mark.parametrize(
    "harm", [{"gates": [{"verdict": "FINE", "mode": "required"}]}, {"blobs": "x"}, {"digest": ...}]
)
def test_a_record_that_cannot_be_understood_is_named(stub: Stubber, harm: dict[str, Any]) -> None:
    item = {key: value for key, value in {**promotion_data(PROMOTION), **harm}.items() if value is not ...}
    stub.add_response("query", {"Items": [written(item)]})
    with pytest.raises(UnavailableError, match="P#seq-000000000008 of inference"):
        promotions(stub).promotions("inference")


def test_without_a_table_nothing_is_recorded_and_that_is_said() -> None:
    none = UnrecordedPromotions(lambda: "me")
    assert (none.caller(), none.promotions("x"), none.find_promotion("x", DIGEST)) == ("me", (), None)
    assert none.find_promotions("x", DIGEST) == ()
    with pytest.raises(OperationError, match="Set release_table"):
        none.write_promotion(PROMOTION)
