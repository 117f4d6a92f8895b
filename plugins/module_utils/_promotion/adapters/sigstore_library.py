# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The library `sigstore`, as far as an identity signs with it."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..._oci.media_types import SIGSTORE_TRUST_CONFIG

if TYPE_CHECKING:
    from collections.abc import Mapping


class SigstoreLibrary:
    """What is used of `sigstore`. Making one imports it; raises ImportError."""

    def __init__(self) -> None:
        self._sign: Any = import_module("sigstore.sign")
        self._models: Any = import_module("sigstore.models")
        self._oidc: Any = import_module("sigstore.oidc")
        self._dsse: Any = import_module("sigstore.dsse")
        self._jwt: Any = import_module("jwt")

    def context(self, signing_config: str, trusted_root: str) -> Any:
        models = self._models
        if signing_config:
            parts = {"signingConfig": json.loads(signing_config), "trustedRoot": json.loads(trusted_root)}
            trust = models.ClientTrustConfig.from_json(json.dumps({"mediaType": SIGSTORE_TRUST_CONFIG, **parts}))
        else:
            # As for verification, nothing is fetched: the package or its cache has it.
            trust = models.ClientTrustConfig.production(offline=True)
        return self._sign.SigningContext.from_trust_config(trust)

    def token(self, text: str) -> Any:
        return self._oidc.IdentityToken(text)

    def claims(self, text: str) -> Mapping[str, Any]:
        """What a token says, which only its issuer and the authority can prove."""
        return self._jwt.decode(text, options={"verify_signature": False})  # type: ignore[no-any-return]

    def certificate(self, signer: Any) -> Any:
        """The certificate that it signs with. The library has no public name for it."""
        return signer._signing_cert()  # noqa: SLF001

    def signer(self, context: Any, token: Any) -> Any:
        return self._sign.Signer(token, context)

    def sign(self, signer: Any, statement: bytes) -> bytes:
        made = signer.sign_dsse(self._dsse.Statement(statement)).to_json()
        return made.encode()  # type: ignore[no-any-return]
