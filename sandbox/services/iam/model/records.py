# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is remembered between requests: checked calls, stacks' service roles, providers' keys."""

from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.services.iam.model.web_identity import Key

_MOST = 50_000


@dataclass(frozen=True)
class Checked:
    """One check: who asked for what on which resource, and whether it was allowed."""

    principal: str
    action: str
    resource: str
    allowed: bool


CHECKED: deque[Checked] = deque(maxlen=_MOST)
STACK_ROLES: dict[tuple[str, str, str], str] = {}
"""(account, region, stack) to the ARN of the service role that it was last operated with."""
PROVIDER_KEYS: dict[str, Sequence[Key]] = {}
"""Host and path of a provider to the keys that it publishes."""


def listed() -> list[dict[str, Any]]:
    """The checks so far, the oldest first."""
    return [asdict(checked) for checked in list(CHECKED)]


def forget() -> None:
    """Everything."""
    CHECKED.clear()
    STACK_ROLES.clear()
    PROVIDER_KEYS.clear()
