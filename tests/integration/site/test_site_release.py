# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Releases of a site behind the sandbox's CloudFront, killed at each write, while visitors come and go."""

from __future__ import annotations

import contextlib
import re
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.table import ReleasesClient
from ansible_collections.fastbreak.aws.plugins.module_utils._site.adapters.bucket import BucketClient
from ansible_collections.fastbreak.aws.plugins.module_utils._site.adapters.distribution import DistributionClient
from ansible_collections.fastbreak.aws.plugins.module_utils._site.adapters.folder import SourceFolder
from ansible_collections.fastbreak.aws.plugins.module_utils._site.adapters.release_table import SiteReleasesClient
from ansible_collections.fastbreak.aws.plugins.module_utils._site.adapters.visitor import HttpVisitor
from ansible_collections.fastbreak.aws.plugins.module_utils._site.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._site.request import SiteRequest
from ansible_collections.fastbreak.aws.plugins.module_utils._site.run import release

from benchmarks.site.parameters import PARAMETERS
from sandbox.authority import authority_path
from sandbox.state import home_of
from tests.integration.sandboxes import running
from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TABLE = "releases"


class Killed(BaseException):
    """The process is gone: nothing that follows is done."""


@dataclass
class Mortal:
    """Ports of a run that dies in place of its *kill_at*th call that may write."""

    kill_at: int
    calls: int = 0
    mutex: threading.Lock = field(default_factory=threading.Lock)

    def live(self) -> None:
        with self.mutex:
            self.calls += 1
            if 0 <= self.kill_at < self.calls:
                raise Killed

    def port(self, real: Any) -> Any:
        return _Port(real, self.live)


class _Port:
    def __init__(self, real: Any, live: Callable[[], None]) -> None:
        self._real, self._live = real, live

    def __getattr__(self, name: str) -> Any:
        def call(*words: Any, **named: Any) -> Any:
            self._live()
            return getattr(self._real, name)(*words, **named)

        return call


class Hurried:
    """A clock whose waits take no time: a dead run's lock is watched for 90 s."""

    seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    @contextlib.contextmanager
    def every(self, _seconds: float, _work: Callable[[], None]) -> Iterator[None]:
        yield

    def say(self, _text: str) -> None:
        pass


