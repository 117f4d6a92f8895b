# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What no principal of an environment may do, as calls of the real thing: its table, its secrets, its roles."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from demo.platform import Platform

ECS_TASKS = "ecs-tasks.amazonaws.com"
CONTAINERS = [{"name": "app", "image": "app"}]
TEMPLATE = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
POLICY = '{"Version": "2012-10-17", "Statement": []}'
# Error codes by service, where they are not AccessDenied.
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": ECS_TASKS}, "Action": "sts:AssumeRole"}],
}
_BOUNDARY = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:policy/fastbreak-dev-boundary"}
RESOURCES = [
    ("iam:CreateRole", {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": _TRUST}}),
    (
        "iam:CreateRole",
        {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "other",
                "AssumeRolePolicyDocument": _TRUST,
                "PermissionsBoundary": _BOUNDARY,
            },
        },
    ),
    ("iam:CreateUser", {"Type": "AWS::IAM::User", "Properties": {"UserName": "fastbreak-dev-mine"}}),
    ("iam:CreatePolicy", {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": _TRUST}}),
    ("iam:CreateGroup", {"Type": "AWS::IAM::Group", "Properties": {"GroupName": "fastbreak-dev-mine"}}),
    ("s3:CreateBucket", {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "other"}}),
]
"""What a stack is refused to make with the stacks' role, and the action."""
_JSON = "AccessDeniedException"
CODES = {
    **dict.fromkeys(
        (
            "application-autoscaling",
            "codebuild",
            "dynamodb",
            "ecr",
            "ecs",
            "kms",
            "lambda",
            "logs",
            "secretsmanager",
            "ssm",
        ),
        _JSON,
    ),
    "ec2": "UnauthorizedOperation",
}


@dataclass(frozen=True)
class Names:
    """The names in an environment, read from its stacks."""

    account: str
    environment: str
    task_role: str
    secret: str
    worker_secret: str
    master: str
    logs: str
    site: str
    distribution: str
    footage: str
    images: str
    rule: str
    balancer: str
    key: str

    @classmethod
    def of(cls, platform: Platform) -> "Names":
        service, ecs, rds = (platform.outputs(component) for component in ("service", "ecs", "rds"))
        site = platform.outputs("cloudfront")
        rules = platform.client("elbv2").describe_rules(ListenerArn=ecs["ProductionListenerArn"])["Rules"]
        return cls(
            account=platform.client("sts").get_caller_identity()["Account"],
            environment=platform.environment,
            task_role=service["TaskRoleArn"],
            secret=service["DatabaseSecretArn"],
            worker_secret=service["WorkerDatabaseSecretArn"],
            master=rds["MasterUserSecretArn"],
            logs=service["LogGroupName"],
            site=site["SiteBucketName"],
            distribution=site["DistributionId"],
            footage=service["FootageBucketName"],
            images=platform.outputs("ecr")["RepositoryName"],
            rule=min(rules, key=lambda rule: rule["IsDefault"])["RuleArn"],
            balancer=ecs["LoadBalancerArn"],
            key=rds["KmsKeyArn"],
        )

    @property
    def cluster(self) -> str:
        return f"arn:aws:ecs:us-east-1:{self.account}:cluster/fastbreak-{self.environment}"

    @property
    def definition(self) -> str:
        return f"fastbreak-{self.environment}-inference"

    @property
    def table(self) -> str:
        return f"arn:aws:dynamodb:us-east-1:{self.account}:table/fastbreak-{self.environment}-releases"

    def role(self, name: str) -> str:
        return f"arn:aws:iam::{self.account}:role/fastbreak-{self.environment}-{name}"

    def stack(self, component: str) -> str:
        return f"fastbreak-{self.environment}-{component}"


@dataclass(frozen=True)
class Forbidden:
    """A call, by boto3's names, and the action that is refused where that is another."""

    principal: str
    service: str
    method: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    action: str = ""

    def __str__(self) -> str:
        return f"{self.principal}: {self.service}.{self.method}({dict(self.arguments)})"


def calls(dev: Names, prod: Names) -> list[Forbidden]:
    """All of them: the promoter is prod's, the others dev's."""
    return [
        *_everybody(dev, prod),
        *_user(dev),
        *_ci(dev),
        *_planner(dev),
        *_promoter(dev, prod),
        *_deployer(dev),
        *_provisioner(dev),
        *_tasks(dev),
        *_site(dev, prod),
        *_detours(dev, prod),
    ]


def _everybody(dev: Names, prod: Names) -> Iterator[Forbidden]:
    """Nobody reaches the other account, makes itself more, or reads the master's secret."""
    for who in ("user", "ci", "planner", "deployer", "provisioner", "task", "worker", "migration", "execution"):
        yield Forbidden(who, "sts", "assume_role", {"RoleArn": prod.role("deployer"), "RoleSessionName": "forbidden"})
        yield Forbidden(who, "ecs", "update_service", {"cluster": prod.cluster, "service": "inference"})
        yield Forbidden(who, "secretsmanager", "get_secret_value", {"SecretId": prod.secret})
        yield Forbidden(who, "dynamodb", "query", _query(prod))
        yield Forbidden(
            who,
            "iam",
            "put_role_policy",
            {"RoleName": "fastbreak-dev-deployer", "PolicyName": "more", "PolicyDocument": POLICY},
        )
        if who != "migration":
            yield Forbidden(who, "secretsmanager", "get_secret_value", {"SecretId": dev.master})


def _user(dev: Names) -> Iterator[Forbidden]:
    for role in ("deployer", "provisioner", "cloudformation", "planner"):
        yield Forbidden("user", "sts", "assume_role", {"RoleArn": dev.role(role), "RoleSessionName": "forbidden"})
    yield Forbidden("user", "ecr", "get_authorization_token")
    yield Forbidden("user", "iam", "create_access_key", {"UserName": "fastbreak-dev-ci"})
    yield Forbidden("user", "cloudformation", "describe_stacks", {"StackName": dev.stack("network")})


def _ci(dev: Names) -> Iterator[Forbidden]:
    yield Forbidden("ci", "ecs", "run_task", {"cluster": dev.cluster, "taskDefinition": dev.definition})
    yield Forbidden(
        "ci", "ecs", "register_task_definition", {"family": dev.definition, "containerDefinitions": CONTAINERS}
    )
    yield Forbidden("ci", "ecs", "delete_service", {"cluster": dev.cluster, "service": "inference"})
    yield Forbidden("ci", "ecs", "update_service", {"cluster": dev.cluster, "service": "other"})
    yield Forbidden("ci", "ecr", "batch_delete_image", {"repositoryName": dev.images, "imageIds": [{"imageTag": "1"}]})
    yield Forbidden("ci", "ecr", "set_repository_policy", {"repositoryName": dev.images, "policyText": POLICY})
    yield Forbidden(
        "ci", "ecr", "put_image_tag_mutability", {"repositoryName": dev.images, "imageTagMutability": "MUTABLE"}
    )
    yield Forbidden("ci", "ecr", "initiate_layer_upload", {"repositoryName": "other"})
    yield Forbidden("ci", "dynamodb", "put_item", _item(dev))
    yield Forbidden("ci", "elbv2", "modify_rule", {"RuleArn": dev.rule})


def _planner(dev: Names) -> Iterator[Forbidden]:
    yield Forbidden("planner", "secretsmanager", "get_secret_value", {"SecretId": dev.secret})
    yield Forbidden("planner", "dynamodb", "query", _query(dev))
    yield Forbidden("planner", "dynamodb", "scan", {"TableName": dev.table})
    yield Forbidden("planner", "logs", "filter_log_events", {"logGroupName": dev.logs})
    yield Forbidden("planner", "logs", "get_log_events", {"logGroupName": dev.logs, "logStreamName": "1"})
    yield Forbidden("planner", "s3", "get_object", {"Bucket": dev.site, "Key": "index.html"})
    yield Forbidden(
        "planner", "ecr", "batch_get_image", {"repositoryName": dev.images, "imageIds": [{"imageTag": "1"}]}
    )
    yield Forbidden("planner", "kms", "decrypt", {"KeyId": dev.key, "CiphertextBlob": b"text"})
    yield Forbidden("planner", "ssm", "get_parameters", {"Names": ["any"]})
    for method in ("update_stack", "create_change_set", "delete_stack"):
        arguments = {"StackName": dev.stack("network")}
        if method != "delete_stack":
            arguments["TemplateBody"] = TEMPLATE
        if method == "create_change_set":
            arguments["ChangeSetName"] = "mine"
        yield Forbidden("planner", "cloudformation", method, arguments)
    yield Forbidden("planner", "ecs", "update_service", {"cluster": dev.cluster, "service": "inference"})
    yield Forbidden("planner", "ecs", "run_task", {"cluster": dev.cluster, "taskDefinition": dev.definition})
    yield Forbidden("planner", "sts", "assume_role", {"RoleArn": dev.role("provisioner"), "RoleSessionName": "x1"})


def _promoter(dev: Names, prod: Names) -> Iterator[Forbidden]:
    yield Forbidden(
        "promoter", "ecr", "initiate_layer_upload", {"registryId": dev.account, "repositoryName": dev.images}
    )
    yield Forbidden(
        "promoter", "ecr", "batch_delete_image", {"repositoryName": prod.images, "imageIds": [{"imageTag": "1"}]}
    )
    yield Forbidden("promoter", "ecr", "set_repository_policy", {"repositoryName": prod.images, "policyText": POLICY})
    yield Forbidden("promoter", "ecs", "update_service", {"cluster": prod.cluster, "service": "inference"})
    yield Forbidden("promoter", "dynamodb", "delete_item", {"TableName": prod.table, "Key": _key()})
    yield Forbidden("promoter", "dynamodb", "put_item", _item(dev))
    yield Forbidden("promoter", "secretsmanager", "get_secret_value", {"SecretId": prod.secret})
    yield Forbidden(
        "promoter", "sts", "assume_role", {"RoleArn": prod.role("deployer"), "RoleSessionName": "forbidden"}
    )


def _deployer(dev: Names) -> Iterator[Forbidden]:
    def passing(role: str) -> dict[str, Any]:
        return {"family": dev.definition, "containerDefinitions": CONTAINERS, "taskRoleArn": role}

    for role in ("cloudformation", "provisioner", "deployer"):
        yield Forbidden("deployer", "ecs", "register_task_definition", passing(dev.role(role)), "iam:PassRole")
    yield Forbidden("deployer", "ecr", "initiate_layer_upload", {"repositoryName": dev.images})
    yield Forbidden("deployer", "secretsmanager", "get_secret_value", {"SecretId": dev.secret})
    yield Forbidden("deployer", "ecs", "run_task", {"cluster": dev.cluster, "taskDefinition": "other"})
    yield Forbidden("deployer", "ecs", "update_service", {"cluster": dev.cluster, "service": "other"})
    yield Forbidden("deployer", "ecs", "delete_cluster", {"cluster": dev.cluster})
    yield Forbidden(
        "deployer",
        "ecs",
        "execute_command",
        {"cluster": dev.cluster, "task": "1", "command": "sh", "interactive": True},
    )
    yield Forbidden("deployer", "elbv2", "modify_rule", {"RuleArn": dev.rule.replace("/fastbreak-dev/", "/other/")})
    yield Forbidden("deployer", "elbv2", "delete_load_balancer", {"LoadBalancerArn": dev.balancer})
    yield Forbidden(
        "deployer",
        "application-autoscaling",
        "register_scalable_target",
        {
            "ServiceNamespace": "dynamodb",
            "ResourceId": "table/fastbreak-dev-releases",
            "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
        },
    )
    yield Forbidden("deployer", "cloudformation", "delete_stack", {"StackName": dev.stack("service")})
    yield Forbidden("deployer", "dynamodb", "delete_table", {"TableName": dev.table})
    yield Forbidden(
        "deployer",
        "rds",
        "modify_db_instance",
        {"DBInstanceIdentifier": "fastbreak-dev", "MasterUserPassword": "x" * 9},
    )
    for method in ("delete_bucket", "put_bucket_versioning"):
        more = {"VersioningConfiguration": {"Status": "Suspended"}} if method == "put_bucket_versioning" else {}
        yield Forbidden("deployer", "s3", method, {"Bucket": dev.site, **more})
    yield Forbidden("deployer", "s3", "list_object_versions", {"Bucket": dev.site}, "s3:ListBucketVersions")
    yield Forbidden("deployer", "s3", "delete_object", {"Bucket": dev.site, "Key": "index.html", "VersionId": "1"})
    yield Forbidden("deployer", "cloudfront", "get_distribution_config", {"Id": dev.distribution})


def _provisioner(dev: Names) -> Iterator[Forbidden]:
    yield Forbidden("provisioner", "cloudformation", "delete_stack", {"StackName": dev.stack("bootstrap")})
    yield Forbidden(
        "provisioner",
        "cloudformation",
        "update_stack",
        {"StackName": dev.stack("bootstrap"), "TemplateBody": TEMPLATE},
    )
    yield Forbidden("provisioner", "cloudformation", "create_stack", {"StackName": "other", "TemplateBody": TEMPLATE})
    yield Forbidden(
        "provisioner",
        "cloudformation",
        "create_stack",
        {"StackName": dev.stack("mine"), "TemplateBody": TEMPLATE, "RoleARN": dev.role("provisioner")},
        "iam:PassRole",
    )
    yield Forbidden(
        "provisioner",
        "iam",
        "create_role",
        {
            "RoleName": "fastbreak-dev-mine",
            "AssumeRolePolicyDocument": POLICY,
            "PermissionsBoundary": f"arn:aws:iam::{dev.account}:policy/fastbreak-dev-boundary",
        },
    )
    yield Forbidden("provisioner", "iam", "create_user", {"UserName": "fastbreak-dev-mine"})
    yield Forbidden("provisioner", "secretsmanager", "get_secret_value", {"SecretId": dev.secret})
    yield Forbidden("provisioner", "s3", "get_object", {"Bucket": dev.site, "Key": "index.html"})
    yield Forbidden(
        "provisioner",
        "rds",
        "delete_db_instance",
        {"DBInstanceIdentifier": "fastbreak-dev", "SkipFinalSnapshot": True},
    )
    yield Forbidden("provisioner", "ecs", "run_task", {"cluster": dev.cluster, "taskDefinition": dev.definition})
    yield Forbidden("provisioner", "ec2", "terminate_instances", {"InstanceIds": ["i-00000000000000000"]})


def _tasks(dev: Names) -> Iterator[Forbidden]:
    for who in ("task", "worker", "migration", "execution"):
        yield Forbidden(who, "ecs", "run_task", {"cluster": dev.cluster, "taskDefinition": dev.definition})
        yield Forbidden(who, "dynamodb", "query", _query(dev))
        yield Forbidden(who, "sts", "assume_role", {"RoleArn": dev.role("deployer"), "RoleSessionName": "forbidden"})
    yield Forbidden("task", "secretsmanager", "put_secret_value", {"SecretId": dev.secret, "SecretString": "{}"})
    yield Forbidden("worker", "secretsmanager", "get_secret_value", {"SecretId": dev.secret})
    yield Forbidden("task", "secretsmanager", "get_secret_value", {"SecretId": dev.worker_secret})
    # The API stores footage and reads it for people; a worker reads it, and replaces what it covers somebody in.
    yield Forbidden("task", "s3", "get_object", {"Bucket": dev.footage, "Key": "other/1.video"})
    yield Forbidden("worker", "s3", "put_object", {"Bucket": dev.footage, "Key": "other/1.video"})
    yield Forbidden("worker", "s3", "delete_object", {"Bucket": dev.footage, "Key": "footage/1.video"})
    yield Forbidden("migration", "secretsmanager", "put_secret_value", {"SecretId": dev.master, "SecretString": "{}"})
    yield Forbidden("migration", "secretsmanager", "delete_secret", {"SecretId": dev.secret})
    yield Forbidden(
        "migration",
        "rds",
        "modify_db_instance",
        {"DBInstanceIdentifier": "fastbreak-dev", "MasterUserPassword": "x" * 9},
    )
    yield Forbidden("execution", "secretsmanager", "get_secret_value", {"SecretId": dev.secret})
    yield Forbidden("execution", "ecr", "initiate_layer_upload", {"repositoryName": dev.images})
    yield Forbidden("execution", "logs", "get_log_events", {"logGroupName": dev.logs, "logStreamName": "1"})


def _site(dev: Names, prod: Names) -> Iterator[Forbidden]:
    """Nobody but the deployer publishes a site, and it publishes its environment's alone."""
    for who, names in (("ci", dev), ("planner", dev), ("promoter", prod), ("provisioner", dev), ("task", dev)):
        yield Forbidden(who, "s3", "put_object", {"Bucket": names.site, "Key": "index.html", "Body": b""})
        yield Forbidden(who, "cloudfront", "create_invalidation", _invalidation(names))
    yield Forbidden("deployer", "s3", "put_object", {"Bucket": prod.site, "Key": "index.html", "Body": b""})
    yield Forbidden("deployer", "cloudfront", "create_invalidation", _invalidation(prod))


def _invalidation(names: Names) -> dict[str, Any]:
    batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "mine"}
    return {"DistributionId": names.distribution, "InvalidationBatch": batch}


def _detours(dev: Names, prod: Names) -> Iterator[Forbidden]:
    """Ways round: another's role, one's own policy, and services that would do it in one's stead."""
    for who in ("ci", "planner", "deployer", "provisioner", "task"):
        yield from _own_rights(who, dev)
        yield from _in_ones_stead(who, dev)
    for who in ("ci", "planner", "provisioner", "task"):
        passing = {"family": dev.definition, "containerDefinitions": CONTAINERS, "taskRoleArn": dev.role("provisioner")}
        yield Forbidden(who, "ecs", "register_task_definition", passing)
    yield Forbidden(
        "deployer",
        "ecs",
        "register_task_definition",
        {"family": "other", "containerDefinitions": CONTAINERS, "taskRoleArn": dev.task_role},
    )
    yield Forbidden(
        "deployer",
        "ecs",
        "run_task",
        {"cluster": "other", "taskDefinition": dev.definition},
    )
    for who, names in (("deployer", dev), ("promoter", prod), ("ci", dev)):
        yield Forbidden(who, "s3", "put_bucket_policy", {"Bucket": names.site, "Policy": POLICY})
        yield Forbidden(
            who,
            "kms",
            "create_grant",
            {"KeyId": names.key, "GranteePrincipal": names.role("deployer"), "Operations": ["Decrypt"]},
        )
    tagged = {"RoleArn": dev.role("deployer"), "RoleSessionName": "x1", "Tags": [{"Key": "Component", "Value": "iam"}]}
    for who in ("user", "ci", "task"):
        yield Forbidden(who, "sts", "assume_role", tagged)
    yield Forbidden("deployer", "sts", "assume_role", {"RoleArn": dev.role("ci"), "RoleSessionName": "x1"})
    yield Forbidden("promoter", "ecr", "put_image", {"registryId": dev.account, **_image(dev)})
    yield Forbidden("ci", "ecr", "put_image", {"registryId": prod.account, **_image(prod)})
    yield Forbidden("provisioner", "kms", "put_key_policy", {"KeyId": dev.key, "PolicyName": "p", "Policy": POLICY})
    yield Forbidden(
        "provisioner", "sts", "assume_role", {"RoleArn": dev.role("cloudformation"), "RoleSessionName": "x1"}
    )


def _own_rights(who: str, dev: Names) -> Iterator[Forbidden]:
    own = f"fastbreak-dev-{who}" if who != "task" else dev.task_role.rpartition("/")[2]
    boundary = f"arn:aws:iam::{dev.account}:policy/fastbreak-dev-boundary"
    everything = "arn:aws:iam::aws:policy/AdministratorAccess"
    yield Forbidden(who, "iam", "attach_role_policy", {"RoleName": own, "PolicyArn": everything})
    yield Forbidden(who, "iam", "delete_role_permissions_boundary", {"RoleName": own})
    yield Forbidden(who, "iam", "update_assume_role_policy", {"RoleName": own, "PolicyDocument": POLICY})
    yield Forbidden(
        who, "iam", "create_policy_version", {"PolicyArn": boundary, "PolicyDocument": POLICY, "SetAsDefault": True}
    )


def _in_ones_stead(who: str, dev: Names) -> Iterator[Forbidden]:
    yield Forbidden(who, "codebuild", "start_build", {"projectName": "fastbreak-dev-deploy", "buildspecOverride": "{}"})
    yield Forbidden(
        who,
        "lambda",
        "create_function",
        {"FunctionName": "mine", "Role": dev.role("deployer"), "Code": {"ZipFile": b"x"}, "Runtime": "python3.13"},
    )
    if who != "provisioner":
        arguments = {"StackName": dev.stack("mine"), "TemplateBody": TEMPLATE, "RoleARN": dev.role("cloudformation")}
        yield Forbidden(who, "cloudformation", "create_stack", arguments)


def _image(names: Names) -> dict[str, Any]:
    return {"repositoryName": names.images, "imageManifest": "{}", "imageTag": "1.0.0-x"}


def _key() -> dict[str, Any]:
    return {"service": {"S": "inference"}, "release_id": {"S": "mine"}}


def _item(names: Names) -> dict[str, Any]:
    return {"TableName": names.table, "Item": _key()}


def _query(names: Names) -> dict[str, Any]:
    return {
        "TableName": names.table,
        "KeyConditionExpression": "service = :service",
        "ExpressionAttributeValues": {":service": {"S": "inference"}},
    }
