# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs that say nothing without another, or that have to say the same as another's, in the words of the inventory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def is_off(value: Any) -> bool:
    """Whether a flag is an outspoken no."""
    return str(value).lower() in {"false", "no", "off", "0"}


def appsync(inputs: Mapping[str, Any]) -> Iterator[str]:
    if not inputs.get("appsync_issuer"):
        return
    if inputs.get("ecs_rollout_identity") == "open":
        yield (
            "appsync_issuer is given, and ecs_rollout_identity is open, so that the service would keep no teams apart "
            "behind GraphQL; set ecs_rollout_identity to oidc, or take the issuer away"
        )
    if not inputs.get("ecs_certificate_arn"):
        yield (
            "appsync_issuer is given without ecs_certificate_arn, and callers' tokens go to the load balancer by HTTPS "
            "alone; give the certificate, or take the issuer away"
        )
    yield from _tokens_of_the_service(inputs)


def _tokens_of_the_service(inputs: Mapping[str, Any]) -> Iterator[str]:
    """AppSync and the service judge the same tokens. What nobody has said of the service is its rollout's to refuse."""
    given = inputs.get("ecs_rollout_environment")
    environment = given if isinstance(given, Mapping) else {}
    told = {
        "issuer": inputs.get("ecs_rollout_oidc_issuer"),
        "audience": inputs.get("ecs_rollout_oidc_audience"),
        # These have no variable of their own; that is what the service takes where it is told nothing.
        "team_claim": "team",
        "roles_claim": "roles",
    }
    for name, otherwise in told.items():
        variable, own = f"FASTBREAK_OIDC_{name.upper()}", inputs.get(f"appsync_{name}")
        service = environment.get(variable) or otherwise
        if own and service and own != service:
            yield (
                f"appsync_{name} is {own!r}, and the service's {variable} {service!r} (ecs_rollout_environment, "
                f"ecs_rollout_oidc_issuer, ecs_rollout_oidc_audience); both judge the same tokens: give both the same"
            )


def cloudfront(inputs: Mapping[str, Any]) -> Iterator[str]:
    domain, zone = inputs.get("cloudfront_domain_name"), inputs.get("cloudfront_hosted_zone_id")
    if bool(domain) != bool(zone):
        given, missing = ("domain_name", "hosted_zone_id") if domain else ("hosted_zone_id", "domain_name")
        yield f"cloudfront_{given} is given without cloudfront_{missing}; give both or neither"
    yield from _same_name(inputs)


def _same_name(inputs: Mapping[str, Any]) -> Iterator[str]:
    """CloudFront serves a name with a certificate for it alone."""
    proved, opened = (inputs.get(f"{role}_domain_name") for role in ("edge", "cloudfront"))
    if None not in (proved, opened) and proved != opened:
        yield (
            f"edge_domain_name is {proved!r}, and cloudfront_domain_name {opened!r}; the certificate has to hold the "
            "name that users open, so give both the same"
        )


def iam(inputs: Mapping[str, Any]) -> Iterator[str]:
    if inputs.get("iam_promoter_subjects") and not inputs.get("iam_promotion_source_repository_arn"):
        yield (
            "iam_promoter_subjects is given without iam_promotion_source_repository_arn, and without that there is no "
            "promoter; give the repository that releases are promoted from, or take the subjects away"
        )
    yield from _same_repository(inputs, "iam")


def backup(inputs: Mapping[str, Any]) -> Iterator[str]:
    arn = str(inputs.get("backup_copy_vault_arn") or "")
    if not arn:
        return
    if is_off(inputs.get("backup_enabled")):
        yield (
            "backup_copy_vault_arn is given, and backup_enabled is off, so that there is nothing to copy; set "
            "backup_enabled to true, or take the vault away"
        )
    place = ":".join(str(inputs.get(f"fastbreak_{name}") or "") for name in ("region", "account_id"))
    if f":backup:{place}:" in arn:
        yield (
            f"backup_copy_vault_arn is {arn}, which is in this account and region itself; give a vault of another "
            "region or account"
        )


def cloudwatch(inputs: Mapping[str, Any]) -> Iterator[str]:
    begin, end = inputs.get("cloudwatch_queue_watched_from_hour"), inputs.get("cloudwatch_queue_watched_until_hour")
    if begin is not None and str(begin) == str(end):
        yield (
            f"cloudwatch_queue_watched_from_hour and cloudwatch_queue_watched_until_hour are both {begin}, so that the "
            "alarm queue-age would never ring; they have to differ, and 0 and 24 are all day"
        )
    least, whole = inputs.get("cloudwatch_database_free_storage_gib"), inputs.get("rds_allocated_storage_gib")
    if least is None or whole is None or not str(whole).isdecimal():
        return
    if str(least).isdecimal() and int(least) >= int(whole):
        yield (
            f"cloudwatch_database_free_storage_gib is {least}, and rds_allocated_storage_gib {whole}, so that its "
            "alarm would always be on; set it below the storage that the database has"
        )


def edge(inputs: Mapping[str, Any]) -> Iterator[str]:
    domain, zone = inputs.get("edge_domain_name"), inputs.get("edge_hosted_zone_id")
    if domain and not zone:
        yield (
            "edge_domain_name is given without edge_hosted_zone_id; give the Route 53 zone "
            "in which its certificate is validated"
        )
    if zone and not domain:
        yield (
            "edge_hosted_zone_id is given without edge_domain_name, and changes nothing alone; give the name "
            "that users open, or take the zone away"
        )
    yield from _same_name(inputs)
    region = inputs.get("fastbreak_region")
    if region and region != "us-east-1":
        yield f"fastbreak_region of host edge is {region}; it has to be us-east-1, wherever the rest is"


def codepipeline(inputs: Mapping[str, Any]) -> Iterator[str]:
    if inputs.get("fastbreak_deployed_by") != "codepipeline":
        return
    if not inputs.get("codepipeline_execution_environment_tag"):
        yield (
            "codepipeline_execution_environment_tag is empty, and fastbreak_deployed_by is codepipeline; build an "
            "execution environment, push it, and give its tag (roles/codepipeline/README.md)"
        )
    yield from _same_repository(inputs, "codepipeline")


def _same_repository(inputs: Mapping[str, Any], role: str) -> Iterator[str]:
    here, there = inputs.get(f"{role}_repository_name"), inputs.get("ecr_repository_name")
    if None not in (here, there) and here != there:
        yield (
            f"{role}_repository_name is {here!r}, and ecr_repository_name {there!r}; releases are in the one that ecr "
            "makes, so give both the same"
        )
