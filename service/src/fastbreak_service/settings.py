# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Settings, read once from the environment. A bad one is a SettingsError with one sentence that names it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fastbreak_service.environment import PREFIX, SettingsError, integer, lease_seconds, service_port
from fastbreak_service.footage.ports import USUAL_DAYS
from fastbreak_service.identity.issuer import IssuerSettings, is_safe
from fastbreak_service.quotas import Quota, Quotas, read_quotas
from fastbreak_service.video.limits import Limits
from fastbreak_service.vision.precision import Precision

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARK = re.compile(r"[A-Za-z0-9-]{0,128}")
_SECRET_ARN = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:\S+")
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[A-Za-z0-9._=/-]*)?")
_GRAPHQL_URL = re.compile(r"https://[a-z0-9]+\.appsync-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/graphql")
# Its host is for people: SQS is asked where the region or AWS_ENDPOINT_URL says.
_QUEUE_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?/[0-9]{12}/[A-Za-z0-9_-]{1,80}")
# What the output of the role appsync is without an API.
_NO_GRAPHQL = "none"
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where the database is and who logs in: the user of a secret (its ARN), or else `user` with `password`.

    The password never shows in a representation.
    """

    host: str
    port: int
    name: str
    sslmode: str
    secret: str = ""
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AdministrationSettings:
    """How the schema's owner reaches the database, and for whom it makes the service's users.

    `application_secret` is the ARN of the secret of whoever takes videos in, `worker_secret` that of the workers'.
    Empty: no such user is made. `apart`: no process that analyses logs in as the first user any more. `connections` and
    `worker_connections` are how many each may have, 0: as many as there are. `mark` is what a migration leaves in the
    database once it was whole; empty: nothing.
    """

    owner: DatabaseSettings
    application_secret: str
    worker_secret: str = ""
    apart: bool = False
    connections: int = 0
    worker_connections: int = 0
    mark: str = ""


@dataclass(frozen=True, slots=True)
class RestoredSettings:
    """The living database and one that was restored from a backup of it: which one, in words, and of which moment."""

    living: AdministrationSettings
    restored: AdministrationSettings
    moment: datetime
    backup: str


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """What the analysis itself needs, with or without a service around it."""

    models_directory: Path
    max_duration_seconds: float
    max_work_seconds: float
    precision: Precision = Precision.F32

    @property
    def limits(self) -> Limits:
        """The bounds of a video."""
        return Limits(self.max_duration_seconds, max_work_seconds=self.max_work_seconds)


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """The queue of SQS whose messages say that there is work, and the one that takes their dead letters."""

    url: str
    dead_letter_url: str


@dataclass(frozen=True, slots=True)
class WorkSettings:
    """What a worker needs, inside the server or apart from it. Times in seconds, sizes in bytes.

    `footage` is where videos are kept: `s3://bucket/prefix`, the path of a folder, or empty for one that ends with the
    process, `footage_days` how long. `max_attempts` is how often an analysis is tried that takes its worker with it,
    `lease_seconds` how long a worker may be silent before another one takes over. `graphql_url` is where ends are
    announced, empty for nowhere. Videos with room for two segments of `segment_seconds` are analysed in segments; 0:
    none are. Without a `queue` a worker looks for work in the database each second. `metrics_namespace` is CloudWatch's
    for what waits and what is counted; empty: it is not told.
    """

    database: DatabaseSettings
    analysis: AnalysisSettings
    footage: str
    analysis_timeout_seconds: float
    max_attempts: int
    lease_seconds: float
    stop_seconds: float
    log_level: str
    version: str
    graphql_url: str = ""
    footage_days: int = USUAL_DAYS
    segment_seconds: float = 0.0
    queue: QueueSettings | None = None
    metrics_namespace: str = ""
    microdollars_per_hour: int = 0
    """What an hour of a worker costs, in millionths of a dollar; 0: that is not known."""


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Everything the service needs. Sizes in bytes. `worker_inside`: whether it analyses by itself.

    `issuer` is None where everybody who reaches the service may do everything. `backup_days` is how long copies of the
    database are kept, None where that was not said. `quotas` are the teams'.
    """

    work: WorkSettings
    worker_inside: bool
    host: str
    port: int
    max_upload_bytes: int
    queue_size: int
    revision: str
    issuer: IssuerSettings | None
    backup_days: int | None = None
    quotas: Quotas = field(default_factory=Quotas)

    @property
    def scratch_bytes(self) -> int:
        """The most that all videos which arrive, wait and are analysed may have together."""
        return (self.queue_size + 1) * self.max_upload_bytes


