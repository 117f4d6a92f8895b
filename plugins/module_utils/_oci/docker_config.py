# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker's ``config.json``: which login it keeps for a registry, or which helper program is asked for it. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .docker_hub import CONFIG_KEY, DOCKER_HUB, canonical_registry
from .login import Login
from .strict_json import MalformedError, read_object

LIMIT_BYTES = 1 << 20
#: What stands behind a registry's name in an URL of it; anything else is part of the names of repositories.
_API_PATHS = ("", "v1", "v2")
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
#: The user name that stands for a token for a token server in place of a password.
_TOKEN_USER = "<token>"  # noqa: S105 - a name, no secret


@dataclass(frozen=True, slots=True)
class CredentialHelper:
    """A program ``docker-credential-<name>``, which is asked for the login of each of *servers* until it has one.

    ``noted``: the configuration says that it has one. Else it keeps the logins of all registries, and may have none.
    """

    name: str
    servers: tuple[str, ...]
    noted: bool = True

    @property
    def program(self) -> str:
        """What the program is called."""
        return f"docker-credential-{self.name}"


def find_login(content: bytes, host: str, own_port: int = 443) -> Login | CredentialHelper | None:
    """The login that the configuration *content* keeps for *host*, or the helper that may know it; None for neither.

    *own_port* is that of the scheme by which *host* is reached: it may stand behind the name, or not.
    As docker reads it: a helper of the registry's own, and where that is empty none; else the helper for all
    registries; else what is written down. Raises MalformedError, which never repeats a secret.
    """
    document = read_object(content, limit_bytes=LIMIT_BYTES)
    helpers, auths = _entries(document, "credHelpers"), _entries(document, "auths")
    own, kept = _key_of(helpers, host, own_port), _key_of(auths, host, own_port)
    name = document.get("credsStore") if own is None else helpers[own]
    if name not in (None, ""):
        known_as = dict.fromkeys((_server(host), *filter(None, (own, kept)), _other_server(host)))
        return CredentialHelper(_helper_name(name), tuple(known_as), noted=own is not None or kept is not None)
    return _kept(auths[kept], host) if kept is not None else None


def read_answer(content: bytes, host: str) -> Login | None:
    """The login in a helper's answer; None for an empty one. Raises MalformedError, which never repeats a secret."""
    document = read_object(content, limit_bytes=LIMIT_BYTES)
    username, secret = document.get("Username"), document.get("Secret")
    return None if username == secret == "" else _login(username, secret, host)


def _server(host: str) -> str:
    """How docker calls a registry when it asks a helper."""
    return CONFIG_KEY if canonical_registry(host) == DOCKER_HUB else host


def _other_server(host: str) -> str:
    """How others call it: podman Docker Hub, and some a registry by its URL."""
    return DOCKER_HUB if canonical_registry(host) == DOCKER_HUB else f"https://{host}"


def _entries(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    if found is not None and not isinstance(found, Mapping):
        raise MalformedError(f"has {key!r}, which is no object")
    return found or {}


def _key_of(entries: Mapping[str, Any], host: str, own_port: int) -> str | None:
    """The key of the entry of *host*: its plain name before an URL, and both before a namespace, as podman notes."""
    port = f":{own_port}"
    wanted = canonical_registry(host.lower().removesuffix(port))
    keys = [key for key in entries if _host_of(key, port) == wanted]
    if not keys:
        return None
    whole = [key for key in keys if _path_of(key) in _API_PATHS]
    if not whole and any(entries[key] != entries[keys[0]] for key in keys):
        raise MalformedError(f"keeps several logins for parts of {host}, and none for all of it")
    plain = next((key for key in whole if _has_port(key, port) == host.endswith(port)), (whole or keys)[0])
    return next((key for key in keys if key in (host, _server(host))), plain)


def _host_of(key: str, port: str) -> str:
    bare = key.partition("://")[2] or key
    return canonical_registry(bare.partition("/")[0].lower().removesuffix(port))


def _has_port(key: str, port: str) -> bool:
    return (key.partition("://")[2] or key).partition("/")[0].endswith(port)


def _path_of(key: str) -> str:
    bare = key.partition("://")[2] or key
    return bare.partition("/")[2].strip("/")


def _helper_name(name: object) -> str:
    if not isinstance(name, str) or not _HELPER.fullmatch(name):
        raise MalformedError("names a credential helper that is no name of a program")
    return name


def _kept(entry: object, host: str) -> Login | None:
    if entry is None:
        # For docker the same as an empty object.
        return None
    if not isinstance(entry, Mapping):
        raise MalformedError(f"has an entry for {host} that is no object")
    if entry.get("registrytoken"):
        raise MalformedError(f"keeps a registrytoken for {host}, which cannot be used")
    if token := entry.get("identitytoken"):
        return _login(_TOKEN_USER, token, host)
    if encoded := entry.get("auth"):
        try:
            username, colon, password = _decoded(encoded).partition(":")
        except (ValueError, TypeError, AttributeError) as error:
            raise MalformedError(f"has an 'auth' for {host} that is no base64") from error
        return _login(username, password.rstrip("\0") if colon else None, host)
    if entry.get("username") or entry.get("password"):
        return _login(entry.get("username"), entry.get("password"), host)
    return None


def _decoded(encoded: str) -> str:
    """What is encoded. As docker does it, line ends are passed over: `base64` writes one every 76 characters."""
    return base64.b64decode(encoded.replace("\r", "").replace("\n", ""), validate=True).decode()


def _login(username: object, password: object, host: str) -> Login:
    if not (isinstance(username, str) and isinstance(password, str) and username and password):
        raise MalformedError(f"holds no user name with a password for {host}")
    if ":" in username:
        raise MalformedError(f"holds a user name for {host} with a ':' in it, where a password would begin")
    if username == _TOKEN_USER:
        return Login(host, "", "", identity_token=password)
    return Login(host, username, password)
