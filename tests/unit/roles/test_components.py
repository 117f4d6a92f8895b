# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The component roles: their templates against the contract, their inputs against their templates."""

import ast
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import read_template
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.template import evaluate
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.template_references import (
    refuse_circular,
    template_problems,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.unresolved import known_after
from jinja2 import Template

from tests.unit.roles.policies import unconditional

ROOT = Path(__file__).parents[3]
CONTRACT = (ROOT / "docs" / "contracts.md").read_text()
COMPONENTS = sorted(path.parents[1].name for path in ROOT.glob("roles/*/files/stack.yaml"))


def template(component):
    return read_template(str(ROOT / "roles" / component / "files" / "stack.yaml"))[1]


def tasks(component):
    return yaml.safe_load((ROOT / "roles" / component / "tasks" / "main.yml").read_text())


def specs(component):
    text = (ROOT / "roles" / component / "meta" / "argument_specs.yml").read_text()
    return yaml.safe_load(text)["argument_specs"]["main"]["options"]


def contract_row(component):
    row = next(line for line in CONTRACT.splitlines() if line.startswith(f"| `{component}` |"))
    _start, _name, depends_on, outputs, _end = row.split("|")
    return re.findall(r"`(\w+)`", depends_on), re.findall(r"`(\w+)`", outputs)


def evaluated(component, **values):
    """The component with these parameters, and the others as they may be."""
    known = {
        name: rules.get("Default", "") or known_after("another")
        for name, rules in template(component)["Parameters"].items()
    }
    return evaluate(template(component), known | values, {"AWS::Region": "us-east-1"})


@pytest.mark.parametrize("component", COMPONENTS)
def test_outputs_are_those_of_the_contract(component):
    assert set(template(component)["Outputs"]) == set(contract_row(component)[1])


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_parameter_is_handed_in_and_references_follow_the_contract(component):
    variables = tasks(component)[0]["vars"]
    inputs, given = variables["stack_inputs"], variables.get("stack_parameters", {})
    assert set(inputs.values()) <= set(specs(component))
    declared = template(component)["Parameters"]
    assert {"Environment", *inputs, *given} == set(declared)
    references = [value for value in given.values() if isinstance(value, dict) and "when_made" not in value]
    depends_on, _outputs = contract_row(component)
    assert {reference["component"] for reference in references} <= set(depends_on)
    for reference in references:
        assert reference["output"] in template(reference["component"])["Outputs"]


@pytest.mark.parametrize("component", [*COMPONENTS, "stack"])
def test_defaults_are_those_that_are_documented(component):
    documented = {key: option["default"] for key, option in specs(component).items() if "default" in option}
    defaults = yaml.safe_load((ROOT / "roles" / component / "defaults" / "main.yml").read_text())
    # A default that is made of other variables is documented in words.
    assert {key: value for key, value in defaults.items() if "{{" not in str(value)} == documented
    assert set(defaults) <= set(specs(component))
    assert all("type" in option and "description" in option for option in specs(component).values())


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_role_needs_the_capabilities_it_asks_for(component):
    makes_roles = any(body["Type"].startswith("AWS::IAM::") for body in template(component)["Resources"].values())
    assert ("CAPABILITY_IAM" in tasks(component)[0]["vars"].get("stack_capabilities", [])) == makes_roles


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_template_holds_nothing_that_cloudformation_refuses(component):
    assert list(template_problems(template(component))) == []
    parameters = template(component)["Parameters"]
    known = {name: rules.get("Default") or known_after("another") for name, rules in parameters.items()}
    refuse_circular(evaluate(template(component), known, {}))


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_template_fits_into_a_request(component):
    assert (ROOT / "roles" / component / "files" / "stack.yaml").stat().st_size <= 51_200


def test_no_policy_grants_everything():
    for component in COMPONENTS:
        for name, statements in role_policies(component).items():
            for statement in statements:
                # What CloudFormation works with makes whatever templates name: tests/unit/roles/test_privileges.py.
                if name != "StackRole" and statement["Effect"] == "Allow":
                    assert not any(action.endswith("*") for action in actions(statement)), f"{component}.{name}"


def test_every_role_and_user_of_a_component_is_under_the_boundary():
    """Those of the bootstrap are not: they make it."""
    for component in set(COMPONENTS) - {"bootstrap"}:
        for name, body in template(component)["Resources"].items():
            if body["Type"] in {"AWS::IAM::Role", "AWS::IAM::User"}:
                bound = body["Properties"].get("PermissionsBoundary")
                assert bound == {
                    "Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}]
                }, f"{component}.{name}"


def test_security_groups_are_chained_and_let_nothing_else_in():
    resources = template("network")["Resources"]
    sources = {
        name: [
            rule.get("SourceSecurityGroupId", {}).get("Fn::GetAtt")
            for rule in body["Properties"]["SecurityGroupIngress"]
        ]
        for name, body in resources.items()
        if body["Type"] == "AWS::EC2::SecurityGroup"
    }
    assert sources["TaskSecurityGroup"] == ["LoadBalancerSecurityGroup.GroupId"]
    assert sources["DatabaseSecurityGroup"] == ["TaskSecurityGroup.GroupId"]
    routes = [body for body in resources.values() if body["Type"] == "AWS::EC2::Route"]
    assert not any(route["Properties"]["RouteTableId"] == {"Ref": "DataRouteTable"} for route in routes)


def test_the_database_is_private_encrypted_and_keeps_its_data():
    database = template("rds")["Resources"]["Database"]
    properties = database["Properties"]
    assert (database["DeletionPolicy"], database["UpdateReplacePolicy"]) == ("Snapshot", "Snapshot")
    assert properties["PubliclyAccessible"] is False
    assert properties["StorageEncrypted"] is properties["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in properties
    parameters = template("rds")["Resources"]["ParameterGroup"]["Properties"]["Parameters"]
    assert parameters["rds.force_ssl"] == "1"


def role_policies(component):
    """The statements of each role of a component that its template writes down."""
    return {
        name: [
            statement
            for policy in unconditional(body["Properties"].get("Policies", []))
            for statement in policy["PolicyDocument"]["Statement"]
        ]
        for name, body in template(component)["Resources"].items()
        if body["Type"] == "AWS::IAM::Role"
    }


def actions(statement):
    found = statement.get("Action", [])
    return set(found if isinstance(found, list) else [found])


# What secrets are, and no value.
DESCRIPTIONS = {"secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"}
# By a name that neither the database's user nor its master has.
_SECRETS = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret"
GATES = {"Fn::Sub": f"{_SECRETS}:fastbreak-${{Environment}}-probe-*"}
TOKEN = {"Fn::Sub": f"{_SECRETS}:fastbreak-${{Environment}}-probe-??????"}
RESTORED = {"Fn::GetAtt": "Database.MasterUserSecret.SecretArn"}
OWN_NAMED, OF_WORKERS_NAMED = {"Ref": "DatabaseSecretArn"}, {"Ref": "WorkerDatabaseSecretArn"}
MASTER, OWN = {"Ref": "MasterSecretArn"}, {"Fn::GetAtt": "DatabaseSecret.Id"}
OF_WORKERS = {"Fn::GetAtt": "WorkerDatabaseSecret.Id"}


def test_only_migrations_may_read_the_master_users_secret():
    readers = {
        (component, role, str(statement["Resource"]))
        for component in COMPONENTS
        for role, statements in role_policies(component).items()
        for statement in statements
        if role != "StackRole"
        and any(action.startswith("secretsmanager:") for action in actions(statement) - DESCRIPTIONS)
    }
    assert readers == {
        ("iam", "DeployerRole", str(GATES)),
        ("restore", "RestoreRole", str([MASTER, RESTORED, OWN_NAMED, OF_WORKERS_NAMED])),
        ("service", "MigrationRole", str(MASTER)),
        ("service", "MigrationRole", str([OWN, OF_WORKERS])),
        ("service", "ProbeRole", str(TOKEN)),
        ("service", "TaskRole", str(OWN)),
        ("service", "WorkerRole", str(OF_WORKERS)),
    }
    given = tasks("service")[0]["vars"]["stack_parameters"]["MasterSecretArn"]
    assert given == {"component": "rds", "output": "MasterUserSecretArn"}


KEY = {"Fn::GetAtt": "ServiceKey.Arn"}
FOOTAGE = {"Fn::Sub": "${FootageBucket.Arn}/footage/*"}
BUCKET = {"Fn::GetAtt": "FootageBucket.Arn"}
WORK, DEAD = ({"Fn::GetAtt": f"{name}.Arn"} for name in ("WorkQueue", "DeadLetterQueue"))
HEARING = ("ChangeMessageVisibility", "DeleteMessage", "ReceiveMessage")


@pytest.mark.parametrize(
    ("role", "others"),
    [
        (
            "TaskRole",
            {("kms:GenerateDataKey", str(KEY)), ("s3:ListBucketVersions", str(BUCKET))}
            | {
                (f"s3:{action}", str(FOOTAGE))
                for action in (
                    *("AbortMultipartUpload", "DeleteObject", "DeleteObjectVersion"),
                    *("ListMultipartUploadParts", "PutObject"),
                )
            },
        ),
        (
            "WorkerRole",
            {("kms:GenerateDataKey", str(KEY)), ("s3:ListBucketVersions", str(BUCKET))}
            | {
                (f"s3:{action}", str(FOOTAGE))
                for action in ("AbortMultipartUpload", "DeleteObjectVersion", "PutObject")
            },
        ),
    ],
)
def test_tasks_may_read_their_own_secret_and_footage_which_they_store_and_workers_replace(role, others):
    statements = role_policies("service")[role]
    # Workers say besides that an analysis has ended, and of the messages of both see below.
    statements = [item for item in statements if item.get("Sid") != "AnnounceEnds"]
    statements = [item for item in statements if not any(action.startswith("sqs:") for action in actions(item))]
    allowed = {(action, str(item["Resource"])) for item in statements for action in actions(item)}
    own = OWN if role == "TaskRole" else OF_WORKERS
    both = {("secretsmanager:GetSecretValue", str(own)), ("kms:Decrypt", str(KEY)), ("s3:GetObject", str(FOOTAGE))}
    both |= {("s3:ListBucket", str({"Fn::GetAtt": "FootageBucket.Arn"}))}
    assert allowed == both | others
    granted = set().union(*(actions(statement) for statement in role_policies("service")["ExecutionRole"]))
    assert not {action for action in granted if action.split(":")[0] in {"secretsmanager", "kms", "s3"}}


def test_the_api_tells_of_work_and_workers_hear_of_it_and_nobody_else():
    found = {
        (role, action.partition(":")[2], str(statement["Resource"]))
        for role, statements in role_policies("service").items()
        for statement in statements
        for action in actions(statement)
        if action.startswith("sqs:")
    }
    assert found == {
        ("TaskRole", "SendMessage", str(WORK)),
        *(("TaskRole", action, str(DEAD)) for action in HEARING),
        *(("WorkerRole", action, str(WORK)) for action in (*HEARING, "SendMessage")),
        ("WorkerRole", "SendMessage", str(DEAD)),
    }


def test_queues_are_encrypted_reached_by_tls_alone_and_end_in_the_one_of_dead_letters():
    resources = template("service")["Resources"]
    work, dead = (resources[name]["Properties"] for name in ("WorkQueue", "DeadLetterQueue"))
    assert work["KmsMasterKeyId"] == dead["KmsMasterKeyId"] == KEY
    assert work["RedrivePolicy"]["deadLetterTargetArn"] == DEAD
    # Work may be handed back that often without a fault of its own (worker/verdict.py).
    verdict = (ROOT / "service" / "src" / "fastbreak_service" / "worker" / "verdict.py").read_text(encoding="utf-8")
    assert work["RedrivePolicy"]["maxReceiveCount"] > int(re.search(r"^MOST_TAKES = (\d+)$", verdict, re.MULTILINE)[1])
    # Whoever looks into what nobody could handle has longer than that could wait.
    assert dead["MessageRetentionPeriod"] > work["MessageRetentionPeriod"]
    assert "RedrivePolicy" not in dead
    for name, queue in (("QueuePolicy", "WorkQueue"), ("DeadLetterQueuePolicy", "DeadLetterQueue")):
        (statement,) = resources[name]["Properties"]["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Resource"]) == ("Deny", {"Fn::GetAtt": f"{queue}.Arn"})
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_keys_are_used_through_services_alone():
    through = {
        (role, statement["Condition"]["StringEquals"]["kms:ViaService"]["Fn::Sub"].split(".")[0])
        for role, statements in role_policies("service").items()
        for statement in statements
        if any(action.startswith("kms:") for action in actions(statement))
    }
    assert through == {
        *(("MigrationRole", name) for name in ("secretsmanager",)),
        *((role, name) for role in ("TaskRole", "WorkerRole") for name in ("secretsmanager", "s3", "sqs")),
    }


def test_footage_is_private_encrypted_and_deleted_in_every_version():
    resources = template("service")["Resources"]
    bucket = resources["FootageBucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == {"Ref": "FootageDays"}
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    # The key stays as long as the bucket does: so it bounds no number of days.
    assert resources["FootageBucket"]["DeletionPolicy"] == resources["ServiceKey"]["DeletionPolicy"] == "Retain"
    (denied,) = resources["FootageBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", "s3:*")


def test_pages_of_the_console_alone_send_to_the_bucket_of_footage_and_only_that():
    bucket = template("service")["Resources"]["FootageBucket"]["Properties"]
    condition, rules, nothing = bucket["CorsConfiguration"]["Fn::If"]
    assert (condition, nothing) == ("HasConsole", {"Ref": "AWS::NoValue"})
    assert rules == {
        "CorsRules": [{"AllowedMethods": ["PUT"], "AllowedOrigins": [{"Ref": "ConsoleOrigin"}], "MaxAge": 3600}]
    }


def test_pages_show_videos_of_the_bucket_of_footage_and_of_no_other():
    headers = template("cloudfront")["Resources"]["SiteHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    sent, names = headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    assert sent == (
        "${ContentSecurityPolicy}; connect-src 'self' ${Footage} ${ConnectSources}; media-src 'self' blob: ${Footage}"
    )
    assert set(names) == {"Footage"}
    defaults = yaml.safe_load((ROOT / "roles" / "cloudfront" / "defaults" / "main.yml").read_text())
    assert not {"connect-src", "media-src"} & set(defaults["cloudfront_content_security_policy"].split())


def test_ecs_names_the_bucket_of_footage_in_an_environment_that_is_made_and_in_none_that_stands():
    assert tasks("ecs")[0]["vars"]["stack_parameters"]["FootageBucketNamed"] == {"when_made": "true"}
    assert template("ecs")["Parameters"]["FootageBucketNamed"]["Default"] == "false"
    assert evaluated("ecs", FootageBucketNamed="false").outputs["FootageBucketName"] == "-"
    assert "-service-" in evaluated("ecs", FootageBucketNamed="true").outputs["FootageBucketName"]


def test_the_bucket_that_service_makes_has_the_name_of_ecs_where_there_is_one():
    def properties(name):
        return evaluated("service", FootageBucketName=name).resources["FootageBucket"]["Properties"]

    assert properties("footage")["BucketName"] == "footage"
    assert "BucketName" not in properties("-")


@pytest.mark.parametrize(
    ("name", "told", "bucket"), [("named", "", "named"), ("-", "made-up", "made-up"), ("-", "", None)]
)
def test_pages_have_videos_of_the_bucket_of_ecs_or_of_the_one_that_they_are_told_of_or_of_none(name, told, bucket):
    model = evaluated("cloudfront", FootageBucketName=name, MadeUpFootageBucketName=told, ConnectSources="")
    headers = model.resources["SiteHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    directives = headers["ContentSecurityPolicy"]["ContentSecurityPolicy"].split("; ")[-2:]
    address = [f"https://{bucket}.s3.us-east-1.${{AWS::URLSuffix}}"] if bucket else []
    assert [each.split() for each in directives] == [
        ["connect-src", "'self'", *address],
        ["media-src", "'self'", "blob:", *address],
    ]


def test_the_bucket_that_service_makes_is_the_one_that_pages_are_told_of():
    for component in ("service", "cloudfront"):
        read = tasks(component)[0]["vars"]["stack_parameters"]["FootageBucketName"]
        assert read == {"component": "ecs", "output": "FootageBucketName"}


def test_no_password_is_handed_to_a_container():
    release = (ROOT / "roles" / "ecs_rollout" / "vars" / "main.yml").read_text()
    values = yaml.safe_load(release)
    (container,) = values["__ecs_rollout_task_definition"]["containerDefinitions"]
    assert "secrets" not in container
    assert "FASTBREAK_DATABASE_MASTER_SECRET" not in values["__ecs_rollout_database"]
    assert "PASSWORD" not in release


def test_whichever_service_is_released_first_the_apis_secret_is_the_apis():
    """A companion that migrates has the workers' secret as its own."""
    values = yaml.safe_load((ROOT / "roles" / "ecs_rollout" / "vars" / "main.yml").read_text())
    administration = values["__ecs_rollout_administration"]
    assert administration["FASTBREAK_DATABASE_SECRET"] == values["__ecs_rollout_database"]["FASTBREAK_DATABASE_SECRET"]
    assert "WorkerDatabaseSecretArn" in administration["FASTBREAK_DATABASE_WORKER_SECRET"]


def test_workers_read_the_secret_of_the_api_only_where_a_release_of_before_may_run():
    policies = template("service")["Resources"]["WorkerRole"]["Properties"]["Policies"]
    condition, policy, nothing = next(each["Fn::If"] for each in policies if set(each) == {"Fn::If"})
    assert (condition, nothing) == ("HasSharedUser", {"Ref": "AWS::NoValue"})
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("secretsmanager:GetSecretValue", OWN)
    assert template("service")["Conditions"]["HasSharedUser"] == {
        "Fn::Equals": [{"Ref": "DatabaseUsersApart"}, "false"]
    }


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_parameter_that_a_variable_gives_says_what_it_may_be(component):
    rules = {"AllowedPattern", "AllowedValues", "MinValue"}
    declared = template(component)["Parameters"]
    inputs = tasks(component)[0]["vars"]["stack_inputs"]
    assert [name for name in inputs if not rules & set(declared[name])] == []


@pytest.mark.parametrize("made", [True, False])
def test_a_release_tells_of_the_queues_where_the_service_has_any(made):
    role = yaml.safe_load((ROOT / "roles" / "ecs_rollout" / "vars" / "main.yml").read_text(encoding="utf-8"))
    urls = {"QueueUrl": "https://sqs/work", "DeadLetterQueueUrl": "https://sqs/dead"}
    rendered = Template(role["__ecs_rollout_queue"]).render(__ecs_rollout_outputs={"service": urls if made else {}})
    told = {"FASTBREAK_QUEUE_URL": "https://sqs/work", "FASTBREAK_DEAD_LETTER_QUEUE_URL": "https://sqs/dead"}
    assert ast.literal_eval(rendered.strip()) == (told if made else {})
    # A service that was provisioned before is released as before.
    assert not {"QueueUrl", "DeadLetterQueueUrl"} & set(role["__ecs_rollout_needed"])
    assert "__ecs_rollout_queue" in role["__ecs_rollout_task_definition"]["containerDefinitions"][0]["environment"]
