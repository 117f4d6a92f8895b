# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One side of a promotion as it was asked for, and what the host name of an ECR registry says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._errors import RequestError
from .._oci.docker_hub import canonical_registry

if TYPE_CHECKING:
    from collections.abc import Mapping

AUTHS = ("auto", "ecr", "basic", "docker_config", "anonymous")
_ECR = re.compile(
    r"(?P<account>\d{12})\.(?:"
    r"dkr\.ecr(?P<fips>-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"|dkr-ecr(?P<fips2>-fips)?\.(?P<region2>[a-z0-9-]+)\.on\.(?:aws|amazonwebservices\.com\.cn)"
    r")"
)
_HOST = re.compile(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class EcrHost:
    """What the host of an ECR registry says."""

    account: str
    region: str


def parse_ecr_host(host: str) -> EcrHost | None:
    """Account and region of an ECR host, also of its FIPS and dual-stack forms; None for any other host."""
    found = _ECR.fullmatch(host.lower())
    return EcrHost(found["account"], found["region"] or found["region2"]) if found else None


@dataclass(frozen=True, slots=True)
class RegistryOptions:
    """`source` or `destination` of the module. Empty: the task's own, or none. ``auth`` is one of `AUTHS`."""

    registry: str
    auth: str = "auto"
    username: str = ""
    password: str = field(default="", repr=False)
    profile: str = ""
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    role_arn: str = ""
    region: str = ""
    endpoint_url: str = ""
    plain_http: bool = False
    validate_certs: bool = True
    ca_bundle: str = ""

    @property
    def ecr(self) -> EcrHost | None:
        """Account and region when the registry is ECR's by its name."""
        return parse_ecr_host(self.registry)

    @property
    def chosen_auth(self) -> str:
        """What ``auto`` comes to, where Docker's configuration has no login: ``ecr``, ``basic`` or ``anonymous``."""
        if self.auth != "auto":
            return self.auth
        if self.ecr:
            return "ecr"
        return "basic" if self.username else "anonymous"

    @property
    def aws_overrides(self) -> dict[str, str]:
        """The AWS options that were given, by the names they have here; with the region of an ECR host."""
        names = ("profile", "access_key", "secret_key", "session_token", "role_arn", "region", "endpoint_url")
        given = {name: getattr(self, name) for name in names if getattr(self, name)}
        if self.ecr:
            given["region"] = self.ecr.region
        return given


def check_options(side: str, options: RegistryOptions) -> RegistryOptions:
    """*options*, when they can be right. *side* is ``source`` or ``destination``. Raises `RequestError`."""
    problem = _problem(options)
    if problem:
        raise RequestError(f"Option {side} cannot be right: {problem}")
    return options


def _problem(options: RegistryOptions) -> str:
    auth = options.chosen_auth
    checks = (
        (not _is_host(options.registry), f"registry {options.registry!r} is no host with an optional port. {_NO_URL}"),
        (options.auth not in AUTHS, f"auth {options.auth!r} is none of {', '.join(AUTHS)}."),
        (auth == "ecr" and not options.ecr, _not_ecr(options.registry)),
        (auth == "basic" and not (options.username and options.password), _NO_LOGIN),
        (":" in options.username, _COLON),
        (auth != "basic" and bool(options.username or options.password), _STRAY_LOGIN.format(auth=auth)),
        (bool(options.access_key) != bool(options.secret_key), "access_key and secret_key go together. Give both."),
        (bool(options.session_token) and not options.access_key, "session_token needs access_key and secret_key."),
        (bool(options.profile and options.access_key), "profile and access_key contradict each other. Give one."),
        (_contradicts(options), f"its host is of region {options.ecr and options.ecr.region}. Leave region out."),
        (options.plain_http and bool(options.ca_bundle), "plain_http has no certificates; leave ca_bundle out."),
        (not options.validate_certs and bool(options.ca_bundle), "ca_bundle needs validate_certs. Leave one out."),
    )
    return next((text for wrong, text in checks if wrong), "")


_NO_URL = "Give it without a scheme, a path or a user, such as registry.example.com:5000."
_NO_LOGIN = "basic needs username and password. Give both, or auth: anonymous."
_COLON = "username has a ':' in it, where a password begins (RFC 7617). Give the name and the password apart."
_STRAY_LOGIN = "username and password are not used with {auth}. Leave them out, or set auth: basic."


def _not_ecr(registry: str) -> str:
    return f"auth is ecr, but {registry!r} is no ECR host (<account>.dkr.ecr.<region>.amazonaws.com)."


def _is_host(text: str) -> bool:
    found = _HOST.fullmatch(text)
    if found is None or ".." in text:
        return False
    return found["port"] is None or 0 < int(found["port"]) < 65536


def _contradicts(options: RegistryOptions) -> bool:
    return bool(options.ecr and options.region and options.region != options.ecr.region)


_SECRETS = ("password", "secret_key", "session_token")


def side_spec() -> dict[str, Any]:
    """The options of one side, as an argument spec."""
    return {
        "registry": {"type": "str", "required": True},
        "auth": {"type": "str", "choices": list(AUTHS), "default": "auto"},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "profile": {"type": "str"},
        "access_key": {"type": "str", "no_log": False},
        "secret_key": {"type": "str", "no_log": True},
        "session_token": {"type": "str", "no_log": True},
        "role_arn": {"type": "str"},
        "region": {"type": "str"},
        "endpoint_url": {"type": "str"},
        "plain_http": {"type": "bool", "default": False},
        "validate_certs": {"type": "bool", "default": True},
        "ca_bundle": {"type": "path"},
    }


def read_side(options: Mapping[str, Any]) -> RegistryOptions:
    """One side's validated options as a value."""
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    return RegistryOptions(**{**given, "registry": canonical_registry(given["registry"])})


def side_secrets(options: Mapping[str, Any]) -> list[str]:
    """The secrets among a task's options and those of its sides, so that no result repeats them."""
    sides = [options, *(options.get(name) for name in ("source", "destination"))]
    found = [side.get(name) for side in sides if isinstance(side, dict) for name in _SECRETS]
    return [str(secret) for secret in found if secret]
