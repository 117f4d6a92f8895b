# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures by a public key, checked with `cryptography`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...._errors import RequestError
from .payloads import (
    Envelope,
    NotProofError,
    check_message,
    check_simple_signing,
    check_statement,
    decode,
    read_bundle,
    read_envelope,
    read_json,
)

if TYPE_CHECKING:
    from .materials import SignatureMaterial

try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    HAS_CRYPTOGRAPHY = True
except ImportError:
    HAS_CRYPTOGRAPHY = False

_KINDS = "ECDSA on P-256, P-384 or P-521, RSA of at least 2048 bits, or Ed25519"
_RSA_BITS = 2048


class PublicKey:
    """A public key that signatures are checked against. Raises `RequestError` when *pem* is none that can be."""

    def __init__(self, pem: str) -> None:
        if not HAS_CRYPTOGRAPHY:
            raise RequestError(
                "Tried to check signatures, but the Python library cryptography is not installed for the Python that "
                "runs this module. Install it: pip install cryptography."
            )
        try:
            self._key: Any = load_pem_public_key(pem.encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            # What was given is not shown: it may be a private key by mistake.
            raise RequestError(
                "Tried to read the public key of gate `signature`, but it is not a public key in PEM form. Give what "
                "`cosign public-key` or `aws kms get-public-key` (as PEM) prints, beginning with "
                "-----BEGIN PUBLIC KEY-----."
            ) from error
        if not self._schemes():
            raise RequestError(
                f"Tried to use the public key of gate `signature`, but its kind is not supported. Use {_KINDS}."
            )

    def _schemes(self) -> list[tuple[Any, ...]]:
        """The arguments that follow signature and data, of each scheme in which such a key signs."""
        key = self._key
        if isinstance(key, ed25519.Ed25519PublicKey):
            return [()]
        if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _RSA_BITS:
            kinds = (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
            plain = [(padding.PKCS1v15(), kind) for kind in kinds]
            return plain + [(padding.PSS(padding.MGF1(kind), padding.PSS.AUTO), kind) for kind in kinds]
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return []
        # cosign signs with SHA-256 whatever the curve, a KMS with the hash that goes with it.
        kinds_by_curve: dict[str, tuple[Any, ...]] = {
            "secp256r1": (hashes.SHA256(),),
            "secp384r1": (hashes.SHA384(), hashes.SHA256()),
            "secp521r1": (hashes.SHA512(), hashes.SHA256()),
        }
        return [(ec.ECDSA(kind),) for kind in kinds_by_curve.get(key.curve.name, ())]

    def signed(self, signature: bytes, data: bytes) -> bool:
        """Whether *signature* is by this key, over *data*."""
        return any(self._try(signature, data, scheme) for scheme in self._schemes())

    def signed_sha256(self, signature: bytes, sha256: bytes) -> bool:
        """Whether *signature* is by this key, over something whose SHA-256 is *sha256*. Ed25519 cannot tell."""
        prehashed = Prehashed(hashes.SHA256())
        if isinstance(self._key, ec.EllipticCurvePublicKey):
            return self._try(signature, sha256, (ec.ECDSA(prehashed),))
        if isinstance(self._key, rsa.RSAPublicKey):
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
            return any(self._try(signature, sha256, (how, prehashed)) for how in (padding.PKCS1v15(), pss))
        raise NotProofError("it is over the image's SHA-256, which cannot be checked with an Ed25519 key")

    def _try(self, signature: bytes, data: bytes, scheme: tuple[Any, ...]) -> bool:
        try:
            self._key.verify(signature, data, *scheme)
        except InvalidSignature:
            return False
        return True


_NOT_BY_KEY = "it is not signed by the given key, or was changed afterwards"


def check_by_key(key: PublicKey, material: SignatureMaterial, digest: str, predicate_type: str) -> str:
    """What *material* proves of *digest*, in words. Raises `NotProofError` when that is nothing.

    What is said in a document counts only once its signature is proven.
    """
    if material.form == "cosign":
        if not key.signed(decode(material.signature, "the signature"), material.payload):
            raise NotProofError(_NOT_BY_KEY)
        check_simple_signing(material.payload, digest)
        return "signed by the given key"
    if material.form == "dsse":
        return _check_envelope(key, read_envelope(read_json(material.payload, "the envelope")), digest, predicate_type)
    bundle = read_bundle(material.payload)
    if isinstance(bundle.content, Envelope):
        return _check_envelope(key, bundle.content, digest, predicate_type)
    if bundle.keyless:
        raise NotProofError("it was made with a certificate, not with a key")
    check_message(bundle.content, digest, predicate_type)
    if not key.signed_sha256(bundle.content.signature, bytes.fromhex(bundle.content.sha256)):
        raise NotProofError(_NOT_BY_KEY)
    return "signed by the given key"


def _check_envelope(key: PublicKey, envelope: Envelope, digest: str, predicate_type: str) -> str:
    if not any(key.signed(signature, envelope.signed) for signature in envelope.signatures):
        raise NotProofError(_NOT_BY_KEY)
    check_statement(envelope.payload_type, envelope.payload, digest, predicate_type)
    return f"attested by the given key ({predicate_type})" if predicate_type else "signed by the given key"
