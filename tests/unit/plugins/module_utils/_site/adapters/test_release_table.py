# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A site's rows against recorded answers of DynamoDB, checked with botocore's own models."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.table import encode
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._site.adapters.release_table import SiteReleasesClient
from ansible_collections.fastbreak.aws.plugins.module_utils._site.values import SiteRelease, release_data
from botocore.stub import Stubber

from tests.unit.plugins.module_utils._site.fakes import SITE

if TYPE_CHECKING:
    from collections.abc import Iterator

ARN = "arn:aws:iam::111111111111:user/tester"
RELEASE = SiteRelease(SITE, "S#seq-000000000001", "1.0.0", "a" * 64, "publish", "then", "me", files=3)


def row(release: SiteRelease) -> dict[str, Any]:
    data = release_data(release)
    site = data.pop("site")
    return encode({**data, "service": site})


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as made:
        yield made
        made.assert_no_pending_responses()


@pytest.fixture
def table(stub: Stubber) -> SiteReleasesClient:
    sts = boto3.client("sts", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    return SiteReleasesClient(lambda: stub.client, "releases", lambda: sts)


def test_a_release_is_written_behind_the_newest_and_completed(stub: Stubber, table: SiteReleasesClient) -> None:
    stub.add_response("query", {"Items": [row(RELEASE)]})
    second = replace(RELEASE, release_id="S#seq-000000000002")
    condition = "attribute_not_exists(release_id)"
    stub.add_response("put_item", {}, {"TableName": "releases", "Item": row(second), "ConditionExpression": condition})
    assert table.start(replace(RELEASE, release_id="")) == second
    done = replace(second, outcome=Outcome.SUCCEEDED)
    values = encode({":in_progress": "IN_PROGRESS"})
    wanted = {"ConditionExpression": "outcome = :in_progress", "ExpressionAttributeValues": values}
    stub.add_response("put_item", {}, {"TableName": "releases", "Item": row(done), **wanted})
    table.finish(done)


def test_a_record_that_another_run_completed_is_left_alone(stub: Stubber, table: SiteReleasesClient) -> None:
    stub.add_client_error("put_item", "ConditionalCheckFailedException")
    stub.add_response("get_item", {"Item": row(RELEASE)})
    with pytest.raises(OperationError, match="not as this run left it"):
        table.finish(replace(RELEASE, outcome=Outcome.SUCCEEDED))


def test_the_history_is_read_and_a_strange_row_ends_it(stub: Stubber, table: SiteReleasesClient) -> None:
    stub.add_response("query", {"Items": [row(RELEASE)]})
    assert table.history(SITE) == (RELEASE,)
    stub.add_response("query", {"Items": [row(RELEASE) | {"version": {"N": "1"}}]})
    with pytest.raises(OperationError, match="its version is no text"):
        table.history(SITE)


def test_who_asks_is_told_by_sts(table: SiteReleasesClient) -> None:
    with Stubber(table._sts._client) as sts:
        sts.add_response("get_caller_identity", {"Account": "111111111111", "Arn": ARN, "UserId": "u"})
        assert table.caller() == ARN
