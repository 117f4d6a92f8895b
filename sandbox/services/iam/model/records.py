# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is remembered between requests: checked calls, providers' keys."""

from dataclasses import asdict
from typing import Any

from sandbox.identity import CHECKED, PROVIDER_KEYS


def listed() -> list[dict[str, Any]]:
    """The checks so far, the oldest first."""
    return [asdict(checked) for checked in list(CHECKED)]


def forget() -> None:
    """Everything."""
    CHECKED.clear()
    PROVIDER_KEYS.clear()
