# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Health checks over the wire, by each target group's own settings."""

import asyncio
import time
from collections.abc import Callable

import aiohttp
from yarl import URL

from sandbox.services.elbv2.model import records
from sandbox.services.elbv2.model.health import Outcome, State, assess, matches
from sandbox.services.elbv2.model.targets import Registry, Target

_LOOK_SECONDS = 0.2
_HEADERS = {"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close", "Accept-Encoding": "gzip, compressed"}


class Checker:
    """Keeps one checking task for every registered target of a target group that is in use."""

    def __init__(self, registry: Registry, session: aiohttp.ClientSession, scaled: Callable[[float], float]) -> None:
        self._registry = registry
        self._session = session
        self._scaled = scaled
        self._tasks: dict[Target, asyncio.Task[None]] = {}
        self.changed = asyncio.Event()

    async def run(self) -> None:
        """Follow registrations until cancelled; at once when `changed` is set."""
        try:
            while True:
                self._registry.settle()
                self._follow()
                self.changed.clear()
                try:
                    await asyncio.wait_for(self.changed.wait(), _LOOK_SECONDS)
                except TimeoutError:
                    continue
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _follow(self) -> None:
        checkable = {
            target
            for target in self._registry.all()
            if target.health.state not in (State.DRAINING, State.UNUSED) and not _is_lambda(target)
        }
        for target in set(self._tasks) - checkable:
            self._tasks.pop(target).cancel()
        for target in checkable:
            if target not in self._tasks or self._tasks[target].done():
                self._tasks[target] = asyncio.create_task(self._check_for_ever(target))

    async def _check_for_ever(self, target: Target) -> None:
        while (group := records.target_group(target.group_arn)) is not None:
            began = time.monotonic()
            outcome = await self._check(target, group)
            self._registry.record(target, assess(target.health, outcome, group.check), group.slow_start_seconds)
            pause = self._scaled(group.check.interval_seconds) - (time.monotonic() - began)
            await asyncio.sleep(max(0.0, pause))

    async def _check(self, target: Target, group: records.TargetGroup) -> Outcome:
        port = target.port if group.check.port == "traffic-port" else int(group.check.port)
        url = URL(f"{group.check.protocol.lower()}://{target.address}:{port}{group.check.path}", encoded=True)
        try:
            async with (
                asyncio.timeout(self._scaled(group.check.timeout_seconds)),
                self._session.get(url, headers=_HEADERS, allow_redirects=False, ssl=False) as answer,
            ):
                if matches(group.check.matcher, answer.status):
                    return Outcome()
                return Outcome(
                    "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{answer.status}]"
                )
        except TimeoutError:
            return Outcome("Target.Timeout", "Request timed out")
        except (aiohttp.ClientError, OSError, ValueError):
            return Outcome("Target.FailedHealthChecks", "Health checks failed")


def _is_lambda(target: Target) -> bool:
    group = records.target_group(target.group_arn)
    return group is not None and group.target_type == "lambda"
