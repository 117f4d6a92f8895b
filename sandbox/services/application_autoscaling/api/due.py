# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Scheduled actions that run when their time comes: they set the bounds, and the service is moved inside them."""

import logging
from collections.abc import Callable

from sandbox.ministack import responses
from sandbox.services.application_autoscaling.api import targets
from sandbox.services.application_autoscaling.model.records import Data, key_of, store
from sandbox.services.application_autoscaling.model.schedule import is_due

logger = logging.getLogger("sandbox.application_autoscaling")


def run_everywhere(since: float, until: float, scaled: Callable[[float], float]) -> None:
    """Run each account's actions whose time was after `since`; a failure is logged and leaves the others alone."""
    for (account, region, _), action in list(store.scheduled.all_items()):
        with responses.request_scope(account, region):
            try:
                if is_due(action, since, until, scaled):
                    _run(action)
            except Exception:
                logger.exception("running the scheduled action %s failed", action["ScheduledActionName"])


def _run(action: Data) -> None:
    target = store.targets.get(key_of(action))
    if target is None or target["SuspendedState"]["ScheduledScalingSuspended"]:
        return
    bounds = {name: target[name] for name in ("MinCapacity", "MaxCapacity")} | action["ScalableTargetAction"]
    if bounds["MinCapacity"] > bounds["MaxCapacity"]:
        logger.warning("scheduled action %s would leave no count: %s", action["ScheduledActionName"], bounds)
        return
    target.update(bounds)
    cause = f"scheduled action name {action['ScheduledActionName']} was triggered"
    targets.move_inside(target, targets.scaled_service(target), cause)
