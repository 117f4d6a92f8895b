# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two commits on their way: release.yml, promote.yml, deploy.yml, rollback.yml, rotate.yml, each step as it is written.

The steps run in a repository of the test's own, as the roles that the inventories let GitHub assume, and sign by the
identity of the workflow. It takes minutes, so it is no part of `make test`: `make pipeline` runs it.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import docker
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome

from benchmarks.delivery.ways import NOT_MIGRATED, RESTORED
from demo.environment import running_image
from demo.labels import label_of
from demo.tokens import Issuer as Tokens
from demo.tokens import provide_token_of_gates
from tests.integration.sandboxes import running
from tests.integration.workflows.issuer import REPOSITORY, Issuer, issuer, publish_key
from tests.integration.workflows.steps import Job
from tests.pipeline.repository import BASE_IMAGE, WORKFLOW, Account, Repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BAKE_SCALE = os.environ.get("DELIVERY_BAKE_SCALE", "60")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Any]:
    with running("delivery", AUTH="true", SANDBOX_BAKE_SCALE=BAKE_SCALE) as known:
        publish_key(known)
        yield known
    engine = docker.from_env()
    for image in engine.images.list(filters={"label": label_of(known.name)}):
        engine.images.remove(str(image.id), force=True)
    engine.close()


@pytest.fixture(scope="module")
def repository(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("delivery") / "fastbreak", sandbox.name)


def provisioned(name: str, sandbox: Any, repository: Repository) -> Account:
    account = Account.connect(name, sandbox.name)
    account.play("playbooks/bootstrap.yml", repository.folder)
    account.play("site.yml", repository.folder)
    return account


@pytest.fixture(scope="module")
def dev(sandbox: Any, repository: Repository) -> Account:
    return provisioned("dev", sandbox, repository)


@pytest.fixture(scope="module")
def prod(dev: Account, sandbox: Any, repository: Repository) -> Account:
    # Dev's tasks would take the processor from prod's.
    cluster = dev.platform.outputs("ecs")["ClusterName"]
    for service in dev.platform.client("ecs").list_services(cluster=cluster)["serviceArns"]:
        dev.platform.client("ecs").delete_service(cluster=cluster, service=service, force=True)
    account = provisioned("prod", sandbox, repository)
    provide_token_of_gates(Tokens.connect(account.variables), account.platform)
    return account


class Runner:
    """What stands for GitHub: its variables, its environments and its tokens."""

    def __init__(self, url: str, folder: Path, repository: Repository) -> None:
        self._url, self._folder, self._repository = url, folder, repository

    def job(self, account: Account, workflow: str, name: str, environment: str, **expressions: str) -> Job:
        """A job of a workflow, in an environment on GitHub; the token of a fork's pull request where there is none."""
        self.acts_in(environment)
        iam = account.platform.outputs("iam")
        roles = {"CI": "CiRoleArn", "PROMOTER": "PromoterRoleArn", "DEPLOYER": "DeployerRoleArn"}
        return Job(
            workflow,
            name,
            {
                **{f"vars.{key}_ROLE_ARN": iam[output] for key, output in roles.items() if output in iam},
                "vars.GITHUB_DEPLOYS": "true",
                "github.token": "of-the-job",
                "github.workspace": str(self._repository.folder),
                "runner.temp": str(self._folder),
                **expressions,
            },
            {
                **account.without_rights,
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job",
                "ACTIONS_ID_TOKEN_REQUEST_URL": self._url,
                # Tokens live for minutes, and are renewed as long as the job runs.
                "RUNNER_TRACKING_ID": f"github_{uuid.uuid4()}",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REF_NAME": "dev",
                "GITHUB_WORKFLOW_REF": WORKFLOW,
                "GITHUB_STEP_SUMMARY": str(self._folder / "summary.md"),
                "RUNNER_TEMP": str(self._folder),
                "FASTBREAK_BASE_IMAGE": BASE_IMAGE,
            },
            folder=self._repository.folder,
        )

    def acts_in(self, environment: str) -> None:
        """Have GitHub's tokens name an environment."""
        Issuer.subject = f"{REPOSITORY}:environment:{environment}" if environment else f"{REPOSITORY}:pull_request"
        Issuer.workflow = WORKFLOW

    def summary(self) -> str:
        """What the jobs' summary says since it was read."""
        path = self._folder / "summary.md"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        path.unlink(missing_ok=True)
        return text


