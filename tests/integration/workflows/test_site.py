# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""site.yml and rollback.yml, step by step, with a token of an issuer that stands for GitHub's."""

from __future__ import annotations

import json
import os
import shutil
import ssl
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

from benchmarks.site.parameters import PARAMETERS
from sandbox.authority import authority_path
from sandbox.state import home_of
from tests.integration.sandboxes import running
from tests.integration.workflows.issuer import OF_IAM, REPOSITORY, Issuer, issuer, stack, template, trust
from tests.integration.workflows.steps import Job
from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Any]:
    with running("workflows", AUTH="true") as found:
        yield found


@pytest.fixture(scope="module")
def outputs(sandbox: Any) -> dict[str, str]:
    """What the stacks give: the role, the site, a table of releases; and the provider is there, with its key."""
    trust(sandbox)
    table = yaml.safe_load((ROOT / "extensions/molecule/shared/site.yml").read_text(encoding="utf-8"))["__table"]
    return {
        **stack(sandbox, "iam", template("iam"), OF_IAM),
        **stack(sandbox, "cloudfront", template("cloudfront"), PARAMETERS),
        **stack(sandbox, "service", json.dumps(table), {}),
    }


@pytest.fixture
def runner(sandbox: Any, outputs: dict[str, str], tmp_path: Path) -> Iterator[dict[str, Any]]:
    """What a job of the environment dev finds, whose inventory says that GitHub deploys."""
    inventory = tmp_path / "inventories" / "dev"
    (tmp_path / "workspace").mkdir()
    shutil.copytree(ROOT / "inventories" / "dev", inventory)
    (inventory / "group_vars/all/90_github.yml").write_text("fastbreak_deployed_by: github\n")
    (tmp_path / "dist").mkdir()
    Issuer.subject = f"{REPOSITORY}:environment:dev"
    with issuer() as url:
        yield {
            "expressions": {
                "vars.DEPLOYER_ROLE_ARN": outputs["DeployerRoleArn"],
                "github.workspace": str(tmp_path / "workspace"),
                # The folder of the environment, seen from where the clone has its own.
                "inputs.environment": os.path.relpath(inventory, ROOT / "inventories"),
                "inputs.folder": str(tmp_path / "dist"),
                "inputs.version": "",
                "inputs.what": "site",
            },
            "environment": {
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job",
                "ACTIONS_ID_TOKEN_REQUEST_URL": url,
                "RUNNER_TEMP": str(tmp_path),
                "AWS_ENDPOINT_URL": sandbox.endpoint_url,
                "AWS_REGION": sandbox.region,
                "FASTBREAK_CA_BUNDLE": str(authority_path(home_of(sandbox.name))),
            },
        }


def job(runner: dict[str, Any], workflow: str, name: str, version: str = "") -> Job:
    return Job(workflow, name, {**runner["expressions"], "inputs.version": version}, runner["environment"])


def build(folder: Path, version: str) -> None:
    (folder / "index.html").write_text(f"<h1>{version}</h1>")


def shown(outputs: dict[str, str], sandbox: Any) -> str:
    trusted = ssl.create_default_context(cafile=authority_path(home_of(sandbox.name)))
    return httpx.get(outputs["SiteUrl"], verify=trusted, trust_env=False, timeout=60).text


def test_a_site_is_published_and_goes_back_by_the_steps_as_they_are_written(
    sandbox: Any, outputs: dict[str, str], runner: dict[str, Any], tmp_path: Path
) -> None:
    for version in ("1.0.0", "1.1.0"):
        build(tmp_path / "dist", version)
        published = job(runner, "site", "publish", version)
        assert published.run() == 0, published.output
        assert shown(outputs, sandbox) == f"<h1>{version}</h1>"
    back = job(runner, "rollback", "rollback")
    assert back.run() == 0, back.output
    assert "Show the releases of the service" not in back.output
    assert shown(outputs, sandbox) == "<h1>1.0.0</h1>"
    # What was asked for by hand cannot become another option.
    sly = job(runner, "site", "publish", "1.0.0 fastbreak_deployed_by=manual")
    assert sly.run() != 0
    assert list(sly.output) == ["Check the version"]


def test_a_job_of_a_pull_request_gets_no_role(runner: dict[str, Any], tmp_path: Path) -> None:
    build(tmp_path / "dist", "2.0.0")
    Issuer.subject = f"{REPOSITORY}:pull_request"
    refused = job(runner, "site", "publish", "2.0.0")
    assert refused.run() != 0
    assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in refused.output["Publish"]
