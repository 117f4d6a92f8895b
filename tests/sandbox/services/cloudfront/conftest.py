# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A stack with a private bucket, a load balancer behind a VPC origin and a distribution in front of both."""

import ssl
import uuid

import httpx
import pytest

from sandbox.authority import authority_path
from sandbox.state import home_of
from tests.sandbox.stacks import Stack, att, ref

DISABLED, ALL_VIEWER = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "b689b0a8-53d0-40ab-baf2-68738e2966ac"


def behavior(origin, policy, **settings):
    methods = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]
    return {
        "TargetOriginId": origin,
        "ViewerProtocolPolicy": "redirect-to-https",
        "CachePolicyId": policy,
        "AllowedMethods": methods,
        "Compress": True,
        **settings,
    }


def cache_policy(name, default, maximum, query="none"):
    kinds = {"HeadersConfig": "Header", "CookiesConfig": "Cookie"}
    return {
        "Type": "AWS::CloudFront::CachePolicy",
        "Properties": {
            "CachePolicyConfig": {
                "Name": name,
                "MinTTL": 0,
                "DefaultTTL": default,
                "MaxTTL": maximum,
                "ParametersInCacheKeyAndForwardedToOrigin": {
                    "EnableAcceptEncodingGzip": True,
                    "EnableAcceptEncodingBrotli": True,
                    **{kind: {f"{word}Behavior": "none"} for kind, word in kinds.items()},
                    "QueryStringsConfig": {"QueryStringBehavior": query},
                },
            }
        },
    }


class Site(Stack):
    """The stack, and requests to its distribution."""

    def __init__(self, sandbox):
        self.word = uuid.uuid4().hex[:8]
        super().__init__(sandbox.client("cloudformation"), f"site-{self.word}")
        self.s3, self.edge = sandbox.client("s3"), sandbox.client("cloudfront")
        self.trusted = ssl.create_default_context(cafile=authority_path(home_of(sandbox.name)))

    def resources(self, balancer_arn, domain, acl=None):
        return {
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": self.bucket}},
            "Access": {
                "Type": "AWS::CloudFront::OriginAccessControl",
                "Properties": {
                    "OriginAccessControlConfig": {
                        "Name": self.name,
                        "OriginAccessControlOriginType": "s3",
                        "SigningBehavior": "always",
                        "SigningProtocol": "sigv4",
                    }
                },
            },
            "Policy": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {
                    "Bucket": ref("Bucket"),
                    "PolicyDocument": {
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Principal": {"Service": "cloudfront.amazonaws.com"},
                                "Action": "s3:GetObject",
                                "Resource": f"arn:aws:s3:::{self.bucket}/*",
                                "Condition": {"StringEquals": {"AWS:SourceArn": att("Distribution", "Arn")}},
                            },
                            {
                                "Effect": "Deny",
                                "Principal": "*",
                                "Action": "s3:*",
                                "Resource": f"arn:aws:s3:::{self.bucket}/*",
                                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                            },
                        ]
                    },
                },
            },
            "Behind": {
                "Type": "AWS::CloudFront::VpcOrigin",
                "Properties": {
                    "VpcOriginEndpointConfig": {
                        "Name": self.name,
                        "Arn": balancer_arn,
                        "OriginProtocolPolicy": "http-only",
                    }
                },
            },
            "Short": cache_policy(f"{self.name}-short", default=20, maximum=100),
            "Asked": cache_policy(f"{self.name}-asked", default=0, maximum=1, query="all"),
            "Distribution": {
                "Type": "AWS::CloudFront::Distribution",
                "Properties": {
                    "DistributionConfig": {
                        "Enabled": True,
                        "DefaultRootObject": "index.html",
                        **({"WebACLId": acl} if acl else {}),
                        "Origins": [
                            {
                                "Id": "bucket",
                                "DomainName": f"{self.bucket}.s3.us-east-1.amazonaws.com",
                                "OriginAccessControlId": ref("Access"),
                                "S3OriginConfig": {"OriginAccessIdentity": ""},
                            },
                            {"Id": "api", "DomainName": domain, "VpcOriginConfig": {"VpcOriginId": ref("Behind")}},
                        ],
                        "DefaultCacheBehavior": behavior("bucket", ref("Short")),
                        "CacheBehaviors": [
                            behavior("api", DISABLED, PathPattern="/api/*", OriginRequestPolicyId=ALL_VIEWER),
                            behavior("api", ref("Asked"), PathPattern="/asked/*"),
                        ],
                        "CustomErrorResponses": [{"ErrorCode": 404, "ErrorCachingMinTTL": 0}],
                    }
                },
            },
        }

    @property
    def bucket(self):
        return f"bucket-{self.word}"

    def put(self, key, body, **settings):
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, **settings)

    def get(self, path, method="GET", scheme="https", **settings):
        url = f"{scheme}://{self.outputs()['Domain']}{path}"
        return httpx.request(method, url, verify=self.trusted, trust_env=False, **settings)

    def invalidate(self, *paths):
        self.edge.create_invalidation(
            DistributionId=self.outputs()["Id"],
            InvalidationBatch={
                "CallerReference": uuid.uuid4().hex,
                "Paths": {"Quantity": len(paths), "Items": list(paths)},
            },
        )


OUTPUTS = {"Domain": att("Distribution", "DomainName"), "Id": ref("Distribution"), "Origin": ref("Behind")}


@pytest.fixture
def site(sandbox, balancer, target):
    made = Site(sandbox)
    balancer.serve(target)
    assert made.create(made.resources(balancer.arn, "video.example.org"), OUTPUTS) == "CREATE_COMPLETE", made.reasons()
    yield made
    for item in made.s3.list_objects_v2(Bucket=made.bucket).get("Contents", []):
        made.s3.delete_object(Bucket=made.bucket, Key=item["Key"])
    made.delete()
