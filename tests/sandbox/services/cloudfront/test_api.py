# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Requests without credentials find their account by host."""

import uuid

import httpx
import pytest


@pytest.mark.parametrize("account", ["dev", "prod"])
def test_a_distribution_answers_for_the_account_that_made_it(sandbox, account):
    s3, cloudfront = sandbox.client("s3", account), sandbox.client("cloudfront", account)
    bucket = f"site-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="index.html", Body=account.encode(), ContentType="text/html")
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",'
        f' "Resource": "arn:aws:s3:::{bucket}/*"}}]}}',
    )
    made = cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": bucket,
            "Comment": "",
            "Enabled": True,
            "DefaultRootObject": "index.html",
            "Origins": {
                "Quantity": 1,
                "Items": [
                    {
                        "Id": "bucket",
                        "DomainName": f"{bucket}.s3.us-east-1.amazonaws.com",
                        "S3OriginConfig": {"OriginAccessIdentity": ""},
                    }
                ],
            },
            "DefaultCacheBehavior": {
                "TargetOriginId": "bucket",
                "ViewerProtocolPolicy": "allow-all",
                "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            },
        }
    )["Distribution"]
    answer = httpx.get(f"http://{made['DomainName']}/", trust_env=False)
    assert (answer.status_code, answer.text) == (200, account)
    told = cloudfront.get_distribution_config(Id=made["Id"])["DistributionConfig"]
    assert told["Restrictions"] == {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}}
    assert told["DefaultCacheBehavior"]["FieldLevelEncryptionId"] == ""


def test_the_api_port_points_to_a_load_balancers_own_address(sandbox, balancer):
    answer = httpx.get(sandbox.state.endpoint_url, headers={"Host": f"{balancer.name}.alb.localhost"})
    assert answer.status_code == 421
    assert balancer.address in answer.text
