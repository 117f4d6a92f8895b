# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Settings, read once from the environment. A bad one is a SettingsError with one sentence that names it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fastbreak_service.video.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "FASTBREAK_"
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingsError(Exception):
    """A setting is missing or cannot be used; the message names it, what it was and what it may be."""


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where the database is. The password never shows in a representation."""

    host: str
    port: int
    name: str
    user: str
    password: str = field(repr=False)
    sslmode: str


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """What the analysis itself needs, with or without a service around it."""

    models_directory: Path
    max_duration_seconds: float
    max_work_seconds: float

    @property
    def limits(self) -> Limits:
        """The bounds of a video."""
        return Limits(self.max_duration_seconds, max_work_seconds=self.max_work_seconds)


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Everything the service needs. Times in seconds, sizes in bytes."""

    database: DatabaseSettings
    analysis: AnalysisSettings
    host: str
    port: int
    max_upload_bytes: int
    queue_size: int
    analysis_timeout_seconds: float
    log_level: str
    version: str
    revision: str

    @property
    def scratch_bytes(self) -> int:
        """The most that all videos which arrive, wait and are analysed may have together."""
        return (self.queue_size + 1) * self.max_upload_bytes


def database_settings(environment: Mapping[str, str]) -> DatabaseSettings:
    """The database's settings. Raises SettingsError."""
    return DatabaseSettings(
        host=_text(environment, "DATABASE_HOST"),
        port=_integer(environment, "DATABASE_PORT", 5432, 1, 65535),
        name=_text(environment, "DATABASE_NAME"),
        user=_text(environment, "DATABASE_USER"),
        password=_text(environment, "DATABASE_PASSWORD", secret=True),
        sslmode=_choice(environment, "DATABASE_SSLMODE", "require", _SSL_MODES),
    )


def analysis_settings(environment: Mapping[str, str]) -> AnalysisSettings:
    """The analysis's settings. Raises SettingsError."""
    return AnalysisSettings(
        models_directory=Path(environment.get(f"{PREFIX}MODELS_DIRECTORY") or "/opt/fastbreak/models"),
        max_duration_seconds=_integer(environment, "MAX_DURATION_SECONDS", 600, 1, 86_400),
        max_work_seconds=_integer(environment, "MAX_WORK_SECONDS", 1800, 1, 86_400),
    )


def service_settings(environment: Mapping[str, str]) -> ServiceSettings:
    """All settings of the service. Raises SettingsError for the first that is wrong."""
    return ServiceSettings(
        database=database_settings(environment),
        analysis=analysis_settings(environment),
        host=environment.get(f"{PREFIX}HOST") or "0.0.0.0",  # noqa: S104 - it serves a container's network
        port=_integer(environment, "PORT", 8080, 0, 65535),
        max_upload_bytes=_integer(environment, "MAX_UPLOAD_BYTES", 268_435_456, 1, 1 << 40),
        queue_size=_integer(environment, "QUEUE_SIZE", 8, 1, 1000),
        analysis_timeout_seconds=_integer(environment, "ANALYSIS_TIMEOUT_SECONDS", 1800, 1, 86_400),
        log_level=log_level(environment),
        version=environment.get(f"{PREFIX}VERSION") or "unreleased",
        revision=environment.get(f"{PREFIX}REVISION") or "unknown",
    )


def log_level(environment: Mapping[str, str]) -> str:
    """The log level's name. Raises SettingsError."""
    return _choice(environment, "LOG_LEVEL", "INFO", _LOG_LEVELS)


def service_port(environment: Mapping[str, str]) -> int:
    """The port that the service listens on. Raises SettingsError."""
    return _integer(environment, "PORT", 8080, 0, 65535)


def _text(environment: Mapping[str, str], name: str, *, secret: bool = False) -> str:
    value = environment.get(PREFIX + name, "")
    if not value:
        what = "the secret" if secret else "a value"
        raise SettingsError(f"{PREFIX}{name} is not set; give it {what} in the environment.")
    return value


def _integer(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
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


def _choice(environment: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    text = environment.get(PREFIX + name) or default
    for choice in choices:
        if choice.lower() == text.lower():
            return choice
    raise SettingsError(f"{PREFIX}{name} is {text!r}, but must be one of {', '.join(choices)}.")
