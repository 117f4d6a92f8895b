# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The peers: `aws cloudformation deploy` for each stack, and `cdk deploy --all` of an assembly synthesised before."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.provision.timed import Contender
from tools.files import ROOT

FOLDER = ROOT / ".cache" / "peers"
AWS, CDK = "awscli==1.46.3", "aws-cdk@2.1148.1"


def template_of(component: str) -> Path:
    """The component's template."""
    return ROOT / "roles" / component / "files" / "stack.yaml"


def install_aws() -> Path:
    """The AWS CLI, installed into the clone's cache where it is missing. Raises BenchmarkError when it cannot be."""
    program = FOLDER / "aws" / "bin" / "aws"
    if not program.exists():
        must([sys.executable, "-m", "venv", str(FOLDER / "aws")])
        must([str(program.with_name("pip")), "install", "--quiet", AWS])
    return program


def install_cdk() -> Path:
    """The CDK's command line, likewise; it needs npm."""
    program = FOLDER / "cdk" / "node_modules" / ".bin" / "cdk"
    if not program.exists():
        must(["npm", "install", "--prefix", str(FOLDER / "cdk"), "--no-fund", "--no-audit", "--silent", CDK])
    return program


def aws(program: Path, stacks: Mapping[str, Any]) -> Contender:
    """*stacks* are CloudFormation's descriptions by component; they are deployed again as they are."""
    return Contender(
        "aws cloudformation deploy, each stack",
        [_deploy(program, component, stack) for component, stack in stacks.items()],
        "No changes to deploy",
    )


def cdk(program: Path, stacks: Mapping[str, Any], account: str, assembly: Path) -> Contender:
    """The same with an assembly in the folder *assembly*."""
    # Loading cfn-lint takes a second, which every other use of this file does without.
    from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped] # noqa: PLC0415 - it publishes no types

    artifacts = {stack["StackName"]: _artifact(component, stack, account) for component, stack in stacks.items()}
    for component in stacks:
        template = json.dumps(cfn_yaml.load(str(template_of(component))))
        (assembly / f"{component}.json").write_text(template, encoding="utf-8")
    manifest = json.dumps({"version": "36.0.0", "artifacts": artifacts})
    (assembly / "manifest.json").write_text(manifest, encoding="utf-8")
    command = [str(program), "deploy", "--all", "--require-approval", "never", "--app", str(assembly)]
    return Contender("cdk deploy --all, synthesised before", [command], "(no changes)")


def _deploy(program: Path, component: str, stack: Mapping[str, Any]) -> list[str]:
    return [
        *(str(program), "cloudformation", "deploy", "--stack-name", stack["StackName"]),
        *("--template-file", str(template_of(component)), "--no-fail-on-empty-changeset"),
        *("--capabilities", "CAPABILITY_NAMED_IAM"),
        *("--parameter-overrides", *(f"{name}={value}" for name, value in _parameters(stack).items())),
        *("--tags", *(f"{name}={value}" for name, value in _tags(stack).items())),
    ]


def _artifact(component: str, stack: Mapping[str, Any], account: str) -> dict[str, Any]:
    return {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://{account}/us-east-1",
        "displayName": component,
        "properties": {
            "stackName": stack["StackName"],
            "templateFile": f"{component}.json",
            "terminationProtection": stack.get("EnableTerminationProtection", False),
            "parameters": _parameters(stack),
            "tags": _tags(stack),
        },
    }


def _parameters(stack: Mapping[str, Any]) -> dict[str, str]:
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])}


def _tags(stack: Mapping[str, Any]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in stack["Tags"]}


def must(command: Sequence[str]) -> None:
    """Run a command that installs something. Raises BenchmarkError when it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BenchmarkError(f"`{command[0]}` cannot be run: {error}.") from error
    if done.returncode != 0:
        raise BenchmarkError(f"`{' '.join(command)}` failed: {(done.stderr or done.stdout).strip()[-600:]}")
