# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The platform's stacks in the sandbox: from an empty account to the second run and back, and what can go wrong."""

import json
import re
import ssl
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import httpx
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.modules import cloudformation_stack
from botocore.exceptions import WaiterError

from demo import roles
from sandbox import ACCOUNTS
from tests import recorded_calls
from tests.integration.promotion.accounts import perform
from tests.integration.provision.conftest import COMPONENTS, ROOT, Environment
from tests.integration.provision.users import Users
from tests.integration.rollout.images import Images

CHANGE = ("-e", "network_flow_log_retention_days=30", "-e", "ecs_idle_timeout_seconds=90")


def test_from_an_empty_account_and_back(nothing):
    checked = nothing.run("--check", "--diff")
    assert checked.code == 0, checked.text
    assert checked.changed() == dict.fromkeys(COMPONENTS, 1)
    assert "(known after network is applied)" in checked.text
    assert "Vpc (AWS::EC2::VPC)" in checked.text
    assert nothing.stacks() == {}

    ran = nothing.run()
    assert ran.code == 0, ran.text
    # The network's second change closes the default security group, which no check of an empty account can see.
    assert ran.changed() == {**checked.changed(), "network": 2}
    assert nothing.stacks() == dict.fromkeys(COMPONENTS, "CREATE_COMPLETE")
    # Dev is open as shipped, and GraphQL is for those who show tokens.
    assert nothing.client("appsync").list_graphql_apis()["graphqlApis"] == []

    for arguments in ((), ("--check", "--diff")):
        again = nothing.run(*arguments)
        assert (again.code, set(again.changed().values())) == (0, {0}), again.text
        assert again.diffs() == []

    unconfirmed = nothing.run(playbook="playbooks/teardown.yml")
    assert "-e confirm=dev" in " ".join(unconfirmed.text.split())
    assert set(nothing.stacks()) == set(COMPONENTS)

    gone = nothing.run("-e", "confirm=dev", playbook="playbooks/teardown.yml")
    assert gone.code == 0, gone.text
    assert nothing.stacks() == {}
    again = nothing.run("-e", "confirm=dev", playbook="playbooks/teardown.yml")
    assert (again.code, set(again.changed().values())) == (0, {0}), again.text


def test_what_somebody_changed_is_told_and_changed_back(dev):
    ec2, logs = dev.client("ec2"), dev.client("logs")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.10.0.0/16"]}])["Vpcs"][0]["VpcId"]
    wanted = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]

    def group():
        return ec2.describe_security_groups(Filters=wanted)["SecurityGroups"][0]

    def drift(*arguments):
        return dev.run(*arguments, playbook="playbooks/drift.yml")

    assert (group()["IpPermissions"], group()["IpPermissionsEgress"]) == ([], [])
    opened = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.authorize_security_group_ingress(GroupId=group()["GroupId"], IpPermissions=opened)
    checked = dev.run("--check", "--limit", "network")
    assert checked.changed() == {"network": 1}
    [found] = logs.describe_log_groups(logGroupNamePrefix="/aws/rds/instance/fastbreak-dev")["logGroups"]
    logs.put_retention_policy(logGroupName=found["logGroupName"], retentionInDays=1)
    dev.client("kms").delete_alias(AliasName="alias/fastbreak-dev-database")
    named = {"StackName": "fastbreak-dev-rds", "LogicalResourceId": "DatabaseKey"}
    key = dev.client("cloudformation").describe_stack_resource(**named)["StackResourceDetail"]["PhysicalResourceId"]
    dev.client("kms").schedule_key_deletion(KeyId=key)

    undo = add_to(dev)
    told = drift()
    assert told.failed() == {"network", "rds", "iam", "service"}
    for host, command in undo.items():
        assert f"Take it away: aws {command}" in told.message(host)
        carry_out(dev, command)
    assert f"RetentionInDays is 1, and should be {found['retentionInDays']}" in told.message("rds")
    assert "DatabaseKeyAlias (AWS::KMS::Alias) was deleted" in told.message("rds")
    for command in (f"kms cancel-key-deletion --key-id {key}", f"kms enable-key --key-id {key}"):
        assert f"aws {command}" in told.message("rds")
        carry_out(dev, command)
    assert f"The default security group {group()['GroupId']} was opened" in told.message("network")
    expected = {**dict.fromkeys(COMPONENTS, 0), "network": 1, "rds": 1}
    assert drift("-e", "repair=true", "--check").changed() == expected
    assert group()["IpPermissions"], "a check repairs nothing"
    repaired = drift("-e", "repair=true")
    assert (repaired.code, repaired.changed()) == (0, expected), repaired.text
    assert group()["IpPermissions"] == []
    again = drift("-e", "repair=true")
    assert (again.code, set(again.changed().values())) == (0, {0}), again.text


