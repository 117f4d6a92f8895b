# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation's types of AWS Backup."""

from typing import Any

from tests.sandbox.stacks import Stack, att, ref, with_properties


def test_a_plan_with_its_selection(stack: Stack, sandbox: Any) -> None:
    rule = {"RuleName": "daily", "TargetBackupVault": ref("Vault"), "Lifecycle": {"DeleteAfterDays": 7}}
    selection = {
        "SelectionName": "database",
        "IamRoleArn": "arn:aws:iam::111111111111:role/backup",
        "Resources": ["arn:aws:rds:us-east-1:111111111111:db:watched"],
    }
    resources = {
        "Vault": {"Type": "AWS::Backup::BackupVault", "Properties": {"BackupVaultName": "points"}},
        "Plan": {
            "Type": "AWS::Backup::BackupPlan",
            "Properties": {"BackupPlan": {"BackupPlanName": "daily", "BackupPlanRule": [rule]}},
        },
        "Selection": {
            "Type": "AWS::Backup::BackupSelection",
            "Properties": {"BackupPlanId": ref("Plan"), "BackupSelection": selection},
        },
    }
    outputs = {"Plan": ref("Plan"), "Selection": att("Selection", "SelectionId")}
    assert stack.create(resources, outputs) == "CREATE_COMPLETE", stack.reasons()
    backup, made = sandbox.client("backup"), stack.outputs()
    found = backup.get_backup_selection(BackupPlanId=made["Plan"], SelectionId=made["Selection"])
    assert found["BackupSelection"]["Resources"] == selection["Resources"]
    assert set(stack.drift().values()) == {"IN_SYNC"}
    changed = with_properties(resources, "Selection", BackupSelection={**selection, "SelectionName": "data"})
    assert stack.update(changed, outputs) == "UPDATE_COMPLETE", stack.reasons()
    listed = backup.list_backup_selections(BackupPlanId=made["Plan"])["BackupSelectionsList"]
    assert [item["SelectionName"] for item in listed] == ["data"]
    backup.delete_backup_selection(BackupPlanId=made["Plan"], SelectionId=listed[0]["SelectionId"])
    shorter = {"RuleName": "daily", "TargetBackupVaultName": "points", "Lifecycle": {"DeleteAfterDays": 1}}
    backup.update_backup_plan(BackupPlanId=made["Plan"], BackupPlan={"BackupPlanName": "daily", "Rules": [shorter]})
    backup.delete_backup_vault(BackupVaultName="points")
    assert stack.drift() == {"Vault": "DELETED", "Plan": "MODIFIED", "Selection": "DELETED"}
    assert stack.drifted_properties("Plan") == ["/BackupPlan/BackupPlanRule/0/Lifecycle/DeleteAfterDays"]
    assert stack.delete() == "DELETE_COMPLETE"
