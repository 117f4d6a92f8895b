# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Links that are signed for one object, as a browser's player uses them."""

import uuid

import boto3
import httpx
import pytest
from botocore.config import Config

CONTENT = bytes(range(100))


def signer_of(sandbox):
    """A client with a key of its own, which signs with a secret that the sandbox knows."""
    iam, name = sandbox.client("iam"), f"signer-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return boto3.client(
        "s3",
        region_name=sandbox.state.region,
        endpoint_url=sandbox.state.endpoint_url,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        config=Config(signature_version="s3v4"),
    )


def test_a_link_says_how_an_object_is_answered_and_gives_ranges_of_it(sandbox):
    s3, bucket = sandbox.client("s3"), f"footage-{uuid.uuid4().hex[:8]}"
    signer = signer_of(sandbox)
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


def test_a_link_to_a_part_takes_it_in_its_size_alone_until_the_upload_has_ended(sandbox):
    s3, bucket = sandbox.client("s3"), f"footage-{uuid.uuid4().hex[:8]}"
    signer = signer_of(sandbox)
    s3.create_bucket(Bucket=bucket)
    where = {"Bucket": bucket, "Key": "one.video"}
    upload = {**where, "UploadId": s3.create_multipart_upload(**where)["UploadId"]}
    parts = {1: b"x" * (5 << 20), 2: CONTENT}

    def link(number, size):
        asked = {**upload, "PartNumber": number, "ContentLength": size}
        return signer.generate_presigned_url("upload_part", asked, 600)

    def put(number, content, size):
        return httpx.put(link(number, size), content=content, trust_env=False)

    for wrong in (CONTENT[1:], CONTENT + b"x"):
        refused = put(2, wrong, len(CONTENT))
        assert (refused.status_code, "<Code>SignatureDoesNotMatch</Code>" in refused.text) == (403, True)
    forged = httpx.put(link(2, len(CONTENT)).replace("partNumber=2", "partNumber=3"), content=CONTENT, trust_env=False)
    assert forged.status_code == 403
    for number in (2, 1):
        assert put(number, parts[number], len(parts[number])).status_code == 200
    listed = s3.list_parts(**upload)["Parts"]
    assert {part["PartNumber"]: part["Size"] for part in listed} == {1: 5 << 20, 2: 100}
    with pytest.raises(s3.exceptions.ClientError, match="InvalidPart"):
        s3.complete_multipart_upload(
            **upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": listed[1]["ETag"]}]}
        )
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    whole = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in listed]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": whole})
    assert s3.head_object(**where)["ContentLength"] == (5 << 20) + 100
    late = put(2, CONTENT, len(CONTENT))
    assert (late.status_code, "<Code>NoSuchUpload</Code>" in late.text) == (404, True)
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchUpload"):
        s3.list_parts(**upload)


def test_pages_of_one_origin_may_send_to_a_bucket_where_it_says_so(sandbox):
    s3, bucket = sandbox.client("s3"), f"footage-{uuid.uuid4().hex[:8]}"
    signer = signer_of(sandbox)
    s3.create_bucket(Bucket=bucket)
    rule = {"AllowedMethods": ["PUT"], "AllowedOrigins": ["https://video.example.org"], "MaxAgeSeconds": 3600}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    link = signer.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "one.video"}, 600)
    asked = {"origin": "https://video.example.org", "access-control-request-method": "PUT"}
    leave = httpx.options(link, headers=asked, trust_env=False)
    assert leave.status_code == 200
    assert leave.headers["access-control-allow-origin"] in {"*", asked["origin"]}
    assert "PUT" in leave.headers["access-control-allow-methods"]
    sent = httpx.put(link, content=CONTENT, headers={"origin": asked["origin"]}, trust_env=False)
    assert sent.status_code == 200
    assert sent.headers["access-control-allow-origin"] in {"*", asked["origin"]}
