# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts one side of a promotion together: where the registry is, who we are there, and what is known of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..._aws.api import AwsClient
from ..._common.backoff import BackoffPolicy
from ..._ecr.client import EcrClient, UnknownRepositories
from ..._ecr.login import EcrLogins
from ..._errors import CredentialsError, UnavailableError
from ..._oci.docker_hub import api_host
from ..._oci.login import Login
from ..._oci.remote.answers import Retrier
from ..._oci.remote.auth import Authorizer, FixedLogin, Logins
from ..._oci.remote.connections import Connections, ConnectionSettings
from ..._oci.remote.http import RegistryHttp
from ..._oci.remote.origin import Origin, origin_of
from ..._oci.remote.registry import OciRegistry
from ..._oci.transfer.blobs import OciTransfer, TransferSettings
from ..._oci.transfer.ecr_layers import EcrLayers
from ..._oci.transfer.state import UploadStates
from ..side import RegistryOptions, parse_ecr_host
from .docker_logins import DockerLogins, config_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..._common.clock import Clock

_ROLE_SESSION = "fastbreak-image-promotion"
# What a role assumed by another role may have at most (IAM User Guide, "Roles terms and concepts": role chaining).
_SESSION_SECONDS = 3600
_RENEW_SECONDS = 300.0


class Connect(Protocol):
    """Makes a boto3 client of *service*; *overrides* are AWS options by name that replace the task's own."""

    def __call__(self, service: str, overrides: Mapping[str, str]) -> Any:
        """The client."""


@dataclass(frozen=True, slots=True)
class SideSettings:
    """What both sides share: timeouts in seconds, how many threads use a side at once, and when to ask again."""

    connect_seconds: float = 10.0
    request_timeout_seconds: float = 60.0
    concurrency: int = 16
    backoff: BackoffPolicy = field(default_factory=BackoffPolicy)


@dataclass(frozen=True)
class Side:
    """A registry that can be asked. ``account`` and ``region`` are those of ECR, empty for any other registry.

    ``client`` makes a boto3 client of a service with this side's credentials, for an `AwsClient`:
    ``EcrScans(lambda: side.client("ecr"))``.
    """

    registry: OciRegistry
    repositories: EcrClient | UnknownRepositories
    client: Callable[[str], Any]
    account: str
    region: str
    connections: Connections
    layers: EcrLayers | None = None

    def close(self) -> None:
        """Close the idle connections."""
        self.connections.close()


def connect_side(
    options: RegistryOptions, connect: Connect, clock: Clock, *, writes: bool, settings: SideSettings | None = None
) -> Side:
    """The side that *options* (checked with `check_options`) describe; *writes* for the destination.

    Of an ECR registry the login is asked for at once, since it says where the registry is. Raises `CredentialsError`
    and `UnavailableError` when that fails.
    """
    settings = settings or SideSettings()
    retrier = Retrier(clock, settings.backoff)
    clients = SideClients(connect, options, clock)
    ecr = options.ecr if options.chosen_auth == "ecr" else None
    connections = Connections(
        ConnectionSettings(
            connect_seconds=settings.connect_seconds,
            read_seconds=settings.request_timeout_seconds,
            idle=settings.concurrency + 1,
            validate_certs=options.validate_certs,
            ca_bundle=options.ca_bundle,
        ),
        clock,
    )
    logins = _logins(options)
    repositories: EcrClient | UnknownRepositories = UnknownRepositories()
    if ecr:
        repositories = EcrClient(lambda: clients.client("ecr"), ecr.account)
        logins = ecr_logins = EcrLogins(repositories)
        origin = _ecr_origin(options, ecr_logins.endpoint)
    else:
        origin = _origin(options)
    http = RegistryHttp(
        options.registry,
        origin,
        connections,
        Authorizer(origin, connections, logins, retrier, basic=ecr is not None),
        retrier,
        actions="pull,push" if writes else "pull",
    )
    return Side(
        registry=OciRegistry(http),
        repositories=repositories,
        client=clients.client,
        account=ecr.account if ecr else "",
        region=ecr.region if ecr else "",
        connections=connections,
        layers=EcrLayers(lambda: clients.client("ecr"), ecr.account) if ecr else None,
    )


