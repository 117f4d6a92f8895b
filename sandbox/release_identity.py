# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who signs releases in a sandbox, where production has GitHub's workflow: a client of the sandbox's issuer."""

import os
import secrets
from pathlib import Path

import requests

from sandbox.authority import authority_path
from sandbox.errors import SandboxError
from sandbox.state import State

IDENTITY = "https://sandbox.fastbreak.example/.github/workflows/release.yml@refs/heads/dev"
"""As the workflow's, so that the two differ by their owner alone."""
_SECONDS = 86_400
_TIMEOUT_SECONDS = 30


def trust_variables(home: Path) -> dict[str, str]:
    """The variables that say whose signature counts, and by what it is verified."""
    folder = home / "sigstore"
    if not (folder / "signing_config.json").exists():
        # A sandbox without the service sigstore (SANDBOX_SERVICES).
        return {}
    return {"FASTBREAK_RELEASE_IDENTITY": IDENTITY, "FASTBREAK_SIGSTORE": str(folder)}


def signing_variables(known: State, home: Path) -> dict[str, str]:
    """The variables by which `publish.yml` signs with a token of `IDENTITY`, which is good for a day.

    Each call makes another token, in a file that its user alone may read.
    """
    path = home / "release.token"
    staged = home / f"release.token.{os.getpid()}"
    token = _token(known, home)
    staged.touch(mode=0o600)
    staged.write_text(token)
    staged.replace(path)
    return {"SIGSTORE_ID_TOKEN_FILE": str(path)}


def _token(known: State, home: Path) -> str:
    # A client for each call: two at once would take each other's secret.
    name, secret = f"release-{secrets.token_hex(8)}", secrets.token_urlsafe()
    client = {
        "client_id": name,
        "client_secret": secret,
        "claims": {"sub": IDENTITY},
        "audiences": ["sigstore"],
        "token_seconds": _SECONDS,
    }
    grant = {"grant_type": "client_credentials", "client_id": name, "client_secret": secret}
    with requests.Session() as session:
        session.trust_env = False
        try:
            added = session.post(f"{known.endpoint_url}/_sandbox/oidc/clients", json=client, timeout=_TIMEOUT_SECONDS)
            added.raise_for_status()
            answer = session.post(
                f"{known.issuer}/token", data=grant, timeout=_TIMEOUT_SECONDS, verify=str(authority_path(home))
            )
            answer.raise_for_status()
            return str(answer.json()["access_token"])
        except requests.RequestException as error:
            raise SandboxError(
                f"sandbox {known.name} gives no token to sign releases with ({error}): see `python -m sandbox logs`"
            ) from error
