# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose account a task may touch: the inventory's, confirmed once in each run.

The playbooks confirm it in their first task. A run that skips it (``--start-at-task``), or a play without it, is
confirmed by the first task that talks to AWS.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible import constants

from ..module_utils._aws.account_guard import confirm
from ..module_utils._aws.identity import Sts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..module_utils._common.entry import Context

#: The variables of the inventory that say which account it is.
ACCOUNT_VARIABLES = ("fastbreak_account_id", "fastbreak_region", "fastbreak_environment")
#: What decides whose the credentials are that boto3 finds.
_SOURCES = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS")
#: Options, by all their names, with which a task names credentials of its own, which are the task's own matter.
_OWN = (
    "profile",
    "aws_profile",
    "access_key",
    "aws_access_key",
    "aws_access_key_id",
    "ec2_access_key",
)


class ConfirmedAccount:
    """The account that *variables* of the inventory name: ``fastbreak_account_id``, with region and environment.

    What was confirmed is a file in the temporary directory that Ansible makes for a run and removes at its end.
    """

    def __init__(self, variables: Mapping[str, Any], directory: Path | None = None) -> None:
        self._account, self._region, self._environment = (str(variables.get(name) or "") for name in ACCOUNT_VARIABLES)
        self._directory = (directory or Path(constants.DEFAULT_LOCAL_TMP)) / "fastbreak" / "accounts"

    def insist(self, given: Mapping[str, Any], context: Context) -> None:
        """Raise unless the credentials are those of the account. An inventory that names no account confirms any.

        *given* are the options as the task gives them: validated ones hold what the environment gives, too.
        Raises RequestError, RefusedError, and UnavailableError when AWS cannot be asked.
        """
        if not self._account or any(given.get(name) for name in _OWN) or self._file().exists():
            return
        confirm(self._account, self._region, self._environment, Sts(context.client("sts")).get_caller_identity)
        self.remember()

    def remember(self) -> None:
        """Have later tasks of the run know that the account was confirmed."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._file().touch()

    def _file(self) -> Path:
        told = "\n".join([self._account, *(os.environ.get(name, "") for name in _SOURCES)])
        return self._directory / hashlib.sha256(told.encode()).hexdigest()
