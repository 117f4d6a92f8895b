# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation's types of S3."""

import json
from typing import Any

from tests.sandbox.stacks import Stack, ref

KEY = "arn:aws:kms:us-east-1:111111111111:key/12345678-1234-1234-1234-123456789012"


def test_bucket(stack: Stack, sandbox: Any) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObjectAcl", "Resource": "*"}
    bucket = {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {
                        "BucketKeyEnabled": True,
                        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY},
                    }
                ]
            },
            "VersioningConfiguration": {"Status": "Enabled"},
            "CorsConfiguration": {
                "CorsRules": [{"AllowedMethods": ["PUT"], "AllowedOrigins": ["https://a.example"], "MaxAge": 3600}]
            },
            "LoggingConfiguration": {"DestinationBucketName": ref("Logs"), "LogFilePrefix": "s3/"},
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "Id": "expire",
                        "Status": "Enabled",
                        "ExpirationInDays": "90",
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                    }
                ]
            },
        },
    }
    resources = {
        "Logs": {"Type": "AWS::S3::Bucket"},
        "Bucket": bucket,
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": ref("Bucket"),
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            },
        },
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    s3, name = sandbox.client("s3"), stack.physical_id("Bucket")
    blocked = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    ownership = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    [rule] = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    [cors] = s3.get_bucket_cors(Bucket=name)["CORSRules"]
    assert (cors["AllowedMethods"], cors["AllowedOrigins"]) == (["PUT"], ["https://a.example"])
    assert s3.get_bucket_logging(Bucket=name)["LoggingEnabled"]["TargetBucket"] == stack.physical_id("Logs")
    [lifecycle] = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert lifecycle["Expiration"] == {"Days": 90}
    assert lifecycle["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert lifecycle["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"] == [statement]
    assert set(stack.drift().values()) == {"IN_SYNC"}
    s3.delete_bucket_policy(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    drift = stack.drift()
    assert (drift["Policy"], drift["Bucket"]) == ("DELETED", "MODIFIED")
    s3.delete_public_access_block(Bucket=name)
    s3.delete_bucket_ownership_controls(Bucket=name)
    s3.delete_bucket_encryption(Bucket=name)
    assert stack.drift()["Bucket"] == "MODIFIED"


def test_a_bucket_without_its_lifecycle_or_gone_has_drifted(stack: Stack, sandbox: Any) -> None:
    rules = [
        {
            "Id": "Old",
            "Status": "Enabled",
            "Prefix": "logs/",
            "ExpirationInDays": 9,
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 2}],
        },
        {"Status": "Enabled", "ExpirationInDays": 90},
    ]
    properties = {"LifecycleConfiguration": {"Rules": rules}}
    assert stack.create({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}}) == "CREATE_COMPLETE"
    s3, name = sandbox.client("s3"), stack.physical_id("Bucket")
    assert stack.drift()["Bucket"] == "IN_SYNC"
    s3.delete_bucket_lifecycle(Bucket=name)
    assert stack.drift()["Bucket"] == "MODIFIED"
    s3.delete_bucket(Bucket=name)
    assert stack.drift()["Bucket"] == "DELETED"


def test_bucket_with_objects_is_not_deleted(stack: Stack, sandbox: Any) -> None:
    stack.create({"Bucket": {"Type": "AWS::S3::Bucket"}})
    s3, name = sandbox.client("s3"), stack.physical_id("Bucket")
    s3.put_object(Bucket=name, Key="kept", Body=b"1")
    assert stack.delete() == "DELETE_FAILED"
    s3.delete_object(Bucket=name, Key="kept")
    assert stack.delete() == "DELETE_COMPLETE"
