# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the inputs of a component have to be together."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.cross_checks import cross_check
from hypothesis import given
from hypothesis import strategies as st

PLACE = {"fastbreak_region": "eu-west-1", "fastbreak_account_id": "111111111111"}
GOOD: dict[str, dict[str, Any]] = {
    "network": {
        **PLACE,
        "network_vpc_cidr": "10.0.0.0/16",
        "network_ingress_cidr": "0.0.0.0/0",
        "network_test_ingress_cidr": "10.0.0.0/16",
        "network_availability_zones": ["eu-west-1a", "eu-west-1b"],
        "network_test_listener_port": 8443,
        "network_container_port": 8080,
        "network_database_port": 5432,
    },
    "rds": {
        **PLACE,
        "rds_allocated_storage_gib": 20,
        "rds_max_allocated_storage_gib": 100,
        "rds_instance_class": "db.m7g.large",
        "rds_performance_insights": True,
        "rds_master_username": "fastbreak",
        "rds_database_name": "fastbreak",
    },
    "ecr": {"ecr_pull_account_ids": ["111111111111", "222222222222"]},
    "ecs": {
        **PLACE,
        "ecs_health_check_timeout_seconds": 2,
        "ecs_health_check_interval_seconds": 5,
        "ecs_test_listener_port": 8443,
        "ecs_certificate_arn": "arn:aws:acm:eu-west-1:111111111111:certificate/x",
        "ecs_certificate_required": True,
        "ecs_domain_name": "app.example.com",
    },
}
WRONG = [
    ("network", {"network_ingress_cidr": "banana"}, "network_ingress_cidr is 'banana', which is no range"),
    ("network", {"network_vpc_cidr": "10.0.0.0/8"}, "from /16 to /20"),
    ("network", {"network_vpc_cidr": "10.0.0.1/16"}, "which is no range"),
    ("network", {"network_vpc_cidr": "10.0.0.0"}, "its length has to be given"),
    ("network", {"network_availability_zones": ["us-east-1a", "eu-west-1b"]}, "us-east-1a, which is not in"),
    ("network", {"network_availability_zones": ["eu-west-1a", "eu-west-1a"]}, "names a zone twice"),
    ("network", {"network_availability_zones": ["eu-west-1a"]}, "names 1 zone; name two or three"),
    ("network", {"network_test_listener_port": 443}, "which the production listener uses"),
    ("network", {"network_container_port": "5432"}, "they have to differ"),
    ("network", {"ecs_container_port": 8081}, "ecs_container_port is 8081, and network_container_port 8080"),
    (
        "network",
        {"ecs_test_listener_port": 9001},
        "9001, and network_test_listener_port 8443",
    ),
    ("network", {"rds_database_port": "5433"}, "rds_database_port is 5433, and network_database_port 5432"),
    ("rds", {"rds_allocated_storage_gib": 100, "rds_max_allocated_storage_gib": 50}, "110 at least"),
    ("rds", {"rds_allocated_storage_gib": 100, "rds_max_allocated_storage_gib": 109}, "110 at least"),
    ("rds", {"rds_instance_class": "db.t4g.micro"}, "does not have Performance Insights"),
    ("rds", {"rds_master_username": "Admin"}, "keeps for itself"),
    ("rds", {"rds_database_name": "postgres"}, "makes itself"),
    ("ecs", {"ecs_health_check_timeout_seconds": 5}, "below the interval"),
    ("ecs", {"ecs_certificate_arn": "arn:aws:acm:us-east-1:111111111111:certificate/x"}, "is of us-east-1"),
    ("ecs", {"ecs_certificate_arn": "arn:aws:acm:eu-west-1:222222222222:certificate/x"}, "is of 222222222222"),
    ("ecs", {"ecs_certificate_arn": "", "ecs_certificate_required": False}, "without ecs_certificate_arn"),
    ("ecs", {"ecs_certificate_arn": "", "ecs_domain_name": ""}, "set ecs_certificate_required to false"),
    ("ecs", {"ecs_certificate_arn": None, "ecs_domain_name": ""}, "ecs_certificate_arn is empty"),
    ("ecs", {"ecs_certificate_arn": "arn:aws-cn:acm:eu-west-1:111111111111:certificate/x"}, "own partition only"),
    ("ecs", {"ecs_certificate_arn": "arn:aws:iam::111111111111:server-certificate/x"}, "no certificate of ACM"),
    ("ecs", {"ecs_domain_name": "*.example.com"}, "which is no address"),
    (
        "ecs",
        {"ecs_internal": True, "ecs_certificate_arn": "", "ecs_domain_name": "", "ecs_certificate_required": False},
        "by HTTPS alone",
    ),
    ("ecs", {"ecs_internal": "yes", "network_cloudfront_prefix_list_id": ""}, "would not let CloudFront in"),
    ("network", {"network_vpc_cidr": "127.0.0.0/16"}, "which lies in 127.0.0.0/8 (loopback)"),
    ("network", {"network_availability_zones": ["eu-west-1a", "eu-west-1g"]}, "eu-west-1a to eu-west-1f at most"),
    ("ecr", {"ecr_pull_account_ids": ["1", "2", "1"]}, "names 1 twice"),
    ("rds", {"rds_timeout_seconds": 0}, "has to be above zero"),
    ("rds", {"rds_instance_class": "db.m7g.larg"}, "the nearest is db.m7g.large"),
    ("rds", {"rds_database_name": "order"}, "a word that PostgreSQL keeps for itself"),
]


@pytest.mark.parametrize("component", GOOD)
def test_inputs_that_fit_together_are_let_through(component: str) -> None:
    assert cross_check(component, GOOD[component]) == []


@pytest.mark.parametrize(("component", "wrong", "said"), WRONG)
def test_what_does_not_fit_is_told_by_the_inventorys_names(component: str, wrong: dict[str, Any], said: str) -> None:
    (problem,) = cross_check(component, {**GOOD[component], **wrong})
    assert said in problem
    assert next(iter(wrong)) in problem or "ecs_certificate_arn" in problem


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_a_certificate_of_another_partition_fits_its_regions(region: str, partition: str) -> None:
    arn = f"arn:{partition}:acm:{region}:111111111111:certificate/x"
    assert cross_check("ecs", {**PLACE, "fastbreak_region": region, "ecs_certificate_arn": arn}) == []
    assert cross_check(
        "ecs", {**PLACE, "fastbreak_region": region, "ecs_certificate_arn": arn.replace(partition, "aws")}
    )


@pytest.mark.parametrize("given", [True, "yes", None, "", "maybe"])
def test_only_an_outspoken_no_lets_users_send_in_plain(given: Any) -> None:
    bare = {**PLACE, "ecs_certificate_arn": ""}
    assert cross_check("ecs", {**bare, "ecs_certificate_required": given})
    assert not cross_check("ecs", {**bare, "ecs_certificate_required": "False"})


@given(
    component=st.sampled_from([*GOOD, "none"]),
    values=st.dictionaries(
        st.sampled_from(sorted({name for inputs in GOOD.values() for name in inputs})),
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text(max_size=3), max_size=3)),
    ),
)
def test_whatever_the_inputs_hold_is_answered_with_words(component: str, values: dict[str, Any]) -> None:
    assert all(isinstance(problem, str) and problem for problem in cross_check(component, values))
