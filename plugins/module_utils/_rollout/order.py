# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked for of one service of a release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .ports import Ports
    from .request.model import RolloutRequest


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for of one service. ``leads``: its image is every service's, and a rollback goes where it goes."""

    request: RolloutRequest
    ports: Ports
    leads: bool = False

    @property
    def service(self) -> str:
        """The service's name."""
        return self.request.service