@dataclass
class Platform:
    """The role's own stack, without what it reads of others, and a release table."""

    sandbox: Any
    folder: Path
    outputs: dict[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=self.sandbox.region,
            endpoint_url=self.sandbox.endpoint_url,
            aws_access_key_id=self.sandbox.accounts["dev"],
            aws_secret_access_key="sandbox",
        )

    @property
    def authority(self) -> str:
        return str(authority_path(home_of(self.sandbox.name)))

    def provision(self) -> None:
        stacks = self.client("cloudformation")
        stacks.create_stack(
            StackName="fastbreak-dev-cloudfront",
            TemplateBody=(ROOT / "roles/cloudfront/files/stack.yaml").read_text(encoding="utf-8"),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in PARAMETERS.items()],
        )
        stacks.get_waiter("stack_create_complete").wait(
            StackName="fastbreak-dev-cloudfront", WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )
        stack = stacks.describe_stacks(StackName="fastbreak-dev-cloudfront")["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        names = ("service", "release_id")
        self.client("dynamodb").create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            KeySchema=[
                {"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=True)
            ],
        )

    def release(self, version: str = "", kill_at: int = -1) -> tuple[bool, int]:
        """Publish *version*, or roll back without one; whether anything changed, and how many calls it took."""
        mortal, clock = Mortal(kill_at), Hurried()
        request = SiteRequest(
            self.outputs["SiteBucketName"],
            self.outputs["DistributionId"],
            self.outputs["SiteUrl"],
            f"tester:{version}:{kill_at}",
            version=version,
            rolls_back=not version,
            keep=3,
        )
        if version:
            self.build(version)
        ports = Ports(
            SourceFolder(str(self.folder), types={}, largest=1000) if version else None,
            mortal.port(BucketClient(lambda: self.client("s3"), request.bucket)),
            mortal.port(DistributionClient(lambda: self.client("cloudfront"), request.distribution_id)),
            HttpVisitor(request.url, self.authority),
            mortal.port(
                SiteReleasesClient(lambda: self.client("dynamodb"), TABLE, lambda: self.client("sts")),
            ),
            mortal.port(ReleasesClient(lambda: self.client("dynamodb"), TABLE)),
            clock,
            clock,
        )
        done, _diff = release(request, ports, check_mode=False)
        return done.changed, mortal.calls

    def build(self, version: str) -> None:
        files = {
            "index.html": f'{version} <script src="/assets/app-{version}.js"> <img src="/assets/logo-0000.svg">',
            f"assets/app-{version}.js": f"code of {version}",
            "assets/logo-0000.svg": "<svg/>",
            "robots.txt": "all may come",
        }
        for old in [path for path in self.folder.rglob("*") if path.is_file()]:
            old.unlink()
        for path, content in files.items():
            (self.folder / path).parent.mkdir(exist_ok=True)
            (self.folder / path).write_text(content)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with running("site") as sandbox:
        made = Platform(sandbox, tmp_path_factory.mktemp("dist"))
        made.provision()
        yield made


@contextlib.contextmanager
def visitors(platform: Platform) -> Iterator[tuple[list[str], list[str]]]:
    """Opens the page and loads what it names, again and again: the versions seen, and the failures."""
    seen: list[str] = []
    failures: list[str] = []
    ended = threading.Event()
    trusted = ssl.create_default_context(cafile=platform.authority)

    def visit(browser: httpx.Client) -> None:
        page = browser.get("/")
        version = page.text.split(" ")[0]
        for asset in re.findall(r'src="([^"]+)"', page.text):
            answer = browser.get(asset)
            wanted = f"code of {version}" if "app-" in asset else "<svg/>"
            if answer.status_code != 200 or answer.text != wanted:
                failures.append(f"{version}: {asset}: {answer.status_code} {answer.text[:50]}")
        if page.status_code != 200:
            failures.append(f"the page: {page.status_code}")
        seen.append(version)

    def come_and_go() -> None:
        with httpx.Client(base_url=platform.outputs["SiteUrl"], verify=trusted, trust_env=False, timeout=60) as browser:
            while not ended.is_set():
                try:
                    visit(browser)
                except httpx.HTTPError as error:
                    failures.append(repr(error))

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        yield seen, failures
    finally:
        ended.set()
        thread.join()


def shown(platform: Platform) -> httpx.Response:
    trusted = ssl.create_default_context(cafile=platform.authority)
    return httpx.get(platform.outputs["SiteUrl"], verify=trusted, trust_env=False, timeout=60)


def test_no_visitor_meets_a_page_that_lacks_anything_wherever_a_release_is_killed(platform: Platform) -> None:
    changed, calls = platform.release("v0")
    assert changed
    assert platform.release("v0")[0] is False
    with visitors(platform) as (seen, failures):
        for number, kill_at in enumerate(range(6, calls, 3), 1):
            with pytest.raises(Killed):
                platform.release(f"v{number}", kill_at)
            assert platform.release(f"v{number}")[0]
            assert platform.release(f"v{number}")[0] is False
        assert platform.release()[0]
        assert platform.release()[0] is False
    assert failures == []
    assert {"v0", f"v{number}"} <= set(seen)
    answer = shown(platform)
    assert answer.text.startswith(f"v{number - 1} ")
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("text/html; charset=utf-8", "no-cache")
    held = platform.client("s3").list_objects_v2(Bucket=platform.outputs["SiteBucketName"], Prefix="assets/app-")
    assert len(held["Contents"]) <= 4, "what no kept version names is deleted"
