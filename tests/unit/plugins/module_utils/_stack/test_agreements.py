# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inputs that say nothing without another, or that have to say the same as another's."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.cross_checks import cross_check

PLACE = {"fastbreak_region": "eu-west-1", "fastbreak_account_id": "111111111111"}
GOOD: dict[str, dict[str, Any]] = {
    "appsync": {
        **PLACE,
        "appsync_issuer": "https://issuer.example",
        "appsync_audience": "fastbreak",
        "appsync_team_claim": "squad",
        "appsync_roles_claim": "roles",
        "ecs_rollout_identity": "oidc",
        "ecs_rollout_oidc_issuer": "https://issuer.example",
        "ecs_rollout_oidc_audience": "fastbreak",
        "ecs_rollout_environment": {"FASTBREAK_OIDC_TEAM_CLAIM": "squad"},
        "ecs_certificate_arn": "arn:aws:acm:eu-west-1:111111111111:certificate/x",
    },
    "codepipeline": {
        **PLACE,
        "fastbreak_deployed_by": "codepipeline",
        "codepipeline_execution_environment_tag": "1.0.0",
        "codepipeline_repository_name": "fastbreak/app",
        "ecr_repository_name": "fastbreak/app",
    },
    "iam": {
        **PLACE,
        "iam_promoter_subjects": ["repo:o/r:environment:prod"],
        "iam_promotion_source_repository_arn": "arn:aws:ecr:eu-west-1:222222222222:repository/fastbreak/app",
        "iam_repository_name": "fastbreak/app",
        "ecr_repository_name": "fastbreak/app",
    },
    "edge": {
        "fastbreak_region": "us-east-1",
        "edge_domain_name": "video.example.org",
        "edge_hosted_zone_id": "Z1",
        "cloudfront_domain_name": "video.example.org",
    },
    "cloudfront": {
        **PLACE,
        "cloudfront_domain_name": "video.example.org",
        "cloudfront_hosted_zone_id": "Z1",
        "edge_domain_name": "video.example.org",
    },
    "cloudwatch": {
        **PLACE,
        "cloudwatch_database_free_storage_gib": 19,
        "rds_allocated_storage_gib": 20,
        "cloudwatch_queue_watched_from_hour": 22,
        "cloudwatch_queue_watched_until_hour": 4,
    },
    "backup": {
        **PLACE,
        "backup_enabled": True,
        "backup_copy_vault_arn": "arn:aws:backup:us-east-1:111111111111:backup-vault:copies",
    },
}
WRONG = [
    ("appsync", {"ecs_rollout_identity": "open"}, "appsync_issuer is given, and ecs_rollout_identity is open"),
    ("appsync", {"ecs_certificate_arn": ""}, "appsync_issuer is given without ecs_certificate_arn"),
    ("appsync", {"ecs_certificate_arn": None}, "appsync_issuer is given without ecs_certificate_arn"),
    ("appsync", {"ecs_rollout_oidc_issuer": "https://b.example"}, "FASTBREAK_OIDC_ISSUER 'https://b.example'"),
    ("appsync", {"ecs_rollout_oidc_audience": "other"}, "appsync_audience is 'fastbreak', and the service's"),
    (
        "appsync",
        {"ecs_rollout_environment": {}},
        "appsync_team_claim is 'squad', and the service's FASTBREAK_OIDC_TEAM",
    ),
    ("appsync", {"ecs_rollout_environment": None}, "FASTBREAK_OIDC_TEAM_CLAIM 'team'"),
    ("appsync", {"appsync_roles_claim": "groups"}, "appsync_roles_claim is 'groups'"),
    ("codepipeline", {"codepipeline_execution_environment_tag": ""}, "fastbreak_deployed_by is codepipeline"),
    ("codepipeline", {"codepipeline_execution_environment_tag": None}, "fastbreak_deployed_by is codepipeline"),
    ("codepipeline", {"ecr_repository_name": "other"}, "codepipeline_repository_name is 'fastbreak/app', and ecr_"),
    ("iam", {"ecr_repository_name": "other"}, "iam_repository_name is 'fastbreak/app', and ecr_"),
    ("iam", {"iam_promotion_source_repository_arn": ""}, "iam_promoter_subjects is given without"),
    ("iam", {"iam_promotion_source_repository_arn": None}, "iam_promoter_subjects is given without"),
    ("edge", {"edge_hosted_zone_id": ""}, "edge_domain_name is given without edge_hosted_zone_id"),
    ("edge", {"edge_domain_name": "", "cloudfront_domain_name": ""}, "edge_hosted_zone_id is given without"),
    ("edge", {"edge_domain_name": "a.example.org"}, "the certificate has to hold the name that users open"),
    ("edge", {"fastbreak_region": "eu-west-1"}, "it has to be us-east-1"),
    ("cloudfront", {"edge_domain_name": ""}, "cloudfront_domain_name 'video.example.org'; the certificate has to hold"),
    ("cloudfront", {"cloudfront_hosted_zone_id": ""}, "give both or neither"),
    ("cloudwatch", {"cloudwatch_database_free_storage_gib": 20}, "rds_allocated_storage_gib 20, so that its alarm"),
    ("cloudwatch", {"rds_allocated_storage_gib": "5"}, "cloudwatch_database_free_storage_gib is 19"),
    (
        "cloudwatch",
        {"cloudwatch_queue_watched_from_hour": 5, "cloudwatch_queue_watched_until_hour": "5"},
        "cloudwatch_queue_watched_until_hour are both 5, so that the alarm queue-age would never ring",
    ),
    ("backup", {"backup_enabled": "no"}, "so that there is nothing to copy"),
    ("backup", {"fastbreak_region": "us-east-1"}, "backup_copy_vault_arn is arn:aws:backup:us-east-1:111111111111:"),
]


@pytest.mark.parametrize("component", GOOD)
def test_inputs_that_agree_are_let_through(component: str) -> None:
    assert cross_check(component, GOOD[component]) == []


@pytest.mark.parametrize(("component", "wrong", "said"), WRONG)
def test_what_does_not_agree_is_told_by_the_inventorys_names(component: str, wrong: dict[str, Any], said: str) -> None:
    [problem] = cross_check(component, {**GOOD[component], **wrong})
    assert said in problem
    assert f"{component}_" in problem or "fastbreak_region" in problem


@pytest.mark.parametrize("component", GOOD)
def test_what_is_left_out_agrees_with_everything(component: str) -> None:
    assert cross_check(component, dict(PLACE) if component != "edge" else {}) == []
