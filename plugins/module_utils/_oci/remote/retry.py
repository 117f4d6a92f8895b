# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Trying again: the policy of `_common/backoff.py` with a clock and a source of randomness."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..._common.backoff import BackoffPolicy, delay_seconds, parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Callable

#: Answers after which the same request may be sent again.
BUSY = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Retrier:
    """Waits between attempts. Tests hand in a ``sleep`` that only takes note."""

    policy: BackoffPolicy = field(default_factory=BackoffPolicy)
    sleep: Callable[[float], None] = time.sleep
    fraction: Callable[[], float] = random.random

    def wait(self, attempt: int, retry_after: str = "") -> None:
        """Wait after the failed *attempt*, at least as long as the server's ``Retry-After`` asks."""
        asked = parse_retry_after(retry_after, datetime.now(UTC)) if retry_after else None
        self.sleep(delay_seconds(self.policy, attempt, self.fraction(), asked))

    def is_last(self, attempt: int) -> bool:
        """Whether no attempt comes after this one."""
        return attempt >= self.policy.attempts
