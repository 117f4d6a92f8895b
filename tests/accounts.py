# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may do what in an account: made of the roles' own templates, without the time that a playbook takes."""

import contextlib
from pathlib import Path
from typing import Any

_ROLES = Path(__file__).resolve().parents[1] / "roles"
_IAM = {
    "PermissionsBoundaryArn": "",
    "TrustedPrincipalArns": "",
    "DeployerSubjects": "",
    "PlannerSubjects": "",
    "PromoterSubjects": "",
    "CiSubjects": "",
    "PromotionSourceRepositoryArn": "",
    "DeployedBy": "manual",
    "CiUser": "false",
}
"""Nobody from outside, and no pipeline."""


def bootstrap(cloudformation: Any, environment: str) -> None:
    """Give the account what `playbooks/bootstrap.yml` gives it; nothing when it has that."""
    values = {"AdministratorArns": "", "ProvisionerSubjects": "", "GithubProvider": "true"}
    with contextlib.suppress(cloudformation.exceptions.AlreadyExistsException):
        _make(cloudformation, environment, "bootstrap", values)


def give_roles(cloudformation: Any, environment: str, service: str, repository: str, **other: str) -> None:
    """Make an environment's deployer, planner, promoter and CI, as the role `iam` makes them."""
    _make(cloudformation, environment, "iam", {"ServiceName": service, "RepositoryName": repository, **_IAM, **other})


def _make(cloudformation: Any, environment: str, component: str, values: dict[str, str]) -> None:
    name, given = f"fastbreak-{environment}-{component}", {"Environment": environment, **values}
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=(_ROLES / component / "files" / "stack.yaml").read_text(encoding="utf-8"),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 3000})
