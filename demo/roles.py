# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role that each playbook runs as: only an account's bootstrap runs with an administrator's rights."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

ADMINISTRATOR = ""
ROLES = {
    "bootstrap": ADMINISTRATOR,
    "site": "provisioner",
    "drift": "provisioner",
    "teardown": "provisioner",
    "restore": "provisioner",
    "publish": "ci",
    "promote": "promoter",
    "deploy": "deployer",
    "rollback": "deployer",
    "smoke": "deployer",
    "rotate": "deployer",
    "judge": "deployer",
    "approve": "deployer",
    "history": "deployer",
    "letters": "deployer",
    "publish_site": "deployer",
    "rollback_site": "deployer",
}
"""Playbook to role, as the README of the role `iam` and that of the role `bootstrap` have them."""
PLANNER = "planner"
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def role_of(playbook: str, *, plan: bool = False) -> str:
    """The role's name without the environment's prefix. Raises KeyError for a playbook that has none."""
    name = PurePath(playbook).stem
    return PLANNER if plan and name == "site" else ROLES[name]


def credentials(sts: Any, environment: str, playbook: str, *, plan: bool = False) -> dict[str, str]:
    """Variables with a session of the playbook's role, named after the playbook; none for an administrator's.

    `sts` is a client with an administrator's rights.
    """
    role = role_of(playbook, plan=plan)
    if role == ADMINISTRATOR:
        return {}
    return session(sts, environment, role, PurePath(playbook).stem)


def session(sts: Any, environment: str, role: str, name: str) -> dict[str, str]:
    """Variables with a session of a role of the environment, of that name."""
    arn = f"arn:aws:iam::{sts.get_caller_identity()['Account']}:role/fastbreak-{environment}-{role}"
    given = sts.assume_role(RoleArn=arn, RoleSessionName=name)["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }
