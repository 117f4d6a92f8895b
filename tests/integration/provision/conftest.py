# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sandbox of these tests' own that enforces IAM, and ansible-playbook as a user runs it, each verb as its role."""

import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from demo import roles
from sandbox import ACCOUNTS, state
from sandbox.authority import authority_path
from tests import accounts
from tools.environments.copied import Place, moved
from tools.environments.inventory import environments, own_files

ROOT = Path(__file__).resolve().parents[3]
RUN_SECONDS = 600
"""A run that hangs is ended then; on a busy machine a good one takes minutes."""
COMPONENTS = list(
    yaml.safe_load((ROOT / "inventories/dev/hosts.yml").read_text(encoding="utf-8"))["components"]["hosts"]
)


@dataclass(frozen=True)
class Outcome:
    """What a run of ansible-playbook came to."""

    code: int
    text: str

    def changed(self) -> dict[str, int]:
        """Changed tasks by host."""
        return {host: int(count) for host, count in re.findall(r"^(\w+) +: .*changed=(\d+)", self.text, re.MULTILINE)}

    def failed(self) -> set[str]:
        """Hosts with a failed task."""
        return {host for host, count in re.findall(r"^(\w+) +: .*failed=(\d+)", self.text, re.MULTILINE) if int(count)}

    def diffs(self) -> list[str]:
        """What the run showed with --diff, stack by stack."""
        return sorted(re.findall(r"^(--- before: stack .*?)\n\n", self.text, re.MULTILINE | re.DOTALL))

    def message(self, host: str) -> str:
        """The error of a host, on one line."""
        found = re.search(rf"^fatal: \[{host}\].*?(?=^TASK|^PLAY|^\w+: \[|\Z)", self.text, re.MULTILINE | re.DOTALL)
        return " ".join(found.group().split()) if found else ""


@dataclass(frozen=True)
class Environment:
    """An inventory, an account of the sandbox, and the means to run playbooks on them."""

    name: str
    endpoint_url: str
    account: str
    authority: Path
    region: str = "us-east-1"
    inventories: Path = ROOT / "inventories"

    def variables(self, **changes: str | None) -> dict[str, str]:
        """The process environment; None takes a variable away."""
        given: dict[str, str | None] = {
            **os.environ,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_EC2_METADATA_DISABLED": "true",
            "ANSIBLE_NOCOLOR": "1",
            "FASTBREAK_CA_BUNDLE": str(self.authority),
            **changes,
        }
        return {key: value for key, value in given.items() if value is not None}

    def start(self, *arguments: str, playbook: str = "site.yml", **changes: str | None) -> subprocess.Popen[str]:
        """Start a playbook, in a process group of its own."""
        program = Path(sys.executable).with_name("ansible-playbook")
        account = f"fastbreak_account_id={self.account}"
        changes = changes if "AWS_ACCESS_KEY_ID" in changes else {**self._session(playbook, arguments), **changes}
        command = [program, "-i", self.inventories / self.name, playbook, "-e", account]
        return subprocess.Popen(
            [*map(str, command), *arguments],
            cwd=ROOT,
            env=self.variables(**changes),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, playbook: str = "site.yml", **changes: str | None) -> Outcome:
        """Run a playbook to its end."""
        process = self.start(*arguments, playbook=playbook, **changes)
        try:
            text, _nothing = process.communicate(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return Outcome(process.returncode, text)

    def _session(self, playbook: str, arguments: tuple[str, ...]) -> dict[str, str]:
        """Credentials of the verb's role; a plan is the planner's once there is one."""
        plan = "--check" in arguments and self.stacks().get("iam", "").endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE"))
        return roles.credentials(self.client("sts"), self.name, playbook, plan=plan)

    def bootstrap(self) -> "Environment":
        """Give the account what `playbooks/bootstrap.yml` gives it."""
        accounts.bootstrap(self.client("cloudformation"), self.name)
        return self

    def client(self, service: str, region: str = "") -> Any:
        """A boto3 client of the environment's account, with an administrator's rights."""
        return boto3.client(
            service,
            region_name=region or self.region,
            endpoint_url=self.endpoint_url,
            aws_access_key_id=self.account,
            aws_secret_access_key="sandbox",
        )

    def outputs(self, component: str) -> dict[str, str]:
        """Outputs of a component's stack."""
        found = self.client("cloudformation").describe_stacks(StackName=f"fastbreak-{self.name}-{component}")
        return {output["OutputKey"]: output["OutputValue"] for output in found["Stacks"][0]["Outputs"]}

    def issue(self, name: str) -> str:
        """Have ACM issue a certificate; its ARN."""
        arn: str = self.client("acm").request_certificate(DomainName=name)["CertificateArn"]
        return arn

    def stacks(self) -> dict[str, str]:
        """Status of each stack of the environment, by component; without the account's bootstrap."""
        prefix = f"fastbreak-{self.name}-"
        regions = {self.region, "us-east-1"}
        found = [self.client("cloudformation", region).describe_stacks()["Stacks"] for region in sorted(regions)]
        return {
            stack["StackName"].removeprefix(prefix): stack["StackStatus"]
            for stacks in found
            for stack in stacks
            if stack["StackName"].startswith(prefix)
            and stack["StackName"] != f"{prefix}bootstrap"
            and stack["StackStatus"] != "DELETE_COMPLETE"
        }


def sandbox_command(*arguments: str, **variables: str) -> str:
    """Run `python -m sandbox` as a user does."""
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass(frozen=True)
class Sandbox:
    """Where a sandbox serves, and the file of its certificate authority."""

    endpoint_url: str
    authority: Path


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with nothing in it."""
    name = f"provision-{uuid.uuid4().hex[:8]}"
    sandbox_command("up", "--name", name, AUTH="true")
    try:
        known = state.read_state(state.home_of(name))
        assert known is not None
        yield Sandbox(known.endpoint_url, authority_path(state.home_of(name)))
    finally:
        sandbox_command("down", "--name", name)


@pytest.fixture(scope="module")
def dev(sandbox: Sandbox) -> Environment:
    """The development environment, provisioned. A test that changes it changes it back."""
    environment = Environment("dev", sandbox.endpoint_url, ACCOUNTS["dev"], sandbox.authority).bootstrap()
    made = environment.run()
    assert made.code == 0, made.text
    return environment


@pytest.fixture
def nothing(sandbox: Sandbox) -> Environment:
    """The development environment in an account with nothing but its bootstrap."""
    account = f"9{uuid.uuid4().int % 10**11:011}"
    return Environment("dev", sandbox.endpoint_url, account, sandbox.authority).bootstrap()


@pytest.fixture
def prod(sandbox: Sandbox, tmp_path: Path) -> Environment:
    """The production environment in another region, in an account with nothing but its bootstrap."""
    account, region = f"8{uuid.uuid4().int % 10**11:011}", "eu-west-1"
    model = next(found for found in environments(ROOT / "inventories") if found.name == "prod")
    shutil.copytree(ROOT / "inventories", tmp_path / "inventories", symlinks=True)
    for path in own_files(tmp_path / "inventories" / "prod"):
        text = moved(path.read_text(encoding="utf-8"), model, Place("prod", account, region), "10.20.0.0/16")
        path.write_text(text, encoding="utf-8")
    made = Environment("prod", sandbox.endpoint_url, account, sandbox.authority, region, tmp_path / "inventories")
    return made.bootstrap()
