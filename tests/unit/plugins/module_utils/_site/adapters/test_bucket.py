# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The site's bucket against S3's own models."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._site.adapters.bucket import BucketClient
from ansible_collections.fastbreak.aws.plugins.module_utils._site.values import StoredObject
from botocore.response import StreamingBody
from botocore.stub import Stubber

from tests.unit.plugins.module_utils._site.fakes import BUCKET, file_of

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = file_of("assets/a.js", "code")
HEADERS = {"ContentType": FILE.media_type, "CacheControl": FILE.cache_control}


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as made:
        yield made
        made.assert_no_pending_responses()


@pytest.fixture
def bucket(stub: Stubber) -> BucketClient:
    return BucketClient(lambda: stub.client, BUCKET)


def test_all_pages_are_listed(stub: Stubber, bucket: BucketClient) -> None:
    first = {"Contents": [{"Key": "a", "ETag": '"abc"', "Size": 3}], "NextContinuationToken": "more"}
    stub.add_response("list_objects_v2", first, {"Bucket": BUCKET})
    stub.add_response("list_objects_v2", {}, {"Bucket": BUCKET, "ContinuationToken": "more"})
    assert bucket.list_objects() == {"a": StoredObject("abc", 3)}


def test_files_and_texts_are_written_and_read(stub: Stubber, bucket: BucketClient) -> None:
    checksum = base64.b64encode(bytes.fromhex(FILE.sha256)).decode()
    sent = {"Bucket": BUCKET, "Key": "k", "Body": b"code", "ChecksumSHA256": checksum, **HEADERS}
    stub.add_response("put_object", {}, sent)
    text = {"Bucket": BUCKET, "Key": "t", "Body": b"{}", "ContentType": "application/json", "CacheControl": "no-store"}
    stub.add_response("put_object", {}, text)
    stub.add_response("get_object", {"Body": StreamingBody(io.BytesIO(b"{}"), 2)}, {"Bucket": BUCKET, "Key": "t"})
    bucket.put_file("k", FILE, b"code")
    bucket.put_text("t", "{}")
    assert bucket.read_text("t") == "{}"


def test_a_copy_has_the_headers_of_its_place(stub: Stubber, bucket: BucketClient) -> None:
    source = {"Bucket": BUCKET, "Key": "k"}
    wanted = {"Bucket": BUCKET, "Key": "assets/a.js", "CopySource": source, "MetadataDirective": "REPLACE", **HEADERS}
    stub.add_response("copy_object", {}, wanted)
    bucket.copy_file("k", FILE)


def test_objects_are_deleted_a_thousand_at_once(stub: Stubber, bucket: BucketClient) -> None:
    keys = tuple(f"k{number}" for number in range(1001))
    for some in (keys[:1000], keys[1000:]):
        asked = {"Bucket": BUCKET, "Delete": {"Objects": [{"Key": key} for key in some], "Quiet": True}}
        stub.add_response("delete_objects", {}, asked)
    bucket.delete_objects(keys)
    bucket.delete_objects(())


def test_what_s3_keeps_is_told(stub: Stubber, bucket: BucketClient) -> None:
    stub.add_response("delete_objects", {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "no"}]})
    with pytest.raises(OperationError, match="S3 kept 1: a: AccessDenied: no"):
        bucket.delete_objects(("a",))