def add_to(dev):
    """Give a role of the bootstrap and a secret another policy; by host, what takes it away."""
    policy = {"Effect": "Allow", "Principal": {"AWS": ACCOUNTS["prod"]}, "Action": "secretsmanager:GetSecretValue"}
    named = {"StackName": "fastbreak-dev-service", "LogicalResourceId": "DatabaseSecret"}
    held = dev.client("cloudformation").describe_stack_resource(**named)["StackResourceDetail"]
    secret, role = held["PhysicalResourceId"], "fastbreak-dev-provisioner"
    dev.client("iam").attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    dev.client("secretsmanager").put_resource_policy(
        SecretId=secret, ResourcePolicy=json.dumps({"Statement": [{**policy, "Resource": "*"}]})
    )
    return {
        "iam": f"iam detach-role-policy --role-name {role} --policy-arn arn:aws:iam::aws:policy/AdministratorAccess",
        "service": f"secretsmanager delete-resource-policy --secret-id {secret}",
    }


def carry_out(dev, command):
    """What the AWS CLI does for it, without that program."""
    service, operation, *options = command.split()
    names = ["".join(map(str.title, option.removeprefix("--").split("-"))) for option in options[::2]]
    getattr(dev.client(service), operation.replace("-", "_"))(**dict(zip(names, options[1::2], strict=True)))


def test_a_check_predicts_exactly_what_the_run_does_and_two_runs_at_once_agree(dev):
    checked = dev.run("--check", "--diff", *CHANGE)
    ran = dev.run("--diff", *CHANGE)
    assert ran.code == 0, ran.text
    assert ran.changed() == checked.changed() == {**dict.fromkeys(COMPONENTS, 0), "network": 1, "ecs": 1}
    assert ran.diffs() == checked.diffs()
    assert len(ran.diffs()) == 2

    # Back to the inventory's values, twice at the same time.
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(lambda _number: dev.run(), range(2))
    assert (first.code, second.code) == (0, 0), first.text + second.text
    assert set(dev.run().changed().values()) == {0}


def test_one_component_by_limit(dev):
    ran = dev.run("--limit", "rds", "-e", "rds_backup_retention_days=2")
    assert (ran.code, ran.changed()) == (0, {"rds": 1}), ran.text
    assert dev.run("--limit", "rds").changed() == {"rds": 1}


def test_a_component_that_fails_anywhere_stops_all_before_the_first_is_applied(dev):
    failed = dev.run("-e", "network_database_port=none", "-e", "ecr_untagged_days=3")
    # edge and iam read nothing, and nothing is to be changed of them.
    assert failed.failed() == set(COMPONENTS) - {"codepipeline", "edge", "iam"}
    assert set(failed.changed().values()) == {0}
    assert "nothing is applied before all plans of a run stand" in failed.message("ecr")
    assert "network_database_port" in failed.message("network")
    assert "it reads what network provides, which failed in this run" in failed.message("rds")


def test_data_is_replaced_only_with_consent_by_name(dev):
    arguments = ("--check", "--limit", "ecr", "-e", "ecr_repository_name=fastbreak/other")
    refused = dev.run(*arguments)
    assert "takes data away: Repository" in refused.message("ecr")
    assert "-e replace=ecr.Repository" in refused.message("ecr")
    meant = dev.run(*arguments, "-e", "replace=ecr.Repository")
    assert (meant.code, meant.changed()) == (0, {"ecr": 1}), meant.text


@pytest.mark.parametrize("mode", [("--check",), ()])
def test_production_is_not_provisioned_without_a_certificate(prod, mode):
    refused = prod.run(*mode, "-e", "ecs_certificate_arn=")
    assert "ecs" in refused.failed()
    assert "ecs_certificate_arn is empty, and ecs_certificate_required is on" in refused.message("ecs")
    assert prod.stacks() == {}


