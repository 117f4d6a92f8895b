# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done in one environment of the sandbox, with that environment's credentials."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import httpx

from demo import analysis, roles
from demo.commands import Output, Runner, recap_and_progress
from demo.console import Console, DemoError
from demo.load import SteadyLoad, Watched
from demo.report import Analysed

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from pathlib import Path

    from demo.platform import Platform

REPORT = "publish_report"
LABELS = "publish_labels"
LOAD_PATH = "/v1/analyses?limit=1"


# A demo has no night, whatever the hour, and whoever kills or asks a worker in it finds one.
_ALWAYS_AWAKE = {"fastbreak_worker_schedule": [], "fastbreak_worker_rest_after_seconds": 86400}


@dataclass(frozen=True)
class Release:
    """An image that lies in a registry."""

    tag: str
    digest: str


@dataclass(frozen=True)
class Environment:
    """One environment: `runner` acts in it, `platform` reads it; images that are built in it get the labels.

    Both have an administrator's rights; a playbook runs as its role. `trust` verifies its load balancer, `headers` are
    what its users send.
    """

    console: Console
    runner: Runner
    platform: Platform
    labels: Mapping[str, str]
    trust: ssl.SSLContext
    headers: Mapping[str, str]

    @property
    def url(self) -> str:
        """Where users reach the service: an internal load balancer through CloudFront."""
        balancer = self.platform.outputs("ecs")
        if balancer["LoadBalancerScheme"] == "internal":
            return f"{self.platform.outputs('cloudfront')['SiteUrl']}/api"
        return balancer["ProductionUrl"]

    @property
    def name(self) -> str:
        return self.platform.environment

    def playbook(
        self, playbook: str, *, log: str, extra: Mapping[str, object] | None = None, check: bool = True
    ) -> Output:
        command = ["ansible-playbook", "-i", f"inventories/{self.name}", playbook]
        command += ["-e", json.dumps({**_ALWAYS_AWAKE, **(extra or {})})]
        self.console.detail(
            f"$ {' '.join(command[:4])}"
            + "".join(f" -e {key}={value}" for key, value in (extra or {}).items() if key not in {REPORT, LABELS})
            + f"  # as {roles.role_of(playbook) or 'an administrator'}"
        )
        executable = [sys.executable, "-m", "ansible", "playbook", *command[1:]]
        return self._as_role(playbook).run(executable, log=f"{self.name}-{log}", show=recap_and_progress, check=check)

    def _as_role(self, playbook: str) -> Runner:
        """A runner with a session of the playbook's role."""
        session = roles.credentials(self.platform.client("sts"), self.name, playbook)
        return replace(self.runner, environment={**self.runner.environment, **session})

    def provision(self) -> None:
        """Bootstrap the account as its administrator, and provision as the role that this made."""
        bootstrap = self.playbook("playbooks/bootstrap.yml", log="bootstrap")
        self.console.detail(f"changed={bootstrap.changed()} by the bootstrap")
        self.console.detail(f"changed={self.playbook('site.yml', log='provision').changed()}")

    def publish(self, *, log: str, extra: Mapping[str, str] | None = None) -> Release:
        """Build and push an image unless its tag is there already; return what the registry holds."""
        report = self.runner.logs / f"{log}.json"
        report.unlink(missing_ok=True)
        ours = {REPORT: str(report), LABELS: dict(self.labels)}
        self.playbook("playbooks/publish.yml", log=log, extra={**(extra or {}), **ours})
        release = json.loads(report.read_text(encoding="utf-8"))
        self.console.detail(f"{release['tag']}  {release['digest']}")
        return Release(release["tag"], release["digest"])

    def promote(self, release: Release, *, log: str) -> None:
        """Copy a release into this environment's registry; its digest must be the same there."""
        output = self.playbook("playbooks/promote.yml", log=log, extra={"version": release.tag})
        images = self.platform.client("ecr").describe_images(
            repositoryName=self.platform.outputs("ecr")["RepositoryName"], imageIds=[{"imageTag": release.tag}]
        )
        found = images["imageDetails"][0]["imageDigest"]
        if found != release.digest:
            raise DemoError(
                f"{release.tag} is {found} in {self.name}, where {release.digest} was promoted; the whole output: "
                f"{output.log}"
            )
        self.console.detail(f"changed={output.changed()}; {self.name} holds the same digest: {found}")

    def deploy(self, release: Release, *, hands_over: bool = False) -> Watched:
        """Deploy a release under load. *hands_over*: as who does not wait for the bake; another run judges it."""
        extra = {"version": release.tag}
        until = {"ecs_rollout_wait_until": "after_traffic"} if hands_over else {}
        with SteadyLoad(self.url + LOAD_PATH, self.trust, self.headers) as load:
            output = self.playbook("playbooks/deploy.yml", log="deploy", extra={**extra, **until})
            if hands_over:
                self.playbook("playbooks/judge.yml", log="judge", extra=extra)
        self.console.detail(f"changed={output.changed()}; {load.tally.sentence()}")
        return Watched(self.name, release.tag, load.began, load.tally)

    def analyse(self, footage: Path) -> Analysed:
        with httpx.Client(base_url=self.url, verify=self.trust, headers=self.headers) as http:
            analysis_id = analysis.submit(http, footage)
            result = analysis.wait(http, analysis_id, self.console)
            analysis.show(http, result, self.console)
            knees = analysis.knees(http, result)
        rows = self.platform.database_rows(analysis_id)
        if rows["measures"] == 0:
            raise DemoError(f"the database holds no measures of analysis {analysis_id}: {rows}")
        self.console.detail("in the RDS Postgres: " + ", ".join(f"{count} {table}" for table, count in rows.items()))
        return Analysed(self.name, footage.name, result, knees)

    def accept(self, footage: Path) -> str:
        """Upload a video and do not wait for its analysis; return the analysis's id."""
        with httpx.Client(base_url=self.url, verify=self.trust, headers=self.headers) as http:
            return analysis.submit(http, footage)

    def show_kept(self, accepted: str) -> None:
        """What was accepted before a release has to be analysed, whatever became of the release."""
        with httpx.Client(base_url=self.url, verify=self.trust, headers=self.headers) as http:
            analysis.wait(http, accepted, self.console)
        self.console.detail("the video that was accepted before this release is analysed")

    def refuse(self, good: Release, bad: Release, strategy: str = "") -> Watched:
        """Deploy the bad release; it must be refused, and the good release must serve again.

        By the inventory's strategy, unless another one is given.
        """
        extra = {"version": bad.tag, **({"ecs_rollout_strategy": strategy} if strategy else {})}
        with SteadyLoad(self.url + LOAD_PATH, self.trust, self.headers) as load:
            output = self.playbook("playbooks/deploy.yml", log="deploy-bad", extra=extra, check=False)
        if output.code == 0:
            raise DemoError(f"the bad release {bad.tag} was accepted; the whole output: {output.log}")
        if not output.says(f"Release {bad.tag} of inference was rolled back"):
            raise DemoError(
                f"the bad release {bad.tag} was refused, and {self.name} did not get back to {good.tag}:\n"
                f"{output.tail()}\nthe whole output: {output.log}"
            )
        running = running_image(self.platform)
        if not running.endswith(good.digest):
            raise DemoError(f"after the refusal {running} runs, expected {good.digest}; the whole output: {output.log}")
        self.console.detail(f"refused and rolled back, as it must be: {running} runs")
        self.console.detail(load.tally.sentence())
        return Watched(self.name, bad.tag, load.began, load.tally)


def running_image(platform: Platform) -> str:
    """The image of the ECS service's primary deployment."""
    ecs = platform.client("ecs")
    cluster = platform.outputs("ecs")["ClusterName"]
    services = ecs.describe_services(cluster=cluster, services=["inference"])["services"]
    primary = next(deployment for deployment in services[0]["deployments"] if deployment["status"] == "PRIMARY")
    definition = ecs.describe_task_definition(taskDefinition=primary["taskDefinition"])["taskDefinition"]
    return str(definition["containerDefinitions"][0]["image"])
