# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a strategy may use of the rollout that it works for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..._common.wait import Sleeper

if TYPE_CHECKING:
    from ..ports import Ports
    from ..values import ServiceSettings


class Order(Protocol):
    """What is asked for, as far as a strategy needs it."""

    @property
    def cluster(self) -> str:
        """The cluster's name or ARN."""

    @property
    def service(self) -> str:
        """The service's name."""

    @property
    def settings(self) -> ServiceSettings:
        """What the service is to be set to."""

    @property
    def desired_count(self) -> int:
        """How many tasks a service starts with."""


class Rollout(Sleeper, Protocol):
    """A rollout under way."""

    @property
    def request(self) -> Order:
        """What is asked for."""

    @property
    def ports(self) -> Ports:
        """The world."""

    def say(self, text: str) -> None:
        """Show a line."""