def test_what_cannot_be_made_is_refused(dev):
    for mode in (("--check",), ()):
        refused = dev.run("-e", "network_vpc_cidr=10.99.0.0/16", *mode)
        assert "Vpc (AWS::EC2::VPC) would be replaced" in refused.message("network")
    assert set(refused.changed().values()) == {0}


def test_too_few_forks_are_refused_before_the_start(dev):
    refused = dev.run("--forks", "2")
    assert refused.code != 0
    assert f"{len(COMPONENTS)} components, and there are 2 forks" in " ".join(refused.text.split())


@pytest.mark.parametrize("arguments", [(), ("--check",), ("--limit", "ecr")])
def test_another_account_is_refused_before_anything_is_touched(nothing, arguments):
    refused = nothing.run(*arguments, AWS_ACCESS_KEY_ID="333333333333")
    assert refused.code != 0
    said = " ".join(refused.text.split())
    assert f"environment dev lives in account {nothing.account}" in said
    assert "belong to account 333333333333" in said
    assert "Converge the components" not in said
    assert nothing.stacks() == {}


def test_no_credentials_are_one_clear_sentence(dev, tmp_path):
    refused = dev.run(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None, HOME=str(tmp_path))
    assert refused.code != 0
    assert "found no usable AWS credentials" in " ".join(refused.text.split())
    assert "Traceback" not in refused.text


def test_a_dependency_outside_the_limit_has_to_stand(nothing):
    refused = nothing.run("--limit", "rds")
    assert refused.failed() == {"rds"}
    assert "whose stack fastbreak-dev-network does not exist" in refused.message("rds")
    assert nothing.stacks() == {}


def kill_during(environment: Environment, line: str, *arguments: str) -> None:
    """Start a run and kill its controller as soon as it says the line. Its workers have to notice by themselves."""
    process = environment.start(*arguments)
    assert process.stdout is not None
    try:
        assert any(line in said for said in process.stdout), f"the run ended without saying {line!r}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def workers(environment: Environment) -> list[str]:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if f"fastbreak_account_id={environment.account}" in line]


def test_killed_runs_and_another_one_end_in_the_same_place(prod):
    zone = prod.client("route53").create_hosted_zone(Name="video.example", CallerReference=prod.account)["HostedZone"]
    named = {"cloudfront_domain_name": "video.example", "cloudfront_hosted_zone_id": zone["Id"].rpartition("/")[2]}
    regional = {"ecs_certificate_arn": prod.issue("video.example"), "network_cloudfront_prefix_list_id": "pl-4fa04526"}
    certificate = ("-e", json.dumps(named | regional))
    kill_during(prod, "fastbreak-prod-network: create", *certificate)
    kill_during(prod, "fastbreak-prod-rds: create", *certificate)
    again = prod.run(*certificate)
    assert again.code == 0, again.text
    assert prod.stacks() == dict.fromkeys(COMPONENTS, "CREATE_COMPLETE")
    assert set(prod.run(*certificate).changed().values()) == {0}
    assert workers(prod) == []
    serves_its_name(prod, zone["Id"])

    refused = prod.run("-e", "confirm=prod", playbook="playbooks/teardown.yml")
    assert refused.failed() == set(COMPONENTS)
    assert "termination protection is on" in refused.message("ecr")
    assert set(prod.stacks()) == set(COMPONENTS)


def serves_its_name(environment: Environment, zone: str) -> None:
    """The name leads to the distribution, whose certificate and firewall are of us-east-1 alone."""
    records = environment.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    [distribution] = environment.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    pointing = {record["Type"]: record["AliasTarget"]["DNSName"] for record in records if "AliasTarget" in record}
    assert pointing == dict.fromkeys(("A", "AAAA"), f"{distribution['DomainName']}.")
    assert distribution["Aliases"]["Items"] == ["video.example"]
    assert distribution["ViewerCertificate"]["ACMCertificateArn"].startswith("arn:aws:acm:us-east-1:")
    assert distribution["WebACLId"].startswith("arn:aws:wafv2:us-east-1:")
    names = {
        region: [
            stack["StackName"] for stack in environment.client("cloudformation", region).describe_stacks()["Stacks"]
        ]
        for region in (environment.region, "us-east-1")
    }
    assert names["us-east-1"] == ["fastbreak-prod-edge"]
    assert "fastbreak-prod-edge" not in names[environment.region]


