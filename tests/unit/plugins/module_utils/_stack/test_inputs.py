# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of an inventory are checked together before anything is planned, in their own words."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import read_template
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.inputs import input_problem, template_parameters
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.parameters import complete_parameters
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.request import parameter_text

ROOT = Path(__file__).parents[5]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
COMPONENTS = sorted(path.parents[1].name for path in ROOT.glob("roles/*/files/stack.yaml"))
SUBJECTS = [
    ["*"],
    ["repo:o/r:*"],
    ["repo:*/r:environment:dev"],
    ["repo:o/r"],
    ["repo:o/r:environment:"],
    "repo:o/r",
    [1],
]
PRINCIPALS = [["*"], ["arn:aws:iam::1:root"], ["arn:aws:iam::111111111111:role/*"], "root"]
SHARED = (
    "fastbreak_container_port",
    "fastbreak_test_listener_port",
    "fastbreak_database_port",
    "cloudfront_domain_name",
    "cloudfront_hosted_zone_id",
)
ARN = "arn:aws:acm:us-east-1:111111111111:certificate/1"


@cache
def read(path):
    return load((ROOT / path).read_text())


def load(text):
    return yaml.load(text, Loader=yaml.CSafeLoader)


@cache
def parameters_of(component):
    """The parameters of the component's template."""
    return read_template(str(ROOT / "roles" / component / "files" / "stack.yaml"))[1]["Parameters"]


@cache
def inventory(component, environment="dev"):
    """The variables of the component, as Ansible finds them."""
    found = dict(read(f"roles/{component}/defaults/main.yml"))
    for name in ("00_shared", "10_environment"):
        found |= read(f"inventories/{environment}/group_vars/all/{name}.yml")
    # Expressions: no issuer where the service asks nobody for tokens, no origin where the site has no name.
    plain = {
        "appsync_issuer": "",
        "appsync_audience": "fastbreak",
        "service_console_origin": "",
        "cloudfront_connect_sources": "",
    }
    found |= {name: text for name, text in plain.items() if name in found}
    text = yaml.safe_dump(
        {key: value for key, value in found.items() if key.startswith((f"{component}_", "fastbreak_"))}, width=1000
    )
    for key in SHARED:
        text = text.replace(f"'{{{{ {key} }}}}'", json.dumps(found[key]))
    text = text.replace("fastbreak/{{ fastbreak_service_name | default('') }}", "fastbreak/inference")
    for key in ("fastbreak_account_id", "fastbreak_environment", "fastbreak_service_name"):
        text = text.replace(f"{{{{ {key} }}}}", str(found[key]))
    source = "arn:aws:ecr:us-east-1:111111111111:"
    return load(re.sub(r"arn:aws:ecr:\{\{.*?\}\}:\s*\{\{.*?\}\}:", source, text, flags=re.DOTALL))


