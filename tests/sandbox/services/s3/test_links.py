# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Links that are signed for one object, as a browser's player uses them."""

import uuid

import boto3
import httpx
from botocore.config import Config

CONTENT = bytes(range(100))


def test_a_link_says_how_an_object_is_answered_and_gives_ranges_of_it(sandbox):
    s3, bucket = sandbox.client("s3"), f"footage-{uuid.uuid4().hex[:8]}"
    iam, name = sandbox.client("iam"), f"signer-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    signer = boto3.client(
        "s3",
        region_name=sandbox.state.region,
        endpoint_url=sandbox.state.endpoint_url,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        config=Config(signature_version="s3v4"),
    )
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="one.video", Body=CONTENT)
    answered = {
        "ResponseContentType": "video/mp4",
        "ResponseContentDisposition": "inline",
        "ResponseCacheControl": "private, no-store",
    }
    link = signer.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "one.video", **answered}, 600)
    whole = httpx.get(link, trust_env=False)
    assert (whole.status_code, whole.content) == (200, CONTENT)
    told = [whole.headers[name] for name in ("content-type", "content-disposition", "cache-control")]
    assert told == list(answered.values())
    part = httpx.get(link, headers={"range": "bytes=10-19"}, trust_env=False)
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, CONTENT[10:20], "bytes 10-19/100")
    assert part.headers["content-type"] == "video/mp4"
    forged = httpx.get(link.replace("video%2Fmp4", "text%2Fhtml"), trust_env=False)
    assert (forged.status_code, "<Code>SignatureDoesNotMatch</Code>" in forged.text) == (403, True)