def make_transfer(
    source: Side,
    destination: Side,
    *,
    warn: Callable[[str], None],
    chunk_bytes: int = 0,
    state_directory: str = "",
) -> OciTransfer:
    """What copies blobs between two sides. *warn* is told, once, when interrupted uploads cannot be kept track of."""
    settings = TransferSettings(chunk_bytes=chunk_bytes) if chunk_bytes else TransferSettings()
    http = destination.registry.http
    states = UploadStates(Path(state_directory).expanduser() if state_directory else None, warn, http.retrier.clock)
    return OciTransfer(source.registry.http, http, states, settings, layers=destination.layers)


def _logins(options: RegistryOptions) -> Logins:
    """The login that was given, or that which ``docker login`` left. ECR's is asked for elsewhere."""
    if options.chosen_auth == "basic":
        return FixedLogin(Login(options.registry, options.username, options.password))
    if options.chosen_auth == "docker_config" or (options.auth, options.chosen_auth) == ("auto", "anonymous"):
        own_port = 80 if options.plain_http else 443
        kept = DockerLogins(options.registry, required=options.auth == "docker_config", own_port=own_port)
        if kept.is_known():
            return kept
        if options.auth == "docker_config":
            raise CredentialsError(
                f"Tried to find the login of {options.registry} where docker keeps it, but none is in "
                f"{', '.join(map(str, config_files()))}. "
                f"Log in (`docker login {options.registry}`), or give username and password."
            )
    return FixedLogin()


def _origin(options: RegistryOptions) -> Origin:
    found = origin_of(f"{'http' if options.plain_http else 'https'}://{api_host(options.registry)}")
    if found is None:
        raise UnavailableError(f"Tried to reach the registry {options.registry!r}, which is no host. Correct it.")
    return found


def _ecr_origin(options: RegistryOptions, endpoint: str) -> Origin:
    """Where `proxyEndpoint` points; on AWS itself the host that was named, which may be a FIPS or dual-stack host."""
    found = origin_of(endpoint)
    if found is None:
        raise UnavailableError(
            f"Tried to find out where the registry {options.registry} is, but ECR's proxyEndpoint is {endpoint!r}. "
            "Check endpoint_url."
        )
    return _origin(options) if parse_ecr_host(found.host) and found.scheme == "https" else found


class SideClients:
    """Makes one side's boto3 clients; with ``role_arn``, with credentials of that role, renewed before they end."""

    def __init__(self, connect: Connect, options: RegistryOptions, clock: Clock) -> None:
        self._connect = connect
        self._clock = clock
        self._overrides = {name: value for name, value in options.aws_overrides.items() if name != "role_arn"}
        self._role = options.role_arn
        self._lock = threading.Lock()
        self._clients: dict[str, tuple[Any, float]] = {}
        self._keys: tuple[Mapping[str, str], float] | None = None

    def client(self, service: str) -> Any:
        """A client of *service*."""
        return _Renewed(self, service) if self._role else self._connect(service, self._overrides)

    def current(self, service: str) -> Any:
        """The role's client of *service*, with credentials that are good for minutes yet."""
        with self._lock:
            kept, good_until = self._clients.get(service, (None, 0.0))
            if kept is None or good_until < self._clock.monotonic():
                keys, good_until = self._role_keys()
                where = {name: value for name, value in self._overrides.items() if name in {"region", "endpoint_url"}}
                kept = self._connect(service, {**where, **keys})
                self._clients[service] = (kept, good_until)
            return kept

    def _role_keys(self) -> tuple[Mapping[str, str], float]:
        if self._keys is None or self._keys[1] < self._clock.monotonic():
            asked_at = self._clock.monotonic()
            keys = _RoleSessions(lambda: self._connect("sts", self._overrides)).assume(self._role)
            self._keys = (keys, asked_at + _SESSION_SECONDS - _RENEW_SECONDS)
        return self._keys


class _RoleSessions(AwsClient):
    label = "STS"

    def assume(self, role: str) -> Mapping[str, str]:
        """Keys by the names of the AWS options, good for `_SESSION_SECONDS`."""
        answer = self._call(
            f"assume role {role}",
            "assume_role",
            RoleArn=role,
            RoleSessionName=_ROLE_SESSION,
            DurationSeconds=_SESSION_SECONDS,
        )
        given = answer["Credentials"]
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "session_token": given["SessionToken"],
        }


class _Renewed:
    """Stands for a boto3 client and takes each operation from the newest client."""

    def __init__(self, clients: SideClients, service: str) -> None:
        self._clients, self._service = clients, service

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clients.current(self._service), name)
