# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who sends no credentials gets what is public, and nothing is unless somebody makes it so."""

import json
import uuid

import httpx
import pytest
from botocore.exceptions import ClientError

CONTENT = b"<!doctype html>"


@pytest.fixture
def bucket(sandbox):
    name = f"site-{uuid.uuid4().hex[:8]}"
    sandbox.client("s3").create_bucket(Bucket=name)
    sandbox.client("s3").put_object(Bucket=name, Key="index.html", Body=CONTENT)
    return name


def policy(bucket, principal, **condition):
    allowed = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [{**allowed, **condition}]})


def test_a_bucket_is_closed_to_requests_without_credentials(sandbox, bucket):
    s3, endpoint = sandbox.client("s3"), sandbox.state.endpoint_url
    of_cloudfront = {"StringEquals": {"aws:SourceArn": "arn:aws:cloudfront::111111111111:distribution/E1"}}
    s3.put_bucket_policy(
        Bucket=bucket, Policy=policy(bucket, {"Service": "cloudfront.amazonaws.com"}, Condition=of_cloudfront)
    )
    asked = [
        ("GET", f"/{bucket}/index.html"),
        ("HEAD", f"/{bucket}/index.html"),
        ("GET", f"/{bucket}/other.html"),  # nor is it told what there is
        ("GET", f"/{bucket}?list-type=2"),
        ("PUT", f"/{bucket}/index.html"),
        ("DELETE", f"/{bucket}/index.html"),
    ]
    for method, path in asked:
        answer = httpx.request(method, f"{endpoint}{path}", trust_env=False)
        assert answer.status_code == 403, (method, path)
        assert method == "HEAD" or "<Code>AccessDenied</Code>" in answer.text
    assert s3.get_object(Bucket=bucket, Key="index.html")["Body"].read() == CONTENT
    signed = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "index.html"})
    assert httpx.get(signed, trust_env=False).content == CONTENT


def test_a_bucket_is_public_only_when_its_block_is_taken_off(sandbox, bucket):
    s3, address = sandbox.client("s3"), f"{sandbox.state.endpoint_url}/{bucket}/index.html"
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, "*"))
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, "*"))
    assert httpx.get(address, trust_env=False).content == CONTENT
    block = {
        "RestrictPublicBuckets": True,
        "BlockPublicPolicy": True,
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
    }
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert httpx.get(address, trust_env=False).status_code == 403


def test_a_policy_can_deny_the_owner_anything_but_the_policy(sandbox, bucket):
    s3, key = sandbox.client("s3"), {"Bucket": bucket, "Key": "index.html"}
    plain = {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, "*", **plain))
    assert s3.get_object(**key)["Body"].read() == CONTENT
    all_of_it = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    everything = policy(bucket, "*", Effect="Deny", Action="s3:*", Resource=all_of_it)
    s3.put_bucket_policy(Bucket=bucket, Policy=everything)
    for call, asked in ((s3.get_object, key), (s3.delete_object, key), (s3.list_objects_v2, {"Bucket": bucket})):
        with pytest.raises(ClientError, match="AccessDenied"):
            call(**asked)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"]
    s3.delete_bucket_policy(Bucket=bucket)
    assert s3.get_object(**key)["Body"].read() == CONTENT
