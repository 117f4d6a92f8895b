# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The IAM actions on OpenID Connect providers that MiniStack lacks.

AWS: API reference AddClientIDToOpenIDConnectProvider, RemoveClientIDFromOpenIDConnectProvider,
UpdateOpenIDConnectProviderThumbprint.
"""

from collections.abc import Callable
from typing import Any

from sandbox.ministack import iam

Parameters = dict[str, Any]


def install() -> None:
    """Serve the actions."""
    for action, change in (
        ("AddClientIDToOpenIDConnectProvider", _add_client),
        ("RemoveClientIDFromOpenIDConnectProvider", _remove_client),
        ("UpdateOpenIDConnectProviderThumbprint", _update_thumbprint),
    ):
        iam._IAM_HANDLERS[action] = _on_provider(action, change)


def _on_provider(action: str, change: Callable[[Parameters, Parameters], None]) -> Callable[[Parameters], Any]:
    def handle(parameters: Parameters) -> Any:
        arn = iam._p(parameters, "OpenIDConnectProviderArn")
        provider = iam._oidc_providers.get(arn)
        if provider is None:
            return iam._error(404, "NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}", ns="iam")
        change(provider, parameters)
        return iam._xml(200, f"{action}Response", "", ns="iam")

    return handle


def _add_client(provider: Parameters, parameters: Parameters) -> None:
    identifier = iam._p(parameters, "ClientID")
    if identifier not in provider["ClientIDList"]:
        provider["ClientIDList"].append(identifier)


def _remove_client(provider: Parameters, parameters: Parameters) -> None:
    identifier = iam._p(parameters, "ClientID")
    provider["ClientIDList"] = [client for client in provider["ClientIDList"] if client != identifier]


def _update_thumbprint(provider: Parameters, parameters: Parameters) -> None:
    numbered = {name: values[0] for name, values in parameters.items() if name.startswith("ThumbprintList.member.")}
    provider["ThumbprintList"] = [numbered[name] for name in sorted(numbered)]