def database_settings(environment: Mapping[str, str]) -> DatabaseSettings:
    """The settings of the service's own user. Raises SettingsError."""
    return _database(environment, "DATABASE_SECRET")


def administration_settings(environment: Mapping[str, str]) -> AdministrationSettings:
    """The settings of whoever migrates and rotates. Raises SettingsError.

    Without secrets it is the user that the service has, and there is no other one.
    """
    application = _secret(environment, "DATABASE_SECRET")
    owner = _secret(environment, "DATABASE_MASTER_SECRET")
    if bool(owner) != bool(application):
        given, missing = ("", "MASTER_") if application else ("MASTER_", "")
        raise SettingsError(
            f"FASTBREAK_DATABASE_{missing}SECRET is not set, but FASTBREAK_DATABASE_{given}SECRET is; give it the ARN "
            "of the other secret: the owner of the schema and the user of the service are not the same."
        )
    worker = _secret(environment, "DATABASE_WORKER_SECRET")
    if worker and not application:
        raise SettingsError(
            "FASTBREAK_DATABASE_WORKER_SECRET is set, but FASTBREAK_DATABASE_SECRET is not; give it the ARN of the "
            "API's secret: the workers' user is one beside it."
        )
    apart = _choice(environment, "DATABASE_USERS", "shared", ("shared", "apart")) == "apart"
    if apart and not worker:
        raise SettingsError(
            "FASTBREAK_DATABASE_USERS is apart, but FASTBREAK_DATABASE_WORKER_SECRET is not set; give it the ARN of "
            "the secret with the workers' user."
        )
    each, theirs = (integer(environment, f"DATABASE_{whose}CONNECTIONS", 0, 0, 100_000) for whose in ("", "WORKER_"))
    master = _database(environment, "DATABASE_MASTER_SECRET")
    mark = environment.get(PREFIX + "MIGRATION_MARK", "")
    if not _MARK.fullmatch(mark):
        raise SettingsError(
            "FASTBREAK_MIGRATION_MARK must be at most 128 letters, digits and dashes; leave it out for no mark."
        )
    return AdministrationSettings(master, application, worker, apart, each, theirs, mark)


def restored_settings(environment: Mapping[str, str]) -> RestoredSettings:
    """The settings of whoever tries a restored database. Raises SettingsError."""
    living = administration_settings(environment)
    if not living.application_secret:
        raise SettingsError(
            "FASTBREAK_DATABASE_MASTER_SECRET and FASTBREAK_DATABASE_SECRET are not set; a restored database is tried "
            "as its owner and as the service's users, whose ARNs they give."
        )
    host, arn = _text(environment, "RESTORED_HOST"), _text(environment, "RESTORED_MASTER_SECRET")
    if not _SECRET_ARN.fullmatch(arn):
        raise SettingsError(f"{PREFIX}RESTORED_MASTER_SECRET is {arn!r}, but must be the ARN of a secret.")
    given = _text(environment, "RESTORED_MOMENT")
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise SettingsError(f"{PREFIX}RESTORED_MOMENT is {given!r}, but must be a time such as 2026-03-01T04:00:00Z.")
    owner = replace(living.owner, host=host, secret=arn)
    backup = environment.get(f"{PREFIX}RESTORED_BACKUP") or f"the moment {given}"
    return RestoredSettings(living, replace(living, owner=owner), moment, backup)


def _database(environment: Mapping[str, str], secret_name: str) -> DatabaseSettings:
    host, secret = _text(environment, "DATABASE_HOST"), _secret(environment, secret_name)
    return DatabaseSettings(
        host=host,
        port=integer(environment, "DATABASE_PORT", 5432, 1, 65535),
        name=_text(environment, "DATABASE_NAME"),
        sslmode=_choice(environment, "DATABASE_SSLMODE", "require", _SSL_MODES),
        secret=secret,
        user="" if secret else _text(environment, "DATABASE_USER"),
        password="" if secret else _text(environment, "DATABASE_PASSWORD", secret=True),
    )


