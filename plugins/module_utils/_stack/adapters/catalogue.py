# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account has before any stack: what EC2, ACM, Route 53, IAM and AWS Backup have without our making."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from ..._aws.api import AwsClient
from ..._aws.identity import Sts
from ..types import Certificate, HostedZone, IamRole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_MISSING = frozenset({"ResourceNotFoundException"})
_NO_ENTITY = frozenset({"NoSuchEntity"})
_NO_ZONE = frozenset({"NoSuchHostedZone"})


class Catalogue:
    """Zones, certificates and the like of an account and region. ``connect`` makes the client of a service.

    It does so in another region when it is told that too. A question is asked once: what a plan saw, its run takes for
    granted.
    """

    def __init__(self, connect: Callable[..., Callable[[], Any]]) -> None:
        ec2, iam = connect("ec2"), _Iam(connect("iam"))
        self._zones = cache(_Zones(ec2).states)
        self._prefix_list = cache(_PrefixLists(ec2).name)
        self._certificate = cache(_Certificates(connect("acm")).describe)
        self._hosted_zone = cache(_HostedZones(connect("route53")).describe)
        self._identity = cache(Sts(connect("sts")).get_caller_identity)
        self._role = cache(iam.role)
        self._user_arn = cache(iam.user_arn)
        self._has_policy = cache(iam.has_policy)
        self._token_issuers = cache(iam.token_issuers)
        self._has_backup_vault = cache(lambda name, region: _Vaults(connect("backup", region)).has(name))

    def zones(self) -> Mapping[str, str]:
        """The state of each zone that the account may use, by the zone's name."""
        return self._zones()

    def certificate(self, arn: str) -> Certificate | None:
        """A certificate; None when there is none of that ARN."""
        return self._certificate(arn)

    def hosted_zone(self, zone_id: str) -> HostedZone | None:
        """A zone of Route 53; None when the account has none of that id."""
        return self._hosted_zone(zone_id)

    def prefix_list(self, list_id: str) -> str | None:
        """The name of a prefix list of EC2; None when the region has none of that id."""
        return self._prefix_list(list_id)

    def account(self) -> str:
        """The number of the account."""
        return self._identity().account

    def role(self, name: str) -> IamRole | None:
        """A role of IAM; None when the account has none of that name."""
        return self._role(name)

    def user_arn(self, name: str) -> str:
        """The ARN of a user of IAM; empty when the account has none of that name."""
        return self._user_arn(name)

    def has_policy(self, arn: str) -> bool:
        """Whether IAM has a managed policy of that ARN."""
        return self._has_policy(arn)

    def has_backup_vault(self, name: str, region: str) -> bool:
        """Whether the account has a vault of AWS Backup of that name in a region."""
        return self._has_backup_vault(name, region)

    def token_issuers(self) -> Mapping[str, str]:
        """The OpenID Connect providers of the account: their ARNs by their URL without its scheme."""
        return self._token_issuers()


class _HostedZones(AwsClient):
    label = "Route 53"

    def describe(self, zone_id: str) -> HostedZone | None:
        answer = self._find(f"read hosted zone {zone_id}", "get_hosted_zone", _NO_ZONE, Id=zone_id)
        if answer is None:
            return None
        found = answer["HostedZone"]
        return HostedZone(str(found["Name"]).rstrip("."), bool((found.get("Config") or {}).get("PrivateZone")))


class _Iam(AwsClient):
    label = "IAM"

    def role(self, name: str) -> IamRole | None:
        answer = self._find(f"read role {name}", "get_role", _NO_ENTITY, RoleName=name)
        if answer is None:
            return None
        return IamRole(answer["Role"]["Arn"], tuple(_services(answer["Role"].get("AssumeRolePolicyDocument"))))

    def user_arn(self, name: str) -> str:
        answer = self._find(f"read user {name}", "get_user", _NO_ENTITY, UserName=name)
        return answer["User"]["Arn"] if answer else ""

    def has_policy(self, arn: str) -> bool:
        return self._find(f"read policy {arn}", "get_policy", _NO_ENTITY, PolicyArn=arn) is not None

    def token_issuers(self) -> Mapping[str, str]:
        answer = self._call("list the OpenID Connect providers", "list_open_id_connect_providers")
        arns = [item["Arn"] for item in answer["OpenIDConnectProviderList"]]
        return {arn.partition("oidc-provider/")[2]: arn for arn in arns}


class _Vaults(AwsClient):
    label = "AWS Backup"

    def has(self, name: str) -> bool:
        found = self._find(f"read backup vault {name}", "describe_backup_vault", _MISSING, BackupVaultName=name)
        return found is not None


class _Zones(AwsClient):
    label = "EC2"

    def states(self) -> Mapping[str, str]:
        answer = self._call("list the availability zones", "describe_availability_zones")
        return {item["ZoneName"]: item.get("State", "unknown") for item in answer["AvailabilityZones"]}


class _PrefixLists(AwsClient):
    label = "EC2"

    def name(self, list_id: str) -> str | None:
        # With a filter EC2 answers with an empty list where it refuses an id that it does not know.
        wanted = [{"Name": "prefix-list-id", "Values": [list_id]}]
        pages = self._pages(f"read prefix list {list_id}", "describe_managed_prefix_lists", Filters=wanted)
        return next((str(item["PrefixListName"]) for page in pages for item in page["PrefixLists"]), None)


class _Certificates(AwsClient):
    label = "ACM"

    def describe(self, arn: str) -> Certificate | None:
        answer = self._find(f"read certificate {arn}", "describe_certificate", _MISSING, CertificateArn=arn)
        if answer is None:
            return None
        found = answer["Certificate"]
        # The first of the names is among the others as well, but in certificates of old only by itself.
        names = [found.get("DomainName"), *(found.get("SubjectAlternativeNames") or [])]
        return Certificate(
            status=str(found.get("Status", "unknown")),
            names=tuple(dict.fromkeys(name for name in names if name)),
            not_before=found.get("NotBefore"),
            not_after=found.get("NotAfter"),
            key_algorithm=str(found.get("KeyAlgorithm") or ""),
        )


def _services(document: Any) -> Iterator[str]:
    """The services that a trust policy lets in. botocore has read its JSON."""
    statements = document.get("Statement") if isinstance(document, dict) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal") if isinstance(statement, dict) else None
        if not isinstance(principal, dict) or not statement or statement.get("Effect") != "Allow":
            continue
        named = principal.get("Service")
        yield from map(str, named if isinstance(named, list) else [named] if named else [])
