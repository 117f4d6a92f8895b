# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policies of the templates' roles, filled in for an environment and evaluated as IAM evaluates them.

The evaluator is MiniStack's: nothing of it was written for these templates.
"""

import json
import re
from functools import cache
from pathlib import Path

from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import read_template
from ministack.core.iam_evaluator import EvalContext, evaluate, fnmatch_iam, parse_policy_document

ROOT = Path(__file__).parents[3]
ACCOUNTS = {"dev": "111111111111", "prod": "222222222222"}
REGION = "us-east-1"
SOURCE = f"arn:aws:ecr:{REGION}:{ACCOUNTS['dev']}:repository/fastbreak/inference"
# (component, logical id) of each principal.
PRINCIPALS = {
    "provisioner": ("bootstrap", "ProvisionerRole"),
    "cloudformation": ("bootstrap", "StackRole"),
    "deployer": ("iam", "DeployerRole"),
    "planner": ("iam", "PlannerRole"),
    "promoter": ("iam", "PromoterRole"),
    "ci": ("iam", "CiRole"),
    "user": ("iam", "CiUserOfPipelines"),
    "task": ("service", "TaskRole"),
    "worker": ("service", "WorkerRole"),
    "probe": ("service", "ProbeRole"),
    "migration": ("service", "MigrationRole"),
    "execution": ("service", "ExecutionRole"),
}


@cache
def template(component):
    return read_template(str(ROOT / "roles" / component / "files" / "stack.yaml"))[1]


@cache
def documents(principal, environment="dev"):
    """A principal's policies, in an environment."""
    component, logical_id = PRINCIPALS[principal]
    found = [*unconditional(template(component)["Resources"][logical_id]["Properties"].get("Policies", []))]
    return [_filled(policy["PolicyDocument"], component, environment) for policy in found]


def unconditional(policies):
    """Those that a role has in an environment of the inventories."""
    return (policy for policy in policies if set(policy) != {"Fn::If"})


@cache
def statements(principal, environment="dev"):
    """The statements of a principal's policies, in an environment."""
    found = [statement for document in documents(principal, environment) for statement in document["Statement"]]
    return json.loads(json.dumps(found))


def longest(principal):
    """The text of a principal's policies, where everything that an inventory names has the longest name."""
    text = "".join(json.dumps(document, separators=(",", ":")) for document in documents(principal, "prod"))
    for short, long in (
        ("fastbreak/inference", "r" * 256),
        ("inference", "s" * 31),
        ("fastbreak-prod", "fastbreak-" + "e" * 16),
        ("/prod/", "/" + "e" * 16 + "/"),
        (REGION, "ap-southeast-1"),
    ):
        text = text.replace(short, long)
    return text


@cache
def boundary(environment="dev"):
    found = template("bootstrap")["Resources"]["Boundary"]["Properties"]["PolicyDocument"]
    return parse_policy_document(_filled(found, "bootstrap", environment))


def may(principal, action, resource, environment="dev", **context):
    """Whether the principal's policies, under the boundary where it has one, allow the call."""
    account = ACCOUNTS[environment]
    asked = EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{principal}/test",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=REGION,
        service_context={key.lower(): value for key, value in context.items()},
    )
    own = [parse_policy_document({"Statement": statements(principal, environment)})]
    bound = [] if PRINCIPALS[principal][0] == "bootstrap" else [[boundary(environment)]]
    return evaluate(asked, own, *bound).decision == "Allow"


def granted(principal):
    """Each action that a principal's policies allow, as written."""
    allowing = [each for each in statements(principal) if each["Effect"] == "Allow"]
    return {action for each in allowing for action in _listed(each["Action"])}


def without_resource(principal):
    """The actions that are granted on everything."""
    found = [each for each in statements(principal) if each["Effect"] == "Allow" and "*" in _listed(each["Resource"])]
    return {action for each in found for action in _listed(each["Action"])}


def matches(action, pattern):
    return fnmatch_iam(action, pattern)


def _listed(value):
    return value if isinstance(value, list) else [value]


def _filled(value, component, environment):
    if isinstance(value, list):
        return [_filled(item, component, environment) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return _reference(value["Ref"], component, environment)
    if set(value) == {"Fn::Sub"}:
        return re.sub(r"\$\{([^}]+)\}", lambda found: _named(found[1], component, environment), value["Fn::Sub"])
    if set(value) == {"Fn::GetAtt"}:
        return _attribute(".".join(_listed(value["Fn::GetAtt"])), component, environment)
    return {key: _filled(item, component, environment) for key, item in value.items()}


def _named(name, component, environment):
    return (_attribute if "." in name else _reference)(name, component, environment)


def _reference(name, component, environment):
    account = ACCOUNTS[environment]
    known = {
        "AWS::AccountId": account,
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "Environment": environment,
        "ServiceName": "inference",
        "RepositoryName": "fastbreak/inference",
        "RepositoryArn": SOURCE.replace(ACCOUNTS["dev"], account),
        "PromotionSourceRepositoryArn": SOURCE,
        "MasterSecretArn": f"arn:aws:secretsmanager:{REGION}:{account}:secret:rds!db-{environment}",
        "DatabaseKeyArn": f"arn:aws:kms:{REGION}:{account}:key/database",
        "LogGroup": f"/fastbreak/{environment}/inference",
        "Boundary": f"arn:aws:iam::{account}:policy/fastbreak-{environment}-boundary",
    }
    return known[name]


def _attribute(name, component, environment):
    account = ACCOUNTS[environment]
    known = {
        "DatabaseSecret.Id": f"arn:aws:secretsmanager:{REGION}:{account}:secret:DatabaseSecret-{environment}",
        "WorkerDatabaseSecret.Id": f"arn:aws:secretsmanager:{REGION}:{account}:secret:OfWorkers-{environment}",
        "FootageBucket.Arn": f"arn:aws:s3:::fastbreak-{environment}-service-footage",
        "WorkQueue.Arn": f"arn:aws:sqs:{REGION}:{account}:fastbreak-{environment}-service-work",
        "DeadLetterQueue.Arn": f"arn:aws:sqs:{REGION}:{account}:fastbreak-{environment}-service-dead",
        "ServiceKey.Arn": f"arn:aws:kms:{REGION}:{account}:key/service",
        "StackRole.Arn": f"arn:aws:iam::{account}:role/fastbreak-{environment}-cloudformation",
    }
    return known[name]