def _secret(environment: Mapping[str, str], name: str) -> str:
    """The ARN of a secret, empty when none is set. User and password beside it would leave open which of them holds."""
    arn = environment.get(PREFIX + name, "")
    if arn and not _SECRET_ARN.fullmatch(arn):
        raise SettingsError(f"{PREFIX}{name} is {arn!r}, but must be the ARN of a secret of AWS Secrets Manager.")
    for other in ("DATABASE_USER", "DATABASE_PASSWORD"):
        if arn and environment.get(PREFIX + other):
            raise SettingsError(f"{PREFIX}{other} is set, and so is {PREFIX}{name}; give one of them.")
    return arn


def analysis_settings(environment: Mapping[str, str]) -> AnalysisSettings:
    """The analysis's settings. Raises SettingsError."""
    return AnalysisSettings(
        models_directory=Path(environment.get(f"{PREFIX}MODELS_DIRECTORY") or "/opt/fastbreak/models"),
        max_duration_seconds=integer(environment, "MAX_DURATION_SECONDS", 600, 1, 86_400),
        max_work_seconds=integer(environment, "MAX_WORK_SECONDS", 1800, 1, 86_400),
        precision=Precision(_choice(environment, "PRECISION", Precision.F32, tuple(Precision))),
    )


def work_settings(environment: Mapping[str, str], *, apart: bool = False) -> WorkSettings:
    """The settings of a worker. Raises SettingsError. `apart`: it is no part of the process that takes videos in."""
    footage = _footage(environment)
    if apart and not footage:
        raise SettingsError(
            "FASTBREAK_FOOTAGE is not set; give it the folder or the bucket (s3://bucket/prefix) in which the service "
            "keeps its videos: without one they end with the process that took them in."
        )
    return WorkSettings(
        database=database_settings(environment),
        analysis=analysis_settings(environment),
        footage=footage,
        analysis_timeout_seconds=integer(environment, "ANALYSIS_TIMEOUT_SECONDS", 1800, 1, 86_400),
        max_attempts=integer(environment, "MAX_ATTEMPTS", 3, 1, 10),
        lease_seconds=lease_seconds(environment),
        stop_seconds=integer(environment, "STOP_SECONDS", 100, 1, 3600),
        log_level=log_level(environment),
        version=environment.get(f"{PREFIX}VERSION") or "unreleased",
        graphql_url=_graphql_url(environment),
        footage_days=integer(environment, "FOOTAGE_DAYS", USUAL_DAYS, 1, 36_500),
        segment_seconds=integer(environment, "SEGMENT_SECONDS", 60, 0, 86_400),
        # A worker inside the process that takes videos in is told by it.
        queue=_queue(environment) if apart else None,
        metrics_namespace=environment.get(f"{PREFIX}METRICS_NAMESPACE", ""),
        microdollars_per_hour=integer(environment, "MICRODOLLARS_PER_HOUR", 0, 0, 10**9),
    )


def service_settings(environment: Mapping[str, str]) -> ServiceSettings:
    """All settings of the service. Raises SettingsError for the first that is wrong."""
    apart = _choice(environment, "WORKER", "inside", ("inside", "apart")) == "apart"
    return ServiceSettings(
        work=work_settings(environment, apart=apart),
        worker_inside=not apart,
        host=environment.get(f"{PREFIX}HOST") or "0.0.0.0",  # noqa: S104 - it serves a container's network
        port=service_port(environment),
        max_upload_bytes=integer(environment, "MAX_UPLOAD_BYTES", 268_435_456, 1, 1 << 40),
        queue_size=integer(environment, "QUEUE_SIZE", 8, 1, 1000),
        revision=environment.get(f"{PREFIX}REVISION") or "unknown",
        backup_days=integer(environment, "BACKUP_DAYS", 0, 0, 36_500) or None,
        issuer=_issuer(environment),
        quotas=read_quotas(
            environment.get(f"{PREFIX}QUOTAS", ""), Quota(), environment.get(f"{PREFIX}STORED_QUOTAS", "")
        ),
    )


