# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Whether there is a queue of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastbreak_service.messages.ports import MessageQueue
    from fastbreak_service.settings import QueueSettings


def queue_of(settings: QueueSettings | None) -> MessageQueue | None:
    """The queue of the settings. It is not asked here whether it is there: nothing is lost without it."""
    if settings is None:
        return None
    # The AWS library takes a while to load.
    from fastbreak_service.messages.sqs import SqsQueue  # noqa: PLC0415

    return SqsQueue(settings.url, settings.dead_letter_url)
