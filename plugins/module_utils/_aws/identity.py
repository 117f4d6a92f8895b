# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who the caller is, through STS."""

from __future__ import annotations

from dataclasses import dataclass

from .api import AwsClient


@dataclass(frozen=True)
class Caller:
    """The identity behind the credentials."""

    account: str
    arn: str


class Sts(AwsClient):
    """The token service."""

    label = "STS"

    def get_caller_identity(self) -> Caller:
        """Whose credentials these are."""
        answer = self._call("find out which AWS account the credentials belong to", "get_caller_identity")
        return Caller(answer["Account"], answer["Arn"])