def accepted(component, environment="dev", **changes):
    """The parameters that come of the inventory with some variables changed."""
    options = read(f"roles/{component}/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    inputs = read(f"roles/{component}/tasks/main.yml")[0]["vars"]["stack_inputs"]
    variables = inventory(component, environment) | changes
    if problem := input_problem(component, variables, options, ROLES):
        raise RequestError(problem)
    values = template_parameters(inputs, variables, options)
    declared = {name: rules for name, rules in parameters_of(component).items() if name in inputs}
    texts = {name: parameter_text(value) for name, value in values.items()}
    return complete_parameters("s", {"Parameters": declared}, texts, inputs)


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("component", [name for name in COMPONENTS if name != "restore"])  # it takes others' outputs
def test_the_inventories_are_right(component, environment):
    assert accepted(component, environment)


WRONG = {
    "fastbreak_permissions_boundary_arn": [
        "limit",
        "arn:aws:iam::111111111111:role/limit",
        "arn:aws:iam::1:policy/*",
        1,
    ],
    "bootstrap_administrator_arns": PRINCIPALS,
    "bootstrap_provisioner_subjects": [*SUBJECTS, ["repo:o/r:ref:refs/heads/main"], ["repo:o/r:pull_request"]],
    "iam_trusted_principal_arns": PRINCIPALS,
    "iam_deployer_subjects": [*SUBJECTS, ["repo:o/r:pull_request"]],
    "iam_planner_subjects": [*SUBJECTS, ["repo:o/r:ref:refs/heads/main"]],
    "iam_promoter_subjects": [*SUBJECTS, ["repo:o/r:pull_request"]],
    "iam_ci_subjects": [*SUBJECTS, ["repo:o/r:pull_request"]],
    "iam_repository_name": ["Upper", "-a", "a//b", 1],
    "iam_promotion_source_repository_arn": ["fastbreak/inference", "arn:aws:ecr:us-east-1:111111111111:repository/*"],
    "network_ingress_cidr": ["banana", "10.0.0.0", "10.0.0.1/8", "300.0.0.0/8", "10.0.0.0/33", "::/0", ""],
    "network_cloudfront_prefix_list_id": ["pl-x", "sg-12345678", "pl-3b927c52,pl-3b927c53", "com.amazonaws"],
    "network_test_ingress_cidr": ["banana", "10.0.0.0/8,10.1.0.0/16"],
    "network_vpc_cidr": [
        "10.0.0.0/8",
        "10.0.0.0/24",
        "10.0.0.1/16",
        "10.300.0.0/16",
        "10.0.0.0/255.255.0.0",
        "2001:db8::/32",
        "0.0.0.0/16",
        "127.0.0.0/16",
        "169.254.0.0/16",
        "224.1.0.0/16",
        "250.0.0.0/16",
        10,
    ],
    "network_availability_zones": [
        ["us-west-2a", "us-west-2b"],
        ["us-east-1a"],
        ["us-east-1a", "us-east-1a"],
        ["us-east-1a", "us-east-1"],
        ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"],
        ["us-east-1a", "us-east-1a", "us-east-1b"],
        ["us-east-1a", "us-east-1z"],
        ["us-east-1a", "us-east-1A"],
        ["us-east-1a", ["us-east-1b"]],
        "us-east-1a,us-east-1b",
        "us-east-1a",
        {"us-east-1a": 1, "us-east-1b": 2},
        [],
    ],
    "network_flow_log_retention_days": [100, 0, -1, 2, 10000, "many", "14d", 14.0, "NaN", True, [14]],
    "network_test_listener_port": [80, 443, 0, 65536, -1],
    "network_container_port": [0, 70000, 5432, 22.5, [8080], "8080tcp", "0x50", "1e3", {}],
    "network_database_port": [22, 65536],
    "network_nat_gateway_per_zone": ["maybe", "ja", 2, [], ""],
    "network_termination_protection": ["perhaps", {}],
    "ecr_repository_name": ["Upper", "a", "-a", "a//b", "a" * 257],
    "ecr_untagged_days": [0, -1, "x", 1.5, True],
    "ecr_pull_account_ids": [["1234"], ["11111111111x"], [222222222222], "222222222222", ["222222222222"] * 2],
    "cloudfront_domain_name": ["no domain", "*.example.org", "video.example.org"],
    "cloudfront_hosted_zone_id": ["z1", "Z1"],
    "cloudfront_price_class": ["PriceClass_1", "all"],
    "cloudfront_footage_bucket_name": ["a.b.c", "Footage", "s3://footage", "x" * 64],
    "cloudfront_connect_sources": ["https://a.b; img-src *", "https://a.b,https://c.d", " https://a.b", "x" * 1025],
    "cloudfront_content_security_policy": ["", "default-src\n'self'", "x" * 2049],
    "cloudfront_log_days": [0, 36501, "x"],
    "cloudfront_old_version_days": [0, 1.5],
    "fastbreak_deployed_by": ["jenkins", "", "Manual", True],
    "codepipeline_repository_name": ["Upper", "-a"],
    "codepipeline_execution_environment_tag": ["a b", "-1", "x" * 129],
    "codepipeline_approval": ["maybe", ""],
    "codepipeline_gates": ["", "x" * 401, "#{variables.release}", "a\nb"],
    "codepipeline_timeout_minutes": [4, 2161, "x"],
    "codepipeline_log_retention_days": [0, 100],
    "codepipeline_artifact_days": [0, 1.5],
    "edge_domain_name": ["no domain", "*.example.org", "video.example.org"],
    "edge_hosted_zone_id": ["z1"],
    "edge_rate_limit": [9, "many"],
    "rds_allocated_storage_gib": [19, 100, 70000, "x", 20.5, "20GiB", float("nan")],
    "rds_max_allocated_storage_gib": [20, 21, 70000, float("inf")],
    "rds_instance_class": [
        "m7g.large",
        "db.m7g",
        "banana",
        "db.M7G.large",
        "db.t9.mega",
        "db.m7g.small",
        "db.m3.large",
        1,
    ],
    "rds_performance_insights": [True, "yes"],
    "rds_engine_version": ["16", "17.2", "banana", 16.10, 17, True, ["17"]],
    "rds_database_name": ["1a", "a-b", "postgres", "a" * 64, "select", "Fastbreak", 1],
    "rds_master_username": ["admin", "rdsadmin", "A b", "pg_x", "rds_x", "table", "user"],
    "rds_database_port": [80, 70000, 5432.0],
    "rds_backup_retention_days": [0, 36, "1e1"],
    "rds_timeout_seconds": [0, -5, "long"],
    "rds_log_retention_days": [100],
    "ecs_health_check_timeout_seconds": [5, 6, 1, 121],
    "ecs_health_check_interval_seconds": [4, 301, 3],
    "ecs_health_check_path": ["readyz", "", "/a b"],
    "ecs_certificate_arn": [
        "banana",
        ARN.replace("us-east-1", "eu-west-1"),
        ARN.replace("111111111111", "333333333333"),
        ARN.replace("arn:aws:", "arn:aws-cn:"),
        ARN.replace("acm", "iam"),
        f"{ARN} ",
        f"{ARN}/2",
        [ARN],
    ],
    "ecs_domain_name": ["video.example.org", "*.example.org", "https://a.b", 1],
    "ecs_idle_timeout_seconds": [0, 4001],
    "ecs_test_listener_port": [80, 443, 0],
    "ecs_container_port": [0, 70000],
    "ecs_access_log_days": [0, 36501, 1.5],
    "ecs_healthy_threshold": [1, 11],
    "ecs_unhealthy_threshold": [1, 11],
    "ecs_deregistration_delay_seconds": [-1, 3601],
    "service_footage_days": [0, 36501, True],
    "service_console_origin": [
        "http://video.example.org",
        "https://video.example.org/",
        "*",
        "https://a b",
        "https://",
    ],
    "service_log_retention_days": [100, True],
    "cloudwatch_critical_email": ["nobody", "a@b@c", "a@b c", "a@b,c@d", ["a@b"]],
    "cloudwatch_warning_email": ["nobody", "@", 1],
    "cloudwatch_minimum_requests": [0, -1, 1000001, 1.5],
    "cloudwatch_error_share_percent": [0, 101, "many"],
    "cloudwatch_latency_seconds": [0, 4001, "long"],
    "cloudwatch_database_cpu_percent": [0, 100],
    "cloudwatch_database_free_storage_gib": [0, 65537],
    "cloudwatch_database_connections": [0, 5001],
    "cloudwatch_service_cpu_percent": [0, 1001],
    "cloudwatch_queue_age_seconds": [59, 1000001],
    "cloudwatch_queue_watched_from_hour": [-1, 24],
    "cloudwatch_queue_watched_until_hour": [0, 25],
    "cloudwatch_failed_analyses": [-1, 1000001],
    "cloudwatch_web_acl_name": ["a b", "a/b", 1],
    "cloudwatch_waf_blocked_requests": [0, 100000001],
    "cloudwatch_trail_days": [0, 3654],
    "appsync_audience": ["", "a b", "x" * 201],
    "appsync_team_claim": ["", "a b", "a'b", "x" * 201],
    "appsync_roles_claim": ["", "a b", "a'b", "x" * 201],
    "appsync_issuer": ["http://issuer.example", "issuer", [1]],
    "appsync_log_retention_days": [0, 100],
    "appsync_rate_limit": [9, "many"],
    "backup_retention_days": [0, 36501],
    "backup_copy_retention_days": [0, 36501],
    "backup_copy_vault_arn": ["vault", "arn:aws:backup:eu-west-1:1:backup-vault:copies", [1]],
    "ecs_exec_log_retention_days": [100, True],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values], ids=str
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(name, value):
    with pytest.raises(RequestError, match=rf"\b{name}\b"):
        accepted("iam" if name.startswith("fastbreak_") else name.partition("_")[0], **{name: value})


def test_every_variable_that_reaches_a_template_has_a_wrong_value_here():
    given = {
        variable
        for component in COMPONENTS
        for variable in read(f"roles/{component}/tasks/main.yml")[0]["vars"]["stack_inputs"].values()
    }
    flags = {
        name
        for name in given
        if not name.startswith("fastbreak_") and isinstance(inventory(name.split("_")[0])[name], bool)
    }
    # What is WRONG of a flag is its type; the rest has a value that is refused.
    assert given - flags <= {*WRONG, "fastbreak_service_name"}


@pytest.mark.parametrize("value", ["yes", "true", "True", "on", 1, True])
def test_a_boolean_of_the_command_line_is_one(value):
    assert accepted("rds", rds_multi_az=value)["MultiAz"] == "true"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("rds_multi_azz", "rds_multi_az"),
        ("rds_multiaz", "rds_multi_az"),
        ("network_vpc_cdir", "network_vpc_cidr"),
        ("ecs_certificate", "ecs_certificate_arn"),
        ("service_log_retention", "service_log_retention_days"),
        ("ecr_empty", "ecr_empty_on_delete"),
    ],
)
def test_an_unknown_variable_names_the_nearest(name, nearest):
    with pytest.raises(RequestError, match=f"{name} is no input of the role; the nearest is {nearest}"):
        accepted(name.partition("_")[0], **{name: "x"})


