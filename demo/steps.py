"""The steps of the main job, in order. Each is safe to run again after a kill at any point."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from demo import analysis
from demo.commands import Output, Runner, everything, nothing, recap_and_progress
from demo.console import Console, DemoError
from demo.load import SteadyLoad, Tally
from demo.platform import Platform

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT = "dev"
BAD_DOCKERFILE = "service/faults/analysis-500/Dockerfile"
BASE_IMAGE = "fastbreak-sandbox/base:trixie"
REPORT = "publish_report"
LOAD_PATH = "/v1/analyses?limit=1"


@dataclass(frozen=True)
class Release:
    """An image that lies in the environment's registry."""

    tag: str
    digest: str


class Demo:
    """One run of the main job in one environment of the sandbox."""

    def __init__(self, console: Console, folder: Path, sandbox: str) -> None:
        self.console = console
        self.folder = folder
        self.sandbox = sandbox
        self.logs = folder / ".sandbox" / f"{sandbox}.demo"
        self._local = Runner(console, folder, self.logs, {})

    def prepare(self) -> None:
        self._local.run(_python("tools.engine", "ensure"), log="engine", show=everything)
        self._local.run(_python("tools.images", "all"), log="images", show=everything)

    def start_sandbox(self) -> None:
        self._local.run(_python("sandbox", "up", "--name", self.sandbox), log="sandbox-up", show=everything)

    def footage(self) -> Path:
        """The demo's clip, fetched when it is not in the cache."""
        output = self._local.run([sys.executable, "service/footage.py"], log="footage")
        return Path(output.lines[-1])

    def connect(self) -> tuple[Runner, Platform]:
        """Give what acts in the environment: a command runner and a reader, both with its credentials."""
        output = self._local.run(
            _python("sandbox", "env", ENVIRONMENT, "--name", self.sandbox), log="sandbox-env", show=nothing
        )
        variables = {**_exports(output.lines), "FASTBREAK_BASE_IMAGE": BASE_IMAGE}
        return Runner(self.console, self.folder, self.logs, variables), Platform.connect(ENVIRONMENT, variables)

    def playbook(
        self, runner: Runner, playbook: str, *, log: str, extra: Mapping[str, str] | None = None, check: bool = True
    ) -> Output:
        command = ["ansible-playbook", "-i", f"inventories/{ENVIRONMENT}", playbook]
        if extra:
            command += ["-e", json.dumps(dict(extra))]
        self.console.detail(
            f"$ {' '.join(command[:4])}"
            + "".join(f" -e {key}={value}" for key, value in (extra or {}).items() if key != REPORT)
        )
        executable = [sys.executable, "-m", "ansible", "playbook", *command[1:]]
        return runner.run(executable, log=log, show=recap_and_progress, check=check)

    def publish(self, runner: Runner, *, log: str, extra: Mapping[str, str] | None = None) -> Release:
        """Build and push an image unless its tag is there already; return what the registry holds."""
        report = self.logs / f"{log}.json"
        report.unlink(missing_ok=True)
        self.playbook(runner, "playbooks/publish.yml", log=log, extra={**(extra or {}), REPORT: str(report)})
        release = json.loads(report.read_text(encoding="utf-8"))
        self.console.detail(f"{release['tag']}  {release['digest']}")
        return Release(release["tag"], release["digest"])

    def deploy(self, runner: Runner, url: str, release: Release) -> Tally:
        with SteadyLoad(url + LOAD_PATH) as load:
            output = self.playbook(runner, "playbooks/deploy.yml", log="deploy", extra={"version": release.tag})
        self.console.detail(f"changed={output.changed()}; {load.tally.sentence()}")
        return load.tally

    def analyse(self, platform: Platform, url: str, footage: Path) -> None:
        analysis_id = analysis.submit(url, footage)
        result = analysis.wait(url, analysis_id, self.console)
        analysis.show(url, result, self.console)
        rows = platform.database_rows(analysis_id)
        if rows["measures"] == 0:
            raise DemoError(f"the database holds no measures of analysis {analysis_id}: {rows}")
        self.console.detail("in the RDS Postgres: " + ", ".join(f"{count} {table}" for table, count in rows.items()))

    def refuse(self, runner: Runner, platform: Platform, url: str, good: Release, bad: Release) -> Tally:
        """Deploy the bad release; it must be refused and the good one must be serving again."""
        with SteadyLoad(url + LOAD_PATH) as load:
            output = self.playbook(
                runner, "playbooks/deploy.yml", log="deploy-bad", extra={"version": bad.tag}, check=False
            )
        if output.code == 0:
            raise DemoError(f"the bad release {bad.tag} was let in; the whole output: {output.log}")
        running = running_image(platform)
        if not running.endswith(good.digest):
            raise DemoError(f"after the refusal {running} runs, expected {good.digest}; the whole output: {output.log}")
        self.console.detail(f"refused and rolled back, as it must be: {running} runs")
        self.console.detail(load.tally.sentence())
        return load.tally


def running_image(platform: Platform) -> str:
    """The image of the ECS service's primary deployment."""
    ecs = platform.client("ecs")
    cluster = platform.outputs("ecs")["ClusterName"]
    services = ecs.describe_services(cluster=cluster, services=["inference"])["services"]
    primary = next(deployment for deployment in services[0]["deployments"] if deployment["status"] == "PRIMARY")
    definition = ecs.describe_task_definition(taskDefinition=primary["taskDefinition"])["taskDefinition"]
    return str(definition["containerDefinitions"][0]["image"])


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _exports(lines: tuple[str, ...]) -> dict[str, str]:
    """Parse `export NAME=value` lines."""
    assignments = (line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export "))
    return {name: value.strip("'\"") for name, value in assignments}
