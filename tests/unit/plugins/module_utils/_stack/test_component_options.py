# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of a component's role are the options of its stack."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.component_options import (
    OPEN_POLICY,
    Role,
    component_options,
    looked_at,
)

ECR = Role(
    "/roles/ecr", {"ecr_untagged_days": {"type": "int"}, "ecr_empty_on_delete": {"type": "bool"}}, ["ecr", "rds"]
)
STACK = {
    "stack_component": "ecr",
    "stack_inputs": {"UntaggedDays": "ecr_untagged_days", "EmptyOnDelete": "ecr_empty_on_delete"},
    "stack_parameters": {"VpcId": {"component": "network", "output": "VpcId"}},
    "stack_capabilities": ["CAPABILITY_IAM"],
    "stack_policy": {},
    "stack_listener_rules": {},
    "stack_domain_names": [],
    "stack_termination_protection": True,
    "stack_timeout_seconds": 60,
    "fastbreak_environment": "dev",
    "fastbreak_region": "us-east-1",
    "fastbreak_tags": {"Project": "fastbreak"},
    "ecr_untagged_days": 14,
    "groups": {"components": ["ecr", "rds"]},
}


def options(**variables):
    return component_options({**STACK, **variables}, ECR)


def test_all_options_come_from_the_variables():
    assert options(ecr_empty_on_delete="yes", fastbreak_depends_on=["network"]) == {
        "name": "fastbreak-dev-ecr",
        "template": "/roles/ecr/files/stack.yaml",
        "parameters": {
            "Environment": "dev",
            "UntaggedDays": 14,
            "EmptyOnDelete": True,
            "VpcId": {"component": "network", "output": "VpcId"},
        },
        "sources": {
            "Environment": "fastbreak_environment",
            "UntaggedDays": "ecr_untagged_days",
            "EmptyOnDelete": "ecr_empty_on_delete",
            "role_arn": "fastbreak_stack_role_arn",
        },
        "tags": {"Project": "fastbreak", "Component": "ecr"},
        "role_arn": "",
        "stack_policy": OPEN_POLICY,
        "depends_on": {"network": "fastbreak-dev-network"},
        "consent": [],
        "skip_rollback": [],
        "region": "us-east-1",
        "capabilities": ["CAPABILITY_IAM"],
        "termination_protection": True,
        "timeout_seconds": 60,
        "domain_names": [],
    }


@pytest.mark.parametrize(
    ("variables", "option", "value"),
    [
        ({"replace": "ecr.Repository,rds.Database"}, "consent", ["Repository"]),
        ({"skip_rollback": ["rds.Database"]}, "skip_rollback", []),
        (
            {"fastbreak_stack_role_arn": "arn:aws:iam::111111111111:role/all"},
            "role_arn",
            "arn:aws:iam::111111111111:role/all",
        ),
        (
            {"fastbreak_stack_role_arn": "arn:aws:iam::111111111111:role/all", "stack_service_role_arn": ""},
            "role_arn",
            "",
        ),
        ({"stack_template": "/mine.yaml"}, "template", "/mine.yaml"),
        ({"stack_policy": {"Statement": []}}, "stack_policy", {"Statement": []}),
        ({"stack_listener_rules": {"production": "A"}}, "listener_rules", {"production": "A"}),
        (
            {"stack_inputs": {}},
            "sources",
            {"Environment": "fastbreak_environment", "role_arn": "fastbreak_stack_role_arn"},
        ),
        (
            {"stack_inputs": {}, "stack_service_role_arn": ""},
            "sources",
            {"Environment": "fastbreak_environment", "role_arn": "stack_service_role_arn"},
        ),
        ({"groups": {}, "replace": "ecr.Repository"}, "consent", ["Repository"]),
    ],
)
def test_a_variable_decides_its_option(variables, option, value):
    assert options(**variables)[option] == value


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"ecr_untagged_days": "soon", "fastbreak_tags": 5}, "ecr_untagged_days is 'soon'"),
        ({"ecr_untaged_days": 1}, "the nearest is ecr_untagged_days"),
        ({"stack_inputs": {}, "fastbreak_tags": 5}, "fastbreak_tags is 5, where a mapping is wanted"),
        ({"stack_parameters": "a"}, "stack_parameters is 'a', where a mapping is wanted"),
        ({"replace": "nobody.Database"}, "names no resource of a component"),
        ({"fastbreak_environment": ""}, "its environment is ''"),
    ],
)
def test_what_is_wrong_is_told_by_its_variable(variables, told):
    with pytest.raises(RequestError, match=told):
        options(**variables)


def test_what_two_components_have_to_agree_on_is_looked_at_with_both():
    names = ["ecr_untagged_days", "rds_database_port", "rds_multi_az", "network_vpc_cidr", "fastbreak_tags", "secret"]
    assert looked_at("ecr", names) == ["ecr_untagged_days", "rds_database_port", "network_vpc_cidr", "fastbreak_tags"]
