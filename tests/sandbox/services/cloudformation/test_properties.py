# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""MiniStack's own types keep the properties that our stacks use: read back through each service."""

from typing import Any

from tests.sandbox.stacks import Stack, att


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