@pytest.fixture(scope="module")
def runner(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with issuer() as url:
        yield Runner(url, tmp_path_factory.mktemp("runner"), repository)


def succeeded(job: Job) -> Job:
    if job.run() != 0:
        pytest.fail("\n".join(job.output.values()), pytrace=False)
    return job


def called_by(job: Job, account: Account, runner: Runner) -> Job:
    """The job of deploy.yml, which the job that needs *job* calls."""
    runner.acts_in(account.name)
    role = account.platform.outputs("iam")["DeployerRoleArn"]
    called = job.calling("deploy", **{"vars.DEPLOYER_ROLE_ARN": role})
    assert called is not None
    return called


def deployed(job: Job, account: Account, runner: Runner) -> Job:
    done = succeeded(called_by(job, account, runner))
    note_migration(done, account)
    return done


def note_migration(job: Job, account: Account) -> str:
    """What the record says of the release's migration, which is noted where it was not needed."""
    said = account.newest_release("inference-worker").migration
    if said.startswith("not needed: "):
        job.note(NOT_MIGRATED, 0, 0)
    return said


@pytest.fixture(scope="module")
def first(dev: Account, repository: Repository, runner: Runner) -> Job:
    """What release.yml published of the first commit."""
    assert repository.folder.is_dir()
    return succeeded(runner.job(dev, "release", "publish", "dev"))


@dataclass(frozen=True)
class Deployed:
    """The first commit as dev runs it: what published it, its digest, and the summary of the job that deployed it."""

    published: Job
    digest: str
    summary: str


@pytest.fixture(scope="module")
def in_dev(dev: Account, first: Job, runner: Runner) -> Deployed:
    """The first commit, deployed to dev."""
    runner.summary()
    deployed(first, dev, runner)
    return Deployed(first, dev.images()[first.outputs["tag"]], runner.summary())


def test_a_fork_gets_nothing(dev: Account, runner: Runner) -> None:
    before = dev.images()
    refused = runner.job(dev, "release", "publish", "")
    assert refused.run() != 0
    assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in refused.output["Publish"]
    assert dev.images() == before


def test_a_commit_on_dev_is_published_once_and_deployed_there(dev: Account, in_dev: Deployed, runner: Runner) -> None:
    assert running_image(dev.platform).endswith(in_dev.digest)
    assert "target_health" in in_dev.summary
    published = dev.images()
    again = succeeded(runner.job(dev, "release", "publish", "dev"))
    assert again.outputs == in_dev.published.outputs
    assert dev.images() == published


def test_a_bad_commit_is_refused_in_dev(dev: Account, in_dev: Deployed, repository: Repository, runner: Runner) -> None:
    commit = repository.spoil()
    published = succeeded(runner.job(dev, "release", "publish", "dev"))
    assert published.outputs["tag"].endswith(commit)
    refused = called_by(published, dev, runner)
    assert refused.run() != 0
    assert "was rolled back" in refused.output["Deploy"]
    assert "500" in runner.summary()
    assert running_image(dev.platform).endswith(in_dev.digest)
    release = dev.newest_release()
    assert (release.version, release.outcome) == (published.outputs["tag"], Outcome.ROLLED_BACK)
    back = datetime.fromisoformat(release.finished_at).timestamp()
    refused.note(RESTORED, back, back)
    # The same migration as before, and the database says so.
    assert note_migration(refused, dev).startswith("not needed: the database is at schema ")
    repository.check_out(in_dev.published.outputs["tag"].rpartition("-")[2])
    # The branch has moved on: that run is there already, and a repeated one of the commit before deploys nothing.
    repeated = succeeded(runner.job(dev, "release", "publish", "dev"))
    assert repeated.outputs == {**in_dev.published.outputs, "newest": "false"}
    assert repeated.calling("deploy") is None


def test_a_commit_on_main_is_promoted_deployed_and_goes_back(
    dev: Account, first: Job, prod: Account, repository: Repository, runner: Runner
) -> None:
    promoted = succeeded(runner.job(prod, "promote", "promote", "promotion"))
    assert promoted.outputs["tag"] == first.outputs["tag"]
    good = dev.images()[first.outputs["tag"]]
    assert prod.images()[first.outputs["tag"]] == good
    deployed(promoted, prod, runner)
    assert running_image(prod.platform).endswith(good)

    # One that dev never published says so, before anything is touched.
    commit = repository.change("Never published by dev")
    before = prod.images()
    refused = runner.job(prod, "promote", "promote", "promotion")
    assert refused.run() != 0
    assert commit in refused.output["Promote"]
    assert prod.images() == before

    # Once dev has published it, it goes the same way, and back by hand.
    newer = succeeded(runner.job(dev, "release", "publish", "dev"))
    assert newer.outputs["tag"].endswith(commit)
    deployed(succeeded(runner.job(prod, "promote", "promote", "promotion")), prod, runner)
    assert running_image(prod.platform).endswith(dev.images()[newer.outputs["tag"]])
    asked = {"inputs.environment": "prod", "inputs.what": "service", "inputs.version": ""}
    back = succeeded(runner.job(prod, "rollback", "rollback", "prod", **asked))
    assert first.outputs["tag"] in back.output["Show the releases of the service"]
    assert running_image(prod.platform).endswith(good)

    # Once a month; who rotates is the deployer here.
    role = prod.platform.outputs("iam")["DeployerRoleArn"]
    monthly = {"matrix.environment": "prod", "vars.ROTATION_ROLE_ARN": role}
    rotated = succeeded(runner.job(prod, "rotate", "rotate", "prod", **monthly))
    assert list(rotated.output) == ["Ask GitHub for a token", "Rotate"]
    assert running_image(prod.platform).endswith(good)
