# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""RDS for PostgreSQL as AWS describes it, on the sandbox's own PostgreSQL image.

MiniStack starts a real database for `CreateDBInstance` and keeps its record. Added here: the master password that RDS
manages in Secrets Manager, the figures MiniStack drops (gp3, log exports, Performance Insights, ...), parameter groups
that reach the running database, `rds.force_ssl`, data that survives a reboot, snapshots that hold the rows and what is
restored from them, event subscriptions, and metrics.
"""

import asyncio

from sandbox.host import Sandbox
from sandbox.ministack import rds
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.rds import cloudformation
from sandbox.services.rds.api import instances, modify, parameter_groups, restoring, snapshots, subscriptions
from sandbox.services.rds.model import snapshots as held
from sandbox.services.rds.model import state
from sandbox.services.rds.model.subscriptions import forget as forget_subscriptions
from sandbox.services.rds.runtime import database
from sandbox.services.rds.runtime.metrics import Meter

_METRICS_SECONDS = 15.0
_METRICS_AT_LEAST_SECONDS = 1.0


def install(sandbox: Sandbox) -> None:
    """Patch MiniStack's RDS."""
    # A reboot stops and starts the container, which would empty a tmpfs.
    rds.RDS_PERSIST = True
    held.Folder.place = sandbox.home / "rds"
    for part in (database, parameter_groups, instances, modify, snapshots, restoring, subscriptions):
        part.install()
    teach(cloudformation.RESOURCES)
    sandbox.on_reset(forget_subscriptions)
    sandbox.on_reset(state.forget)
    sandbox.on_reset(held.forget)
    meter = Meter()

    async def publish() -> None:
        while True:
            await asyncio.sleep(max(sandbox.scaled(_METRICS_SECONDS), _METRICS_AT_LEAST_SECONDS))
            await asyncio.to_thread(meter.publish)

    sandbox.background("rds-metrics", publish)
