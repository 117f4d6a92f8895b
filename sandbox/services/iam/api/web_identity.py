# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AssumeRoleWithWebIdentity under `AUTH=true`: only for tokens that the account's provider issued and that hold."""

from collections.abc import Callable
from typing import Any

from sandbox.identity import PROVIDER_KEYS
from sandbox.ministack import iam, responses, sts
from sandbox.services.iam.model.web_identity import Refused, issuer_of, verify

Parameters = dict[str, Any]


def install() -> None:
    """Verify the token before the role's trust policy is asked."""
    sts._web_identity_trust_denied = _verifying(sts._web_identity_trust_denied)


def _verifying(asks_trust: Callable[..., Any]) -> Callable[..., Any]:
    def denied(role_arn: str, parameters: Parameters, use_json: bool) -> Any:
        try:
            _verify(str(sts._p(parameters, "WebIdentityToken")), role_arn.split(":")[4])
        except Refused as refused:
            if use_json:
                return responses.error_response_json(refused.code, refused.message, 400)
            return sts._error(400, refused.code, refused.message, ns="sts")
        return asks_trust(role_arn, parameters, use_json)

    return denied


def _verify(token: str, account: str) -> None:
    issuer = issuer_of(token)
    provider = iam._oidc_providers.get_scoped(account, None, f"arn:aws:iam::{account}:oidc-provider/{issuer}")
    if provider is None:
        raise Refused("InvalidIdentityToken", f"No OpenIDConnect provider found in your account for https://{issuer}")
    verify(token, provider["ClientIDList"], PROVIDER_KEYS.get(issuer, ()))