def test_variables_of_other_roles_with_a_longer_name_are_theirs():
    assert accepted("ecs", ecs_rollout_state="absent", ecs_rollout_result={})


@pytest.mark.parametrize("name", ["fastbreak_tagz", "fastbreak_enviroment", "fastbreak_regions"])
def test_a_misspelt_variable_of_all_components_is_told(name):
    with pytest.raises(RequestError, match=f"{name} is no variable of the collection; the nearest is fastbreak_"):
        accepted("ecr", **{name: "x"})
    assert accepted("ecr", fastbreak_mine="x")


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_variable_that_a_role_needs_is_missed_by_its_name(component):
    options = read(f"roles/{component}/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    needed = [name for name, option in options.items() if option.get("required")]
    assert needed
    for name in needed:
        variables = {key: value for key, value in inventory(component).items() if key != name}
        assert f"{name} is not set" in input_problem(component, variables, options, ROLES)


@pytest.mark.parametrize("component", COMPONENTS)
def test_null_is_refused_of_every_variable_and_switches_nothing_off(component):
    options = read(f"roles/{component}/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert options
    for name in options:
        with pytest.raises(RequestError, match=rf"\b{name} is empty \(null\)"):
            accepted(component, **{name: None})


@pytest.mark.parametrize("component", COMPONENTS)
def test_the_choices_of_a_variable_are_those_of_its_parameter(component):
    options = read(f"roles/{component}/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    inputs = read(f"roles/{component}/tasks/main.yml")[0]["vars"]["stack_inputs"]
    for parameter, name in inputs.items():
        allowed = parameters_of(component)[parameter].get("AllowedValues")
        if options[name]["type"] != "bool":
            assert options[name].get("choices") == allowed, name


@pytest.mark.parametrize(
    ("component", "own", "network"),
    [
        ("rds", "rds_database_port", "network_database_port"),
        ("ecs", "ecs_container_port", "network_container_port"),
        ("ecs", "ecs_test_listener_port", "network_test_listener_port"),
    ],
)
def test_a_port_that_the_network_does_not_let_through_is_refused_with_both_names(component, own, network):
    assert accepted(component, **{own: 8123, network: "8123"})
    with pytest.raises(RequestError, match=f"{own} is 8123, and {network} 8124"):
        accepted(component, **{own: 8123, network: 8124})


@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize("name", ["fastbreak_tags", "fastbreak_container_port"])
@pytest.mark.parametrize("value", [None, "banana", ["a"], {"Cost": ["a"]}, 1.5])
def test_what_all_components_share_has_its_type(component, name, value):
    options = read(f"roles/{component}/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert name in input_problem(component, {**inventory(component), name: value}, options, ROLES)


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(RequestError) as raised:
        accepted("rds", rds_multi_azz=True, rds_allocated_storage_gib=100, rds_performance_insights=True)
    assert raised.value.message.count(";") >= 3
