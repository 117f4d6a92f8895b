# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deadline for a whole call of botocore, with its attempts and the answer's body.

botocore bounds the time between two bytes: a peer that sends one now and then is waited for without an end. A call
runs in a thread of its own, which nobody waits for when the time is up, and which sends nothing any more then.
"""

from __future__ import annotations

import contextlib
import contextvars
import queue
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_THREAD = threading.local()


class DeadlineError(Exception):
    """The call had not ended when its time was up. Whether it was carried out is not known."""


class _AbandonedError(Exception):
    """Nobody waits for this call any more."""


def call_within(seconds: float, call: Callable[[], Any], *, grace: float = 0.0) -> Any:
    """What *call* returns or raises, with the context variables of who calls.

    Raises DeadlineError after *seconds*. An interrupt ends the wait within *grace* seconds, in which what was sent may
    still end; nothing more is sent then.
    """
    context = contextvars.copy_context()
    outcome: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
    abandoned = threading.Event()

    def work() -> None:
        _THREAD.abandoned = abandoned
        try:
            outcome.put((context.run(call), None))
        except BaseException as error:  # noqa: BLE001 - it is raised again where the call is waited for
            outcome.put((None, error))

    thread = threading.Thread(target=work, daemon=True, name="call of AWS")
    try:
        thread.start()
        answer, error = outcome.get(timeout=seconds)
    except queue.Empty:
        raise DeadlineError from None
    except KeyboardInterrupt:
        abandoned.set()
        if grace:
            with contextlib.suppress(queue.Empty):
                outcome.get(timeout=grace)
        raise
    finally:
        abandoned.set()
    if error is not None:
        raise error
    return answer


def forbid_abandoned(client: Any) -> None:
    """Have *client*, which is boto3's, send no request for a call that was given up: an attempt might follow later."""
    client.meta.events.register("before-send", _refuse_abandoned, unique_id="fastbreak-abandoned")


def _refuse_abandoned(**_request: Any) -> None:
    stop_when_abandoned()


def stop_when_abandoned() -> None:
    """Raise in a thread whose call was given up, so that it reads and sends no more."""
    abandoned = getattr(_THREAD, "abandoned", None)
    if abandoned is not None and abandoned.is_set():
        raise _AbandonedError
