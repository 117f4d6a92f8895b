# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the roles may do though no recorded verb did it, and why."""

_LAYERS = "the registry asks for it while an image is pulled that is not there yet"
_CHANGE = "a release or stack that changes it calls it; none in the recorded run did"
_FAILURE = "called where something failed, was interrupted or was left behind"
_NAMES = "looks up what an inventory names; none that was recorded names any"
_ZERO = "alarms wake a service that may have no task; checked in the sandbox since the recording"
# What no recorded verb called, and why it is granted.
UNRECORDED = {
    "cloudformation": {
        **dict.fromkeys(["cloudfront:UpdateResponseHeadersPolicy", "s3:PutLifecycleConfiguration"], _CHANGE),
        "sqs:*Queue*": "makes the queues of messages that there is work; checked in the sandbox since the recording",
    },
    "ci": {
        **dict.fromkeys(["ecs:DescribeServices", "ecs:UpdateService"], "a CI of one's own updates the service"),
    },
    "probe": {"secretsmanager:GetSecretValue": "reads the token of gates; the recorded suites ask from this machine"},
    "promoter": {"dynamodb:GetItem": "reads the release by its key"},
    "deployer": {
        **dict.fromkeys(["ecr:GetAuthorizationToken"], _LAYERS),
        **dict.fromkeys(["kms:Decrypt", "kms:GenerateDataKey"], "SNS asks for it in the caller's name"),
        "s3:DeleteObject": "deletes what no kept version of the site names; the recorded run published one",
        "servicequotas:GetServiceQuota": "compares a release with Fargate's quota; checked since the recording",
        "iam:CreateServiceLinkedRole": "Application Auto Scaling asks for it with the first target in an account",
        **dict.fromkeys(["ecs:StopTask", "logs:DescribeLogStreams"], _FAILURE),
        **dict.fromkeys(["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"], _ZERO),
        **dict.fromkeys(["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"], _CHANGE),
        **dict.fromkeys(
            [f"application-autoscaling:{action}" for action in ("ListTagsForResource", "TagResource", "UntagResource")],
            _CHANGE,
        ),
    },
    "planner": {
        "cloudformation:DescribeStackEvents": "looks for what earlier stacks left behind; the recorded plans saw none",
        **dict.fromkeys(
            ["backup:DescribeBackupVault", "iam:GetPolicy", "iam:GetUser", "route53:GetHostedZone"], _NAMES
        ),
        **dict.fromkeys(
            ["cloudformation:ListImports", "cloudformation:ListStacks", "ec2:DescribeAvailabilityZones"],
            "plans a stack that changes; the recorded plan was of one that does not",
        ),
        **dict.fromkeys(
            [
                *("dynamodb:DescribeTable", "ec2:DescribeNetworkInterfaces"),
                *("logs:DescribeSubscriptionFilters", "rds:DescribeDBInstances", "s3:ListBucketVersions"),
            ],
            "plans a replacement, which what is protected or holds something would stop, or a name that may be taken",
        ),
        **dict.fromkeys(
            [
                *("application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScalingPolicies"),
                *("application-autoscaling:DescribeScheduledActions", "cloudformation:DescribeStackResourceDrifts"),
                "cloudwatch:DescribeAlarms",
                *("ecs:DescribeClusters", "ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions"),
                *("ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:DescribeTasks"),
                *("ecs:ListServiceDeployments", "ecs:ListTaskDefinitions", "ecs:ListTasks"),
                *("elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeTargetGroups"),
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            "says how the service is: the ecs_rollout_info module and people",
        ),
    },
    "provisioner": {
        "backup:DescribeBackupVault": _NAMES,
        **dict.fromkeys(
            [
                *("iam:ListAttachedUserPolicies", "iam:ListGroupsForUser", "iam:ListUserPolicies"),
            ],
            "looks for what was added to the user of pipelines, who is off",
        ),
        **dict.fromkeys(["cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms"], _ZERO),
        "events:ListTargetsByRule": "looks for what was added to the rules of a pipeline, which is off",
        **dict.fromkeys(
            [
                f"cloudformation:{action}"
                for action in (
                    *("DeleteChangeSet", "DetectStackResourceDrift", "SetStackPolicy", "TagResource"),
                    *("UntagResource", "UpdateTerminationProtection"),
                )
            ],
            _CHANGE,
        ),
        **dict.fromkeys(
            ["cloudformation:ContinueUpdateRollback", "cloudformation:RollbackStack", "cloudformation:ListImports"],
            _FAILURE,
        ),
        **dict.fromkeys(
            [f"elasticloadbalancing:{action}" for action in ("AddTags", "ModifyRule")],
            "moves the release's rules when a certificate is set or taken off",
        ),
        **dict.fromkeys(
            ["elasticloadbalancing:ModifyLoadBalancerAttributes", "rds:ModifyDBInstance"],
            "takes the protection off what `unprotect` names, in a stack that is deleted half",
        ),
        **dict.fromkeys(["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"], _FAILURE),
        **dict.fromkeys(["ecs:StopTask", "ecs:ListTasks", "ecs:DescribeTasks"], _FAILURE),
        "ecs:ListServiceDeployments": _FAILURE,
        **dict.fromkeys(
            ["ecs:RunTask", "logs:GetLogEvents", "rds:DescribeDBSnapshots", "rds:ListTagsForResource"],
            "restore.yml tries a backup by it, with a running service, which the recorded suite has not",
        ),
    },
    "migration": {
        **dict.fromkeys(["kms:Decrypt", "kms:GenerateDataKey"], "Secrets Manager asks for it in the caller's name"),
    },
    "task": {
        **dict.fromkeys(
            ["kms:Decrypt", "kms:GenerateDataKey"], "Secrets Manager, S3 and SQS ask for it in the caller's name"
        ),
        "sqs:SendMessage": "says that there is work; checked in the sandbox since the recording",
        **dict.fromkeys(
            [f"sqs:{action}" for action in ("ChangeMessageVisibility", "DeleteMessage", "ReceiveMessage")],
            "erases what dead letters say of a video when an administrator says so",
        ),
        "s3:ListBucket": "S3 asks for it where a video is missing, to say so",
        "s3:AbortMultipartUpload": "called where an upload to the bucket broke off",
        "s3:ListMultipartUploadParts": "looks for what has arrived of a video that is sent in parts",
        "s3:DeleteObject": "takes a video back that could not be recorded, or was sent twice at once",
        **dict.fromkeys(
            ["s3:DeleteObjectVersion", "s3:ListBucketVersions"], "erases a video when an administrator says so"
        ),
    },
    "worker": {
        "appsync:GraphQL": "tasks of the sandbox cannot reach an API by its name on AWS",
        **dict.fromkeys(
            ["kms:Decrypt", "kms:GenerateDataKey"], "Secrets Manager, S3 and SQS ask for it in the caller's name"
        ),
        **dict.fromkeys(
            ["s3:DeleteObjectVersion", "s3:ListBucketVersions", "s3:PutObject"],
            "puts a film in the place of a video in which an administrator has somebody blurred",
        ),
        **dict.fromkeys(
            [
                f"sqs:{action}"
                for action in ("ChangeMessageVisibility", "DeleteMessage", "ReceiveMessage", "SendMessage")
            ],
            "hears and tells of work; checked in the sandbox since the recording",
        ),
        "s3:AbortMultipartUpload": "called where an upload to the bucket broke off",
        "s3:ListBucket": "S3 asks for it where a video is missing, to say so",
    },
    "execution": {**dict.fromkeys(["ecr:BatchCheckLayerAvailability"], _LAYERS)},
}
