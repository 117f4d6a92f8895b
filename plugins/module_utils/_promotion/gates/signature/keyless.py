# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keyless signatures, checked with the library `sigstore`: certificate, log entry and identity. Offline.

The library is imported when the first such signature is checked, since that takes about a second.
"""

from __future__ import annotations

import logging
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...._errors import RequestError
from ...certificate_policy import CertificatePolicy
from .payloads import Envelope, NotProofError, check_message, check_statement, read_bundle

if TYPE_CHECKING:
    from .materials import SignatureMaterial, SignaturePolicy

# Without a handler, what the library warns of would be printed between the lines of a playbook's run.
logging.getLogger("sigstore").addHandler(logging.NullHandler())

_OLD = (
    "it is in the form of cosign before version 3, whose log entry has no proof of inclusion, so that it cannot be "
    "checked offline; sign with cosign 3, or with cosign 2.6 and --new-bundle-format"
)


class KeylessVerifier:
    """Checks bundles against one trusted root. Raises `RequestError` when the library or the root cannot be used.

    *trusted_root* empty: the public good instance's, as the library brings it or has it in its cache. It is not
    fetched again, so that the library wants updating when Sigstore changes its keys; a given root does not.
    """

    def __init__(self, trusted_root: str) -> None:
        try:
            self._library = _Library()
        except ImportError as error:
            raise RequestError(
                "Tried to check keyless signatures, but the Python library sigstore is not installed for the Python "
                f"that runs this module ({error}). Install it: pip install sigstore."
            ) from error
        try:
            self._verifier = self._library.verifier(trusted_root)
        # The library says in many ways that it cannot use a root.
        except Exception as error:
            what = "trusted_root of gate `signature`" if trusted_root else "the trusted root that sigstore brings"
            raise RequestError(
                f"Tried to read {what}, but it cannot be used ({type(error).__name__}: {str(error)[:200]}). Give "
                "the content of a trusted_root.json, such as `cosign trusted-root create` writes. The root that is "
                "built in needs a writable home directory."
            ) from error

    def check(self, material: SignatureMaterial, digest: str, policy: SignaturePolicy) -> str:
        """What *material* proves of *digest*, in words. Raises `NotProofError`, or whatever the library does."""
        if material.form != "bundle":
            raise NotProofError(_OLD)
        # Read by our own reader too, so that nothing is handed on that is not in the form of a bundle.
        bundle = read_bundle(material.payload)
        if not bundle.keyless:
            raise NotProofError("it was made with a key, not with a certificate")
        if isinstance(bundle.content, Envelope):
            kind, payload = self._verifier.verify_dsse(
                self._library.bundle(material.payload), CertificatePolicy(policy.identity, policy.issuer)
            )
            check_statement(kind, payload, digest, policy.predicate_type)
        else:
            check_message(bundle.content, digest, policy.predicate_type)
            self._verifier.verify_artifact(
                self._library.hashed(bundle.content.sha256),
                self._library.bundle(material.payload),
                CertificatePolicy(policy.identity, policy.issuer),
            )
        what = f"attested ({policy.predicate_type})" if policy.predicate_type else "signed"
        return f"{what} by {policy.identity}"


class _Library:
    """What is used of `sigstore`, which is imported when this is made. Raises ImportError."""

    def __init__(self) -> None:
        self._verify: Any = import_module("sigstore.verify")
        self._models: Any = import_module("sigstore.models")
        self._hashes: Any = import_module("sigstore.hashes")
        self._common: Any = import_module("sigstore_models.common.v1")

    def verifier(self, trusted_root: str) -> Any:
        if not trusted_root:
            return self._verify.Verifier.production(offline=True)
        # The library reads a root from a file only.
        with tempfile.TemporaryDirectory(prefix="fastbreak-root-") as folder:
            path = Path(folder) / "trusted_root.json"
            path.write_text(trusted_root, encoding="utf-8")
            return self._verify.Verifier(trusted_root=self._models.TrustedRoot.from_file(str(path)))

    def bundle(self, payload: bytes) -> Any:
        return self._models.Bundle.from_json(payload)

    def hashed(self, sha256: str) -> Any:
        return self._hashes.Hashed(algorithm=self._common.HashAlgorithm.SHA2_256, digest=bytes.fromhex(sha256))
