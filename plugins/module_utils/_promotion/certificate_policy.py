# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a certificate of Sigstore has to be for, as the library `sigstore` is told it, which is imported for that."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class CertificatePolicy:
    """The identity and the issuer that a certificate has to name. Raises ImportError."""

    def __init__(self, identity: str, issuer: str) -> None:
        self._policies: Any = import_module("sigstore.verify.policy")
        self._errors: Any = import_module("sigstore.errors")
        self._identity, self._issuer = identity, issuer

    def verify(self, cert: Any) -> None:
        """Raise the library's VerificationError unless *cert* names both; the issuer in its newer or its older way."""
        self._policies.Identity(identity=self._identity).verify(cert)
        try:
            self._policies.OIDCIssuerV2(self._issuer).verify(cert)
        except self._errors.VerificationError:
            self._policies.OIDCIssuer(self._issuer).verify(cert)
