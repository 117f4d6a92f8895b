# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The distribution against CloudFront's own models."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
from ansible_collections.fastbreak.aws.plugins.module_utils._site.adapters.distribution import DistributionClient
from botocore.stub import Stubber

BATCH = {"Paths": {"Quantity": 2, "Items": ["/", "/index.html"]}, "CallerReference": "run"}


def invalidation(status: str) -> dict[str, Any]:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    return {"Invalidation": {"Id": "I1", "Status": status, "CreateTime": made, "InvalidationBatch": BATCH}}


def test_an_invalidation_is_made_and_looked_at() -> None:
    client = boto3.client("cloudfront", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        asked = {"DistributionId": "E1", "InvalidationBatch": BATCH}
        stub.add_response("create_invalidation", invalidation("InProgress"), asked)
        for status in ("InProgress", "Completed"):
            stub.add_response("get_invalidation", invalidation(status), {"DistributionId": "E1", "Id": "I1"})
        distribution = DistributionClient(lambda: client, "E1")
        assert distribution.invalidate(("/", "/index.html"), "run") == "I1"
        assert [distribution.is_done("I1"), distribution.is_done("I1")] == [False, True]
        stub.assert_no_pending_responses()
