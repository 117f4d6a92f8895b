# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The roles that a call hands to a service, for which its caller needs iam:PassRole.

AWS: IAM user guide, granting permissions to pass a role to a service; condition key iam:PassedToService.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.services.iam.model.call import Call, values

_TASKS, _ECS, _STACKS = "ecs-tasks.amazonaws.com", "ecs.amazonaws.com", "cloudformation.amazonaws.com"
_GRAPHQL = "appsync.amazonaws.com"
_OF_A_SERVICE = {
    "role": _ECS,
    "loadBalancers[].advancedConfiguration.roleArn": _ECS,
    "deploymentConfiguration.lifecycleHooks[].roleArn": _ECS,
}
_OF_CALLS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("ecs", "RegisterTaskDefinition"): {"taskRoleArn": _TASKS, "executionRoleArn": _TASKS},
    ("ecs", "RunTask"): {"overrides.taskRoleArn": _TASKS, "overrides.executionRoleArn": _TASKS},
    ("ecs", "CreateService"): _OF_A_SERVICE,
    ("ecs", "UpdateService"): _OF_A_SERVICE,
    ("backup", "CreateBackupSelection"): {"BackupSelection.IamRoleArn": "backup.amazonaws.com"},
    ("codebuild", "CreateProject"): {"serviceRole": "codebuild.amazonaws.com"},
    ("codebuild", "UpdateProject"): {"serviceRole": "codebuild.amazonaws.com"},
    ("codepipeline", "CreatePipeline"): {"pipeline.roleArn": "codepipeline.amazonaws.com"},
    ("codepipeline", "UpdatePipeline"): {"pipeline.roleArn": "codepipeline.amazonaws.com"},
    ("ec2", "CreateFlowLogs"): {"DeliverLogsPermissionArn": "vpc-flow-logs.amazonaws.com"},
    ("events", "PutTargets"): {"Targets[].RoleArn": "events.amazonaws.com"},
    ("rds", "CreateDBInstance"): {"MonitoringRoleArn": "monitoring.rds.amazonaws.com"},
    ("rds", "ModifyDBInstance"): {"MonitoringRoleArn": "monitoring.rds.amazonaws.com"},
    **{
        ("cloudformation", action): {"RoleARN": _STACKS}
        for action in (
            "CreateStack",
            "UpdateStack",
            "DeleteStack",
            "CreateChangeSet",
            "ContinueUpdateRollback",
            "RollbackStack",
        )
    },
}
_OF_TYPES: Mapping[str, Mapping[str, str]] = {
    "AWS::AppSync::DataSource": {"ServiceRoleArn": _GRAPHQL},
    "AWS::AppSync::GraphQLApi": {"LogConfig.CloudWatchLogsRoleArn": _GRAPHQL},
    "AWS::Backup::BackupSelection": {"BackupSelection.IamRoleArn": "backup.amazonaws.com"},
    "AWS::CodeBuild::Project": {"ServiceRole": "codebuild.amazonaws.com"},
    "AWS::CodePipeline::Pipeline": {"RoleArn": "codepipeline.amazonaws.com"},
    "AWS::EC2::FlowLog": {"DeliverLogsPermissionArn": "vpc-flow-logs.amazonaws.com"},
    "AWS::Events::Rule": {"Targets[].RoleArn": "events.amazonaws.com"},
    "AWS::Lambda::Function": {"Role": "lambda.amazonaws.com"},
    "AWS::RDS::DBInstance": {"MonitoringRoleArn": "monitoring.rds.amazonaws.com"},
}


def passed_by_call(call: Call) -> list[tuple[str, str]]:
    """Each role's ARN with the service that it is passed to."""
    return _passed(call.fields, _OF_CALLS.get((call.service, call.action), {}))


def passed_by_type(kind: str, properties: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The same of a resource in a stack."""
    return _passed(properties, _OF_TYPES.get(kind, {}))


def _passed(fields: Mapping[str, Any], where: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(role, service) for path, service in where.items() for role in values(fields, path)]
