# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certificate of Sigstore's authority will name, as the claims of the token tell beforehand. Pure.

Fulcio's document of its issuers (docs/oidc.md) says which claims become the certificate's identity and issuer. An
instance of one's own may be set up otherwise; its certificate is compared before anything is logged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

Claims = Mapping[str, Any]

_GITHUB = "token.actions.githubusercontent.com"
_EMAIL_ISSUERS = frozenset(
    {"https://accounts.google.com", "https://oauth2.sigstore.dev/auth", "https://oauth2.sigstage.dev/auth"}
)
_CHAINGUARD = "https://issuer.enforce.dev"
_SERVICE_ACCOUNT = re.compile(r"system:serviceaccount:([^:]+):([^:]+)")
_CODEFRESH = ("platform_url", "account_name", "pipeline_name", "account_id", "pipeline_id")


def possible_identities(claims: Claims) -> tuple[str, ...]:
    """The identities of which the certificate will name one; a single one where the kind of the issuer is known."""
    known = _of_pipeline(claims) or _of_account(claims)
    if known:
        return known
    # A token with an address is for an issuer of e-mail addresses, or of anything else: only the instance knows.
    return tuple(dict.fromkeys(each for each in (_text(claims, "email"), _text(claims, "sub")) if each))


def _of_pipeline(claims: Claims) -> tuple[str, ...]:
    """A workflow of GitHub, or a pipeline of GitLab, Buildkite or Codefresh."""
    if workflow := _text(claims, "job_workflow_ref"):
        return tuple(f"https://{host}/{workflow}" for host in _github_hosts(claims))
    if pipeline := _text(claims, "ci_config_ref_uri"):
        return (f"https://{pipeline}",)
    if (organization := _text(claims, "organization_slug")) and (pipeline := _text(claims, "pipeline_slug")):
        return (f"https://buildkite.com/{organization}/{pipeline}",)
    platform, account, name, account_id, pipeline_id = (_text(claims, each) for each in _CODEFRESH)
    return (f"{platform}/{account}/{name}:{account_id}/{pipeline_id}",) if platform and pipeline_id else ()


def _of_account(claims: Claims) -> tuple[str, ...]:
    """A service account of Kubernetes, an e-mail address, or an identity of Chainguard."""
    issuer, subject = _text(claims, "iss"), _text(claims, "sub")
    if account := _SERVICE_ACCOUNT.fullmatch(subject):
        return (f"https://kubernetes.io/namespaces/{account[1]}/serviceaccounts/{account[2]}",)
    if issuer in _EMAIL_ISSUERS:
        return (_text(claims, "email"),)
    return (f"{_CHAINGUARD}/{subject}",) if issuer == _CHAINGUARD else ()


def may_name(claims: Claims, identity: str) -> bool:
    """Whether the certificate may name *identity*. A user's name gets the domain behind it that the instance gives."""
    found = possible_identities(claims)
    return identity in found or (_text(claims, "sub") in found and identity.partition("!")[0] == _text(claims, "sub"))


def possible_issuers(claims: Claims, *, own_instance: bool) -> tuple[str, ...]:
    """The issuers of which the certificate will name one.

    A federated token, such as one of Sigstore's own Dex, says who vouches for its bearer; the certificate names that
    one, unless an instance of one's own is set up otherwise.
    """
    issuer = _text(claims, "iss")
    federated = claims.get("federated_claims")
    connector = _text(federated, "connector_id") if isinstance(federated, Mapping) else ""
    if not connector:
        return (issuer,)
    return (connector, issuer) if own_instance else (connector,)


def _github_hosts(claims: Claims) -> tuple[str, ...]:
    """The host of GitHub that a token's issuer belongs to: its own, or one of an enterprise."""
    try:
        host = urlsplit(_text(claims, "iss")).hostname or ""
    except ValueError:
        # No address of anybody, whatever the token says.
        host = ""
    own = host.removeprefix("token.actions.")
    return (own, "github.com") if own and host != _GITHUB else ("github.com",)


def _text(claims: Claims, name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
