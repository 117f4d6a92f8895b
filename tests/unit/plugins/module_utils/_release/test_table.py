"""The release table against recorded answers."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Lock
from ansible_collections.fastbreak.aws.plugins.module_utils._release.table import ReleasesClient
from botocore.stub import Stubber


def test_lock_that_another_holds_is_not_taken() -> None:
    client = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        stub.add_client_error("put_item", "ConditionalCheckFailedException")
        table = ReleasesClient(lambda: client, "t")
        assert not table.take_lock("web", Lock("me", "now", 1), now=datetime(2026, 1, 1, tzinfo=UTC))
        stub.assert_no_pending_responses()