def test_the_module_form_says_the_same_as_the_action(dev):
    """Outside a controller, as on a managed host: the module itself, in its own interpreter."""
    options = {"name": "fastbreak-dev-ecr", "template": str(ROOT / "roles/ecr/files/stack.yaml"), "region": "us-east-1"}
    parameters = {
        "Environment": "dev",
        "RepositoryName": "fastbreak/inference",
        "EmptyOnDelete": True,
        "PullAccountIds": ACCOUNTS["prod"],
    }

    def module(name, /, **given):
        program = (
            "import json, sys; from ansible.module_utils.testing import patch_module_args\n"
            f"from ansible_collections.fastbreak.aws.plugins.modules import {name} as module\n"
            "with patch_module_args(json.loads(sys.argv[1])): module.main()"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, json.dumps(given)],
            env=dev.variables(PYTHONPATH=str(ROOT / ".ansible" / "collections")),
            capture_output=True,
            text=True,
            check=False,
        )
        return json.loads(done.stdout)

    unchanged = module("cloudformation_stack", **options, parameters={**parameters, "UntaggedDays": 14})
    assert (unchanged["changed"], unchanged["outputs"]["RepositoryName"]) == (False, "fastbreak/inference")
    checked = module(
        "cloudformation_stack", **options, parameters={**parameters, "UntaggedDays": 15}, _ansible_check_mode=True
    )
    assert (checked["changed"], [change["logical_id"] for change in checked["changes"]]) == (True, ["Repository"])
    refused = module("cloudformation_stack", **options, parameters={**parameters, "UntaggedDays": 0})
    assert refused["failed"]
    assert "UntaggedDays is 0, less than 1" in refused["msg"]
    found = module("cloudformation_stack_info", names=["fastbreak-dev-ecr", "none"], region="us-east-1")
    assert list(found["stacks"]) == ["fastbreak-dev-ecr"]


