"""MiniStack's own types keep the properties that our stacks use: read back through each service."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.stacks import Stack, att, ref, stack_in


@pytest.fixture
def stack(sandbox: Any, request: pytest.FixtureRequest) -> Iterator[Stack]:
    with stack_in(sandbox, request.node.name.replace("_", "-")) as made:
        yield made


def test_bucket(stack: Stack, sandbox: Any) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
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
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            "VersioningConfiguration": {"Status": "Enabled"},
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
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
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


def test_bucket_with_objects_is_not_deleted(stack: Stack, sandbox: Any) -> None:
    stack.create({"Bucket": {"Type": "AWS::S3::Bucket"}})
    s3, name = sandbox.client("s3"), stack.physical_id("Bucket")
    s3.put_object(Bucket=name, Key="kept", Body=b"1")
    assert stack.delete() == "DELETE_FAILED"
    s3.delete_object(Bucket=name, Key="kept")
    assert stack.delete() == "DELETE_COMPLETE"


def test_load_balancer_and_target_group(stack: Stack, sandbox: Any) -> None:
    resources = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.79.0.0/16"}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": ref("Vpc"), "CidrBlock": "10.79.1.0/24", "AvailabilityZone": "us-east-1b"},
        },
        "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "lb", "VpcId": ref("Vpc")}},
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {
                "Scheme": "internal",
                "Subnets": [ref("Subnet")],
                "SecurityGroups": [ref("Group")],
                "LoadBalancerAttributes": [
                    {"Key": "deletion_protection.enabled", "Value": "true"},
                    {"Key": "idle_timeout.timeout_seconds", "Value": "75"},
                    {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"},
                ],
            },
        },
        "Targets": {
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {
                "VpcId": ref("Vpc"),
                "TargetType": "ip",
                "Protocol": "HTTP",
                "Port": 8080,
                "HealthCheckPath": "/readyz",
                "HealthCheckIntervalSeconds": "7",
                "HealthCheckTimeoutSeconds": "3",
                "HealthyThresholdCount": "2",
                "UnhealthyThresholdCount": "4",
                "Matcher": {"HttpCode": "200-204"},
                "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "15"}],
            },
        },
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    elbv2, balancer, group = sandbox.client("elbv2"), stack.physical_id("Balancer"), stack.physical_id("Targets")
    described = elbv2.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"][0]
    assert described["VpcId"] == stack.physical_id("Vpc")
    assert described["SecurityGroups"] == [stack.physical_id("Group")]
    listed = elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
    attributes = {one["Key"]: one["Value"] for one in listed}
    assert attributes["idle_timeout.timeout_seconds"] == "75"
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    targets = elbv2.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
    assert (targets["HealthCheckPath"], targets["HealthCheckIntervalSeconds"]) == ("/readyz", 7)
    assert (targets["HealthyThresholdCount"], targets["UnhealthyThresholdCount"]) == (2, 4)
    assert targets["Matcher"] == {"HttpCode": "200-204"}
    listed = elbv2.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "15"} in listed
    assert set(stack.drift().values()) == {"IN_SYNC"}
    assert stack.delete() == "DELETE_FAILED"
    assert "deletion protection is enabled" in stack.reasons()
    off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=off)
    assert stack.delete() == "DELETE_COMPLETE"


def test_key_alias_table_and_log_group(stack: Stack, sandbox: Any) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "kms:*"}
    resources = {
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {
                "Description": "everything",
                "EnableKeyRotation": True,
                "KeyPolicy": {"Version": "2012-10-17", "Statement": [{**statement, "Resource": "*"}]},
            },
        },
        "Alias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": "alias/properties", "TargetKeyId": att("Key", "Arn")},
        },
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "DeletionProtectionEnabled": "false",
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": att("Key", "Arn")},
            },
        },
        "Logs": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": "/properties", "RetentionInDays": 30, "KmsKeyId": att("Key", "Arn")},
        },
    }
    assert stack.create(resources, {"Key": att("Key", "Arn")}) == "CREATE_COMPLETE"
    key, table = stack.outputs()["Key"], stack.physical_id("Table")
    kms, dynamodb, logs = (sandbox.client(name) for name in ("kms", "dynamodb", "logs"))
    assert kms.describe_key(KeyId="alias/properties")["KeyMetadata"]["Arn"] == key
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
    described = dynamodb.describe_table(TableName=table)["Table"]
    assert described["SSEDescription"]["KMSMasterKeyArn"] == key
    assert described["DeletionProtectionEnabled"] is False
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    [group] = logs.describe_log_groups(logGroupNamePrefix="/properties")["logGroups"]
    assert (group["retentionInDays"], group["kmsKeyId"]) == (30, key)
    assert set(stack.drift().values()) == {"IN_SYNC"}
    dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    kms.disable_key_rotation(KeyId=key)
    drift = stack.drift()
    assert (drift["Table"], drift["Key"], drift["Alias"]) == ("MODIFIED", "MODIFIED", "IN_SYNC")


def test_role_and_secret(stack: Stack, sandbox: Any) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    inline = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}],
    }
    managed = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    resources = {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": trust,
                "Policies": [{"PolicyName": "write", "PolicyDocument": inline}],
                "ManagedPolicyArns": [managed],
            },
        },
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {"GenerateSecretString": {"PasswordLength": 24, "ExcludePunctuation": True}},
        },
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    iam, role = sandbox.client("iam"), stack.physical_id("Role")
    assert iam.get_role_policy(RoleName=role, PolicyName="write")["PolicyDocument"] == inline
    assert iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"] == trust
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == [managed]
    secret = sandbox.client("secretsmanager").get_secret_value(SecretId=stack.physical_id("Secret"))["SecretString"]
    assert len(secret) == 24
    assert set(stack.drift().values()) == {"IN_SYNC"}
    iam.delete_role_policy(RoleName=role, PolicyName="write")
    assert stack.drift()["Role"] == "MODIFIED"


def test_repository(stack: Stack, sandbox: Any) -> None:
    lifecycle = json.dumps({"rules": []})
    resources = {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}}},
        "Repository": {
            "Type": "AWS::ECR::Repository",
            "Properties": {
                "RepositoryName": "properties/app",
                "ImageTagMutability": "IMMUTABLE",
                "ImageScanningConfiguration": {"ScanOnPush": True},
                "EncryptionConfiguration": {"EncryptionType": "KMS", "KmsKey": att("Key", "Arn")},
                "LifecyclePolicy": {"LifecyclePolicyText": lifecycle},
            },
        },
    }
    assert stack.create(resources, {"Uri": att("Repository", "RepositoryUri")}) == "CREATE_COMPLETE"
    ecr = sandbox.client("ecr")
    [repository] = ecr.describe_repositories(repositoryNames=["properties/app"])["repositories"]
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository["encryptionConfiguration"]["encryptionType"] == "KMS"
    assert ecr.get_lifecycle_policy(repositoryName="properties/app")["lifecyclePolicyText"] == lifecycle
    assert stack.outputs()["Uri"] == "111111111111.dkr.ecr.us-east-1.amazonaws.com/properties/app"
    assert stack.drift()["Repository"] == "IN_SYNC"
    ecr.put_image_tag_mutability(repositoryName="properties/app", imageTagMutability="MUTABLE")
    assert stack.drift()["Repository"] == "MODIFIED"
