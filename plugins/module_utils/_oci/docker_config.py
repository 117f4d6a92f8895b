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
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
#: The user name that stands for a token for a token server in place of a password.
_TOKEN_USER = "<token>"  # noqa: S105 - a name, no secret


@dataclass(frozen=True, slots=True)
class CredentialHelper:
    """A program ``docker-credential-<name>``, which is asked for the login of *server*."""

    name: str
    server: str

    @property
    def program(self) -> str:
        """What the program is called."""
        return f"docker-credential-{self.name}"


def find_login(content: bytes, host: str) -> Login | CredentialHelper | None:
    """The login that the configuration *content* keeps for *host*, or the helper that knows it; None for neither.

    A helper for all registries is asked only for those that ``docker login`` has noted in ``auths``. Raises
    MalformedError, which never repeats a secret.
    """
    document = read_object(content, limit_bytes=LIMIT_BYTES)
    server = CONFIG_KEY if canonical_registry(host) == DOCKER_HUB else host
    helpers, auths = _entries(document, "credHelpers"), _entries(document, "auths")
    name = next((helper for key, helper in helpers.items() if _names(key, host)), None)
    entry = next((entry for key, entry in auths.items() if _names(key, host)), None)
    if name is None and entry is not None:
        name = document.get("credsStore") or None
    if name is not None:
        return CredentialHelper(_helper_name(name), server)
    return _kept(entry, host) if entry is not None else None


def read_answer(content: bytes, host: str) -> Login:
    """The login in a helper's answer. Raises MalformedError, which never repeats a secret."""
    document = read_object(content, limit_bytes=LIMIT_BYTES)
    return _login(document.get("Username"), document.get("Secret"), host)


def _entries(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    if found is not None and not isinstance(found, Mapping):
        raise MalformedError(f"has {key!r}, which is no object")
    return found or {}


def _names(key: str, host: str) -> bool:
    """Whether an entry's key, which may be a URL, is that of *host*."""
    bare = key.partition("://")[2] or key
    return canonical_registry(bare.partition("/")[0]).lower() == canonical_registry(host).lower()


def _helper_name(name: object) -> str:
    if not isinstance(name, str) or not _HELPER.fullmatch(name):
        raise MalformedError("names a credential helper that is no name of a program")
    return name


def _kept(entry: object, host: str) -> Login | None:
    if not isinstance(entry, Mapping):
        raise MalformedError(f"has an entry for {host} that is no object")
    if entry.get("identitytoken") or entry.get("registrytoken"):
        raise MalformedError(f"keeps a token for {host}, and only a user name with a password can be used")
    if encoded := entry.get("auth"):
        try:
            username, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (ValueError, TypeError) as error:
            raise MalformedError(f"has an 'auth' for {host} that is no base64") from error
        return _login(username, password.rstrip("\0") if colon else None, host)
    if entry.get("username") or entry.get("password"):
        return _login(entry.get("username"), entry.get("password"), host)
    return None


def _login(username: object, password: object, host: str) -> Login:
    if username == _TOKEN_USER:
        raise MalformedError(f"holds a token for {host}, and only a user name with a password can be used")
    if not (isinstance(username, str) and isinstance(password, str) and username and password):
        raise MalformedError(f"holds no user name with a password for {host}")
    return Login(host, username, password)
