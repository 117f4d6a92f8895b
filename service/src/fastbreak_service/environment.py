# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How a setting is read from the environment, and those that the health check needs. It imports next to nothing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "FASTBREAK_"


class SettingsError(Exception):
    """A setting is missing or cannot be used; the message names it, what it was and what it may be."""


def integer(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number in bounds. Raises SettingsError."""
    text = environment.get(PREFIX + name, "")
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise SettingsError(f"{PREFIX}{name} is {text!r}, but must be a whole number from {least} to {most}.")
    return value


def service_port(environment: Mapping[str, str]) -> int:
    """The port that the service listens on. Raises SettingsError."""
    return integer(environment, "PORT", 8080, 0, 65535)


def lease_seconds(environment: Mapping[str, str]) -> float:
    """How long a worker may be silent before another one takes over. Raises SettingsError."""
    return integer(environment, "LEASE_SECONDS", 30, 1, 3600)