def _issuer(environment: Mapping[str, str]) -> IssuerSettings | None:
    """Whose tokens are accepted; None only where a setting says that nobody's are asked for."""
    issuer = environment.get(f"{PREFIX}OIDC_ISSUER", "")
    if _choice(environment, "IDENTITY", "oidc", ("oidc", "open")) == "open":
        if issuer:
            raise SettingsError(
                "FASTBREAK_OIDC_ISSUER is set, and FASTBREAK_IDENTITY is open, so that nobody would be asked for its "
                "tokens; take one of them away."
            )
        return None
    if not issuer:
        raise SettingsError(
            "FASTBREAK_OIDC_ISSUER is not set; give it the address of the OpenID Connect issuer whose tokens callers "
            "have. Only where everybody who reaches the service may see and send everything, set FASTBREAK_IDENTITY to "
            "open."
        )
    if not is_safe(issuer):
        raise SettingsError(f"{PREFIX}OIDC_ISSUER is {issuer!r}, but must be an address of https.")
    return IssuerSettings(
        issuer,
        _text(environment, "OIDC_AUDIENCE"),
        environment.get(f"{PREFIX}OIDC_TEAM_CLAIM") or "team",
        environment.get(f"{PREFIX}OIDC_ROLES_CLAIM") or "roles",
    )


def log_level(environment: Mapping[str, str]) -> str:
    """The log level's name. Raises SettingsError."""
    return _choice(environment, "LOG_LEVEL", "INFO", _LOG_LEVELS)


def _footage(environment: Mapping[str, str]) -> str:
    """Where videos are kept. A relative path would be another folder for each process."""
    text = environment.get(f"{PREFIX}FOOTAGE", "")
    if text and not _BUCKET.fullmatch(text) and not text.startswith("/"):
        raise SettingsError(
            f"{PREFIX}FOOTAGE is {text!r}, but must be the whole path of a folder, or s3://bucket/prefix."
        )
    return text


def _graphql_url(environment: Mapping[str, str]) -> str:
    """Where ends are announced, empty for nowhere. Nothing is signed for another address than AppSync's."""
    text = environment.get(f"{PREFIX}GRAPHQL_URL", "")
    if text == _NO_GRAPHQL:
        return ""
    if text and not _GRAPHQL_URL.fullmatch(text):
        raise SettingsError(
            f"{PREFIX}GRAPHQL_URL is {text!r}, but must be the address of an API of AWS AppSync, "
            "https://ID.appsync-api.REGION.amazonaws.com/graphql."
        )
    return text


def _queue(environment: Mapping[str, str]) -> QueueSettings | None:
    """The queue of messages and the one of its dead letters: both, or neither."""
    names = ("QUEUE_URL", "DEAD_LETTER_QUEUE_URL")
    given = {name: environment.get(PREFIX + name, "") for name in names}
    if not any(given.values()):
        return None
    for name, text in given.items():
        if not text:
            other = next(each for each in names if each != name)
            raise SettingsError(
                f"{PREFIX}{name} is not set, but {PREFIX}{other} is; give it the address of the other queue of SQS, or "
                "neither of them."
            )
        if not _QUEUE_URL.fullmatch(text):
            raise SettingsError(
                f"{PREFIX}{name} is {text!r}, but must be the address of a queue of SQS, "
                "https://sqs.REGION.amazonaws.com/ACCOUNT/NAME."
            )
    return QueueSettings(*given.values())


def _text(environment: Mapping[str, str], name: str, *, secret: bool = False) -> str:
    value = environment.get(PREFIX + name, "")
    if not value:
        what = "the secret" if secret else "a value"
        raise SettingsError(f"{PREFIX}{name} is not set; give it {what} in the environment.")
    return value


def _choice(environment: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    text = environment.get(PREFIX + name) or default
    for choice in choices:
        if choice.lower() == text.lower():
            return choice
    raise SettingsError(f"{PREFIX}{name} is {text!r}, but must be one of {', '.join(choices)}.")
