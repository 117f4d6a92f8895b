# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two accounts with what a promotion needs, and runs of `image_promotion` between them, as prod's promoter."""

from __future__ import annotations

import json
import urllib.request
import uuid
from typing import TYPE_CHECKING, Any

import boto3
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.amazon.aws.plugins.module_utils.modules import aws_argument_spec
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.connection import Connection
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Context, Entry
from ansible_collections.fastbreak.aws.plugins.modules import image_promotion, image_promotion_info

from demo import roles
from sandbox import ACCOUNTS
from tests import accounts
from tests.registries.images import make_image, make_index, make_referrer, push

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "c" * 40
TAG = f"1.0.0-{COMMIT}"
CONFIG = {"config": {"Labels": {"org.opencontainers.image.revision": COMMIT}}}
READ = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:DescribeImageScanFindings",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
    "ecr:ListImages",
]
KEYS = ("access_key", "secret_key", "session_token")
GATES: dict[str, Any] = {"vulnerabilities": {}, "labels": {}}


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Lines:
    """Keeps the lines of a promotion."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def release(seed: int = 0) -> Any:
    """An index of two platforms whose images name their commit."""
    amd = make_image([1000, 300_000], seed=seed, config=CONFIG)
    arm = make_image([500, 200_000], seed=seed + 1, config=CONFIG, platform="linux/arm64")
    return make_index({"linux/amd64": amd, "linux/arm64": arm})


class Accounts:
    """dev with a repository that prod may read, prod with one of immutable tags and a release table."""

    def __init__(self, state: Any, folder: Path) -> None:
        self.state = state
        self.folder = folder
        self.environment = f"p{uuid.uuid4().hex[:8]}"
        self.repository = f"team/app-{self.environment}"
        self.table = f"fastbreak-{self.environment}-releases"
        dev, prod = self.ecr("dev"), self.ecr("prod")
        scan = {"scanOnPush": True}
        dev.create_repository(repositoryName=self.repository, imageScanningConfiguration=scan)
        self.let_prod_read()
        prod.create_repository(
            repositoryName=self.repository,
            imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
            imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "sha256-*"}],
        )
        self._make_table()
        source = f"arn:aws:ecr:{state.region}:{ACCOUNTS['dev']}:repository/{self.repository}"
        made = {"PromotionSourceRepositoryArn": source}
        accounts.give_roles(self.connect("cloudformation", "prod"), self.environment, "app", self.repository, **made)
        self._promoter = roles.session(self.connect("sts", "prod"), self.environment, "promoter", "integration")

    def let_prod_read(self) -> None:
        """Give dev's repository the policy that lets prod read."""
        principal = {"AWS": f"arn:aws:iam::{ACCOUNTS['prod']}:root"}
        statement = {"Sid": "Read", "Effect": "Allow", "Principal": principal, "Action": READ}
        self.ecr("dev").set_repository_policy(repositoryName=self.repository, policyText=_policy(statement))

    def _make_table(self) -> None:
        keys = {"service": "HASH", "release_id": "RANGE"}
        self.connect("dynamodb", "prod").create_table(
            TableName=self.table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        )

    def make_reader(self) -> str:
        """A role of dev's account that prod's promoter may assume to read images; its ARN."""
        iam, name = self.connect("iam", "dev"), self.table
        principal = {"AWS": f"arn:aws:iam::{ACCOUNTS['prod']}:root"}
        trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        reads = {"Effect": "Allow", "Action": [*READ, "ecr:GetAuthorizationToken"], "Resource": "*"}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=_policy(reads))
        assume = _policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role})
        promoter = f"fastbreak-{self.environment}-promoter"
        self.connect("iam", "prod").put_role_policy(RoleName=promoter, PolicyName="read", PolicyDocument=assume)
        return str(role)

    def connect(self, service: str, account: str) -> Any:
        """A boto3 client of one of the accounts."""
        return boto3.client(
            service,
            region_name=self.state.region,
            endpoint_url=self.state.endpoint_url,
            aws_access_key_id=ACCOUNTS[account],
            aws_secret_access_key="sandbox",
        )

    def ecr(self, account: str) -> Any:
        """ECR of one of the accounts."""
        return self.connect("ecr", account)

    def host(self, account: str) -> str:
        """The name of an account's registry."""
        return f"{ACCOUNTS[account]}.dkr.ecr.{self.state.region}.amazonaws.com"

    def push(self, made: Any, tag: str = TAG, *, account: str = "dev") -> str:
        """Push to an account's repository; the digest."""
        login = self.ecr(account).get_authorization_token()["authorizationData"][0]
        address = login["proxyEndpoint"].partition("://")[2]
        push(address, self.repository, made, tag=tag, authorization=f"Basic {login['authorizationToken']}")
        return str(made.digest)

    def push_release(self) -> Any:
        """Push a release with an SBOM; what was made."""
        made = release()
        self.push(made)
        self.push(make_referrer(made, "application/spdx+json", b'{"spdxVersion": "SPDX-2.3"}'), tag="")
        return made

    def found(self, *findings: dict[str, str], **other: Any) -> None:
        """Say what scans of dev's repository find."""
        body = {"account": "dev", "repository": self.repository, "findings": list(findings), **other}
        request = urllib.request.Request(  # noqa: S310 - the sandbox's own address
            f"{self.state.endpoint_url}/_sandbox/ecr/scan-findings", json.dumps(body).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            assert answer.status == 200

    def options(self, **other: Any) -> dict[str, Any]:
        """Options of the promotion of the release, by prod's promoter."""
        return {
            "source": {"registry": self.host("dev")},
            "destination": {"registry": self.host("prod")},
            "repository": self.repository,
            "tag": TAG,
            "gates": GATES,
            "service": "app",
            "release_table": self.table,
            "state_directory": str(self.folder / "uploads"),
            **self.aws,
            **other,
        }

    @property
    def promoter(self) -> str:
        """Who promotes, as the release table names them."""
        return f"arn:aws:sts::{ACCOUNTS['prod']}:assumed-role/fastbreak-{self.environment}-promoter/integration"

    def administrator(self, account: str) -> dict[str, str | None]:
        """The task's own credentials in the name of an account's administrator."""
        return dict(zip(KEYS, (ACCOUNTS[account], "sandbox", None), strict=True))

    @property
    def aws(self) -> dict[str, str]:
        """The task's own AWS options."""
        own = {ansible: self._promoter[name] for ansible, name in zip(KEYS, roles.CREDENTIALS, strict=True)}
        return {"region": self.state.region, "endpoint_url": self.state.endpoint_url, **own}

    def promote(self, *, check_mode: bool = False, **other: Any) -> dict[str, Any]:
        """Run `image_promotion` in this process; an option of None is left out."""
        return run(self.options(**other), check_mode=check_mode)

    def promotions(self, **other: Any) -> list[dict[str, Any]]:
        """Run `image_promotion_info` in this process."""
        options = {"service": "app", "release_table": self.table, **self.aws, **other}
        found: list[dict[str, Any]] = perform(image_promotion_info.ENTRY, options)["promotions"]
        return found

    def tags(self, account: str = "prod") -> dict[str, str]:
        """The tags of an account's repository, with what they name."""
        images = self.ecr(account).describe_images(repositoryName=self.repository)["imageDetails"]
        return {tag: image["imageDigest"] for image in images for tag in image.get("imageTags", [])}

    def content(self, account: str) -> dict[str, str]:
        """All manifests of an account's repository by digest, as they are there."""
        ecr, found = self.ecr(account), {}
        for image in ecr.describe_images(repositoryName=self.repository)["imageDetails"]:
            ids = [{"imageDigest": image["imageDigest"]}]
            answer = ecr.batch_get_image(repositoryName=self.repository, imageIds=ids)
            found[image["imageDigest"]] = answer["images"][0]["imageManifest"]
        return found


def run(options: dict[str, Any], *, check_mode: bool = False) -> dict[str, Any]:
    """Run `image_promotion` in this process; an option of None is left out."""
    return perform(image_promotion.ENTRY, options, check_mode=check_mode)


def perform(entry: Entry, options: dict[str, Any], *, check_mode: bool = False) -> dict[str, Any]:
    """Do a module's work in this process; an option of None is left out."""
    spec = {**aws_argument_spec(), **entry.argument_spec}
    given = {name: value for name, value in options.items() if value is not None}
    checked = ArgumentSpecValidator(spec, **entry.cross_checks).validate(given)
    assert not checked.error_messages, checked.error_messages
    params, lines = checked.validated_parameters, Lines()
    result = entry.perform(params, Context(Connection(params), SystemClock(), lines, check_mode))
    return {**result, "lines": lines.lines}
