# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the sandbox knows of a database instance beyond MiniStack's record."""

from dataclasses import dataclass
from operator import itemgetter

from sandbox.ministack import rds
from sandbox.side_table import Record, SideTable


@dataclass
class Instance:
    """Settings that MiniStack drops. Empty texts are not shown."""

    secret: dict[str, str] | None = None
    """`MasterUserSecret`: where RDS keeps the master password; None when it does not manage it."""
    has_dedicated_log_volume: bool = False
    engine_lifecycle_support: str = ""
    insights_mode: str = ""
    """`DatabaseInsightsMode`."""


def _holds(instance: Record) -> bool:
    return any(held is instance for held in rds._instances.all_values())


_INSTANCES = SideTable(itemgetter("DbiResourceId"), _holds, Instance)
of_instance = _INSTANCES.of
forget = _INSTANCES.clear
