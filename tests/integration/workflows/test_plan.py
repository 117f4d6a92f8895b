# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""plan.yml, step by step, and the comment that it keeps up to date on what stands for GitHub's API."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import threading
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from tests.integration.sandboxes import running
from tests.integration.workflows.issuer import OF_IAM, REPOSITORY, Issuer, issuer, stack, template, trust
from tests.integration.workflows.steps import Job
from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STRANGER = {"id": 1, "user": {"type": "User"}, "body": "<!-- fastbreak: plan of dev -->\nsomebody's quotation"}


class PullRequests(http.server.BaseHTTPRequestHandler):
    """The comments of a pull request, as GitHub's REST API has them."""

    comments: ClassVar[list[dict[str, Any]]] = []

    def do_GET(self) -> None:
        page = int(self.path.rpartition("page=")[2])
        self._answer(self.comments[100 * (page - 1) : 100 * page])

    def do_POST(self) -> None:
        assert self.path == "/repos/fastbreak-sports/fastbreak/issues/7/comments"
        self.comments.append({"id": 1000 + len(self.comments), "user": {"type": "Bot"}, **self._body()})
        self._answer({})

    def do_PATCH(self) -> None:
        prefix, _, number = self.path.rpartition("/")
        assert prefix == "/repos/fastbreak-sports/fastbreak/issues/comments"
        next(item for item in self.comments if item["id"] == int(number)).update(self._body())
        self._answer({})

    def _body(self) -> Any:
        assert self.headers["Authorization"] == "Bearer of-the-repository"
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: Any) -> None:
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[str]:
    PullRequests.comments = [dict(STRANGER)]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), PullRequests) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Any]:
    with running("plans", AUTH="true") as found:
        yield found


@pytest.fixture
def job(sandbox: Any, api: str, tmp_path: Path) -> Iterator[Job]:
    """The plan of an account where component iam stands alone, without a bootstrap."""
    trust(sandbox)
    outputs = stack(sandbox, "iam", template("iam"), OF_IAM)
    inventory = tmp_path / "inventories" / "dev"
    (tmp_path / "workspace").mkdir()
    shutil.copytree(ROOT / "inventories" / "dev", inventory)
    own = ["fastbreak_stack_role_arn", "fastbreak_permissions_boundary_arn"]
    (inventory / "group_vars/all/90_plan.yml").write_text("".join(f'{name}: ""\n' for name in own))
    Issuer.subject = f"{REPOSITORY}:environment:plan-dev"
    with issuer() as url:
        yield Job(
            "plan",
            "plan",
            {
                "vars.PLANNER_ROLE_ARN": outputs["PlannerRoleArn"],
                "github.workspace": str(tmp_path / "workspace"),
                "github.token": "of-the-repository",
                "github.event.pull_request.number": "7",
                "github.event.pull_request.head.sha": "0a1b2c3d",
                # The folder of the environment, seen from where the clone has its own.
                "matrix.environment": os.path.relpath(inventory, ROOT / "inventories"),
            },
            {
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job",
                "ACTIONS_ID_TOKEN_REQUEST_URL": url,
                "RUNNER_TEMP": str(tmp_path),
                "GITHUB_API_URL": api,
                "GITHUB_REPOSITORY": "fastbreak-sports/fastbreak",
                "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
                "AWS_ENDPOINT_URL": sandbox.endpoint_url,
                "AWS_REGION": sandbox.region,
            },
        )


def planned(job: Job, folder: Path) -> int:
    """Run the job with a runner's empty folder."""
    (folder / "plan.md").unlink(missing_ok=True)
    return job.run()


def test_a_plan_is_one_comment_that_is_kept_up_to_date(job: Job, tmp_path: Path) -> None:
    assert planned(job, tmp_path) == 0, job.output
    stranger, ours = PullRequests.comments
    assert stranger == STRANGER
    assert "| change | resource | type | properties |" in ours["body"]
    assert "`network.Vpc`" in ours["body"]
    assert " at 0a1b2c3d" in ours["body"]
    assert "USD a month" in ours["body"]
    assert (tmp_path / "summary.md").read_text() in ours["body"]
    # What cannot be planned is commented on too, and fails the job.
    PullRequests.comments.extend({**STRANGER, "id": number} for number in range(2, 150))
    PullRequests.comments.append(PullRequests.comments.pop(1))
    wrong = tmp_path / "inventories/dev/group_vars/all/95_wrong.yml"
    wrong.write_text("network_vpc_cidr: banana\n")
    assert planned(job, tmp_path) != 0
    assert "network_vpc_cidr" in PullRequests.comments[-1]["body"]
    assert len(PullRequests.comments) == 150
    # A job of another environment gets no role, and the comment says that there is no plan.
    Issuer.subject = f"{REPOSITORY}:pull_request"
    wrong.unlink()
    assert planned(job, tmp_path) != 0
    assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in PullRequests.comments[-1]["body"]
    # Nor does a plan of before stay there when the job gets no token at all.
    job.environment["ACTIONS_ID_TOKEN_REQUEST_URL"] = "http://127.0.0.1:9/?x=1"
    assert planned(job, tmp_path) != 0
    assert "The plan could not be made" in PullRequests.comments[-1]["body"]
