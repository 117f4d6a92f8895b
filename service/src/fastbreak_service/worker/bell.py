# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Learning that there may be work. Without a queue of messages the database is looked at each second."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastbreak_service.messages.content import Message
    from fastbreak_service.store.work import Work

_LOOK_SECONDS = 1.0


class Bell(Protocol):
    """Says when to look for work. All but `wait` may block, and none raises for what goes wrong with a queue."""

    async def wait(self, woken: asyncio.Event, *, busy: bool) -> None:
        """Return when there may be work, or `woken` is set; `busy`: there was some a moment ago."""

    def found(self, taken: Work | None) -> None:
        """What was taken from the database after it rang."""

    def failed(self) -> None:
        """Nobody knows whether there is work: the database did not say."""

    def extend(self) -> None:
        """What was taken is still being done."""

    def stop(self) -> None:
        """Nothing more is taken. It takes a moment at most."""

    def back(self, taken: Work, seconds: float) -> None:
        """What was taken may be taken again after a while."""

    def ended(self) -> None:
        """What was taken has ended, or is somebody else's."""

    def dead(self, taken: Work, code: str) -> None:
        """What was taken is a dead letter of this kind."""

    def more(self, messages: Sequence[Message]) -> None:
        """There is more work, of one analysis."""


class EachSecond:
    """See Bell. The database is looked at each second, and nobody has to be told anything."""

    async def wait(self, woken: asyncio.Event, *, busy: bool) -> None:
        """See Bell."""
        if not busy:
            await set_within(woken, _LOOK_SECONDS)

    def found(self, taken: Work | None) -> None:
        """See Bell."""

    def failed(self) -> None:
        """See Bell."""

    def extend(self) -> None:
        """See Bell."""

    def stop(self) -> None:
        """See Bell."""

    def back(self, taken: Work, seconds: float) -> None:
        """See Bell."""

    def ended(self) -> None:
        """See Bell."""

    def dead(self, taken: Work, code: str) -> None:
        """See Bell."""

    def more(self, messages: Sequence[Message]) -> None:
        """See Bell."""


async def set_within(event: asyncio.Event, seconds: float) -> None:
    """Wait for it, for some seconds at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