def test_nothing_that_is_retained_is_left_of_what_failed(nothing, tmp_path):
    """Its name would be taken for the run that does it right."""
    administrator = {"access_key": nothing.account, "secret_key": "sandbox", "endpoint_url": nothing.endpoint_url}
    template = tmp_path / "stack.json"
    options = {"name": "left", "template": str(template), "region": nothing.region, **administrator}

    def left_after(error, *names):
        kept = {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
        resources = {f"Group{name}": {**kept, "Properties": {"LogGroupName": f"/left/{name}"}} for name in names}
        if error:
            properties = {"SubnetId": "subnet-0000000000000000f", "AllocationId": "eipalloc-0000000000000000f"}
            resources["Gateway"] = {
                "Type": "AWS::EC2::NatGateway",
                "Properties": properties,
                "DependsOn": list(resources),
            }
        template.write_text(json.dumps({"Resources": resources}), encoding="utf-8")
        with pytest.raises(OperationError) if error else nullcontext():
            perform(cloudformation_stack.ENTRY, options)
        found = nothing.client("logs").describe_log_groups(logGroupNamePrefix="/left/")["logGroups"]
        return sorted(group["logGroupName"] for group in found)

    assert left_after(True, "a") == []
    assert left_after(False, "a") == ["/left/a"]
    assert left_after(True, "a", "b") == ["/left/a"]
    assert left_after(False, "a", "b") == ["/left/a", "/left/b"]


def test_no_half_deletion_and_a_way_out_of_one(nothing):
    """Protection of a resource, who reads a component, and a stack that somebody else deleted half."""
    assert nothing.run("-e", "service_deletion_protection=true", "-e", "rds_deletion_protection=true").code == 0
    before = nothing.stacks()

    def teardown(*arguments):
        return nothing.run("-e", "confirm=dev", *arguments, playbook="playbooks/teardown.yml")

    for arguments in (("--check",), ()):
        refused = teardown(*arguments)
        assert refused.failed() == {"rds", "service"}
        assert "ReleaseTable (AWS::DynamoDB::Table fastbreak-dev-releases) refuses" in refused.message("service")
        assert "Database (AWS::RDS::DBInstance fastbreak-dev) refuses" in refused.message("rds")
        assert nothing.stacks() == before
    refused = teardown("--limit", "network")
    assert "rds reads it and is not part of this run" in refused.message("network")
    assert nothing.stacks() == before

    # Somebody deletes past the playbooks.
    cloudformation = nothing.client("cloudformation")
    cloudformation.delete_stack(StackName="fastbreak-dev-service")
    with pytest.raises(WaiterError):
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName="fastbreak-dev-service", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
    assert nothing.stacks()["service"] == "DELETE_FAILED"
    refused = nothing.run("-e", "rds_deletion_protection=true", "--limit", "service")
    assert "playbooks/teardown.yml -e confirm=dev --limit service" in refused.message("service")
    refused = teardown("--limit", "service")
    assert "-e unprotect=service.ReleaseTable" in refused.message("service")
    assert teardown("--limit", "service", "-e", "unprotect=servce.ReleaseTable").code != 0
    done = teardown("--limit", "service", "-e", "unprotect=service.ReleaseTable")
    assert done.code == 0, done.text
    # The bucket of videos is kept, and its name is the same: what the refusal advises is done.
    kept = nothing.run().message("service")
    advised = re.search(r"aws s3api delete-bucket --bucket (\S+?)\)", kept)
    assert advised, kept
    nothing.client("s3").delete_bucket(Bucket=advised[1])
    again = nothing.run()
    assert again.code == 0, again.text
    gone = teardown()
    assert gone.code == 0, gone.text
    assert nothing.stacks() == {}


def test_wrong_inputs_are_refused_in_the_words_of_the_inventory(nothing):
    misspelt = nothing.run("-e", "rds_multi_azz=true")
    assert "rds_multi_azz is no variable of the collection; the nearest is rds_multi_az" in misspelt.message("network")
    wrong = ("network_ingress_cidr=banana", "rds_backup_window=03:00-04:00", "rds_max_allocated_storage_gib=20")
    # A check goes on with what does not read the refused; a run applies nothing of it.
    for mode, well in (("--check",), {"codepipeline", "ecr", "edge", "iam"}), ((), set()):
        refused = nothing.run(*mode, *(word for item in wrong for word in ("-e", item)))
        assert refused.failed() == set(COMPONENTS) - well
        assert "network_ingress_cidr" in refused.message("network")
        assert "which is no range of IPv4 addresses" in refused.message("network")
        assert "rds_backup_window is no input of the role; the nearest is rds_" in refused.message("rds")
        assert "rds_max_allocated_storage_gib is 20" in refused.message("rds")
        assert nothing.stacks() == {}


@pytest.mark.parametrize("playbook", ["site.yml", "playbooks/teardown.yml"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("--tags", "x"),
        ("--skip-tags", "always"),
        ("--skip-tags", "x"),
        ("--tags", "untagged"),
        ("--skip-tags", "untagged"),
    ],
)
def test_tags_are_refused_and_skip_no_guard(nothing, playbook, arguments):
    refused = nothing.run(*arguments, "-e", "confirm=dev", playbook=playbook)
    assert refused.code != 0
    assert "These playbooks have no tags" in " ".join(refused.text.split())
    assert nothing.stacks() == {}


def test_a_certificate_and_a_scheme_change_while_users_send_requests(dev):
    """The last test: it leaves a release in the environment."""
    repository, before = dev.outputs("ecr")["RepositoryName"], dev.outputs("ecs")
    images = Images(dev.client("ecr"), repository)
    tag = images.push("1.0.0")
    images.close()
    quick = {
        "ecs_rollout_bake_seconds": 2,
        "ecs_rollout_minimum_samples": 5,
        "ecs_rollout_probe_paths": ["/readyz"],
        # What is released here queues nothing.
        "ecs_rollout_companions": [],
    }

    def deploy():
        deployed = dev.run("-e", json.dumps({**quick, "version": tag}), playbook="playbooks/deploy.yml")
        assert deployed.code == 0, deployed.text
        return deployed.changed()["service"]

    def provision(certificate, *mode):
        ran = dev.run("--limit", "ecs", "-e", f"ecs_certificate_arn={certificate}", *mode)
        assert ran.code == 0, ran.text
        return ran

    def rules():
        listeners = dev.client("elbv2").describe_listeners(LoadBalancerArn=before["LoadBalancerArn"])["Listeners"]
        found = {}
        for listener in listeners:
            standing = dev.client("elbv2").describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
            found[listener["Port"]] = [rule["Priority"] for rule in standing if not rule["IsDefault"]]
        return found

    assert deploy() > 0
    assert rules() == {80: ["100"], 9000: ["100"]}
    trust = ssl.create_default_context(cafile=str(dev.authority))
    first, second = dev.issue("video.example"), dev.issue("video.example")
    with Users(f"{before['ProductionUrl']}/readyz", trust) as users:
        checked = provision(first, "--check", "--diff")
        assert (checked.changed(), rules()) == ({"ecs": 1}, {80: ["100"], 9000: ["100"]})
        assert "listener_rules" in checked.text
        assert provision(first).changed() == {"ecs": 1}
        after = dev.outputs("ecs")
        assert after["ProductionUrl"] == before["ProductionUrl"].replace("http:", "https:")
        assert rules() == {80: [], 443: ["100"], 9000: ["100"]}
        assert provision(first).changed() == {"ecs": 0}
        assert deploy() == 0
        with Users(f"{after['ProductionUrl']}/readyz", trust) as secure:
            assert provision(second).changed() == {"ecs": 1}
        assert dev.outputs("ecs") == after
        assert provision("").changed() == {"ecs": 1}
        assert rules() == {80: ["100"], 9000: ["100"]}
        assert dev.outputs("ecs") == before
        assert deploy() == 0
    assert set(secure.outcomes) == {"200 by https"}, secure.outcomes
    assert set(users.outcomes) == {"200 by http", "200 by https"}, users.outcomes
    assert provision(first).changed() == {"ecs": 1}
    become_internal(dev, first, deploy)


def become_internal(dev, certificate, deploy):
    """The load balancer is replaced with consent: users come through CloudFront then, where gates ask too."""
    given = (f"ecs_certificate_arn={certificate}", "ecs_internal=true", "network_cloudfront_prefix_list_id=pl-3b927c52")
    wanted = [word for item in given for word in ("-e", item)]
    before = dev.outputs("ecs")
    assert "-e replace=ecs.LoadBalancer" in dev.run(*wanted, "--check").message("ecs")
    ran = dev.run(*wanted, "-e", "replace=ecs.LoadBalancer")
    assert ran.code == 0, ran.text
    assert {"network", "ecs", "cloudfront"} <= {name for name, count in ran.changed().items() if count}
    after = dev.outputs("ecs")
    assert (after["LoadBalancerScheme"], before["LoadBalancerScheme"]) == ("internal", "internet-facing")
    assert after["BlueTargetGroupArn"] == before["BlueTargetGroupArn"]
    balancers = dev.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert [balancer["LoadBalancerArn"] for balancer in balancers] == [after["LoadBalancerArn"]]
    trust = ssl.create_default_context(cafile=str(dev.authority))
    answer = httpx.get(f"{dev.outputs('cloudfront')['SiteUrl']}/api/readyz", verify=trust, trust_env=False)
    assert answer.status_code == 200, answer.text
    assert deploy() == 0


def test_an_account_is_bootstrapped_once_and_only_by_an_administrator(sandbox):
    playbook, account = "playbooks/bootstrap.yml", f"7{uuid.uuid4().int % 10**11:011}"
    empty = Environment("dev", sandbox.endpoint_url, account, sandbox.authority)
    for arguments, changed in ((("--check", "--diff"), 1), ((), 1), ((), 0)):
        ran = empty.run(*arguments, playbook=playbook)
        assert (ran.code, ran.changed()["bootstrap"]) == (0, changed), ran.text
    provisioner = roles.session(empty.client("sts"), "dev", "provisioner", recorded_calls.FORBIDDEN)
    widened = empty.run("-e", "bootstrap_github_provider=false", playbook=playbook, **provisioner)
    assert widened.code != 0
    assert "not authorized to perform: cloudformation:GetStackPolicy with an explicit deny" in widened.message(
        "bootstrap"
    ), widened.text


def test_a_planner_changes_no_stack(dev):
    planner = roles.session(dev.client("sts"), "dev", "planner", recorded_calls.FORBIDDEN)
    refused = dev.run("--limit", "iam", "-e", '{"iam_ci_user": true}', **planner)
    assert refused.code != 0
    assert "not authorized to perform: cloudformation:UpdateStack" in refused.message("iam"), refused.text


def test_no_verb_was_refused_what_it_asked_for(sandbox):
    recorded_calls.hold(sandbox.endpoint_url)
