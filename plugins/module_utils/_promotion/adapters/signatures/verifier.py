# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Signature verification: by a key with `cryptography`, by an identity with `sigstore`. Nothing is fetched."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from ...._errors import RequestError
from ...gates.platforms import printable
from ...gates.signature.payloads import NotProofError
from ...signatures import SignatureCheck
from .keyless import KeylessVerifier
from .keys import PublicKey, check_by_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...signatures import SignatureMaterial, SignaturePolicy

_REASON = 400


class SignatureVerifier:
    """Checks signatures. Keys and trusted roots are read once, for all images. Safe to call from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._keyless: dict[str, KeylessVerifier] = {}

    def verify(
        self, materials: tuple[SignatureMaterial, ...], *, digest: str, policy: SignaturePolicy
    ) -> tuple[SignatureCheck, ...]:
        """Check each material. Raises `RequestError` for a policy that cannot be right, whatever the materials."""
        check = self._checker(digest, policy)
        return tuple(_judge(material, check) for material in materials)

    def _checker(self, digest: str, policy: SignaturePolicy) -> Callable[[SignatureMaterial], str]:
        if bool(policy.public_key) == bool(policy.identity):
            raise RequestError(
                "The gate `signature` wants either public_key or identity with issuer, and was given "
                f"{'both' if policy.public_key else 'neither'}. Name who must have signed."
            )
        if policy.public_key:
            key = PublicKey(policy.public_key)
            return lambda material: check_by_key(key, material, digest, policy.predicate_type)
        if not policy.issuer:
            raise RequestError(
                f"The gate `signature` was given the identity {policy.identity} and no issuer, so that any issuer "
                "could vouch for it. Name the issuer, for GitHub Actions https://token.actions.githubusercontent.com."
            )
        verifier = self._verifier(policy.trusted_root)
        return lambda material: verifier.check(material, digest, policy)

    def _verifier(self, trusted_root: str) -> KeylessVerifier:
        with self._lock:
            if trusted_root not in self._keyless:
                self._keyless[trusted_root] = KeylessVerifier(trusted_root)
            return self._keyless[trusted_root]


def _judge(material: SignatureMaterial, check: Callable[[SignatureMaterial], str]) -> SignatureCheck:
    try:
        seen, valid = check(material), True
    except NotProofError as error:
        seen, valid = str(error), False
    except Exception as error:  # noqa: BLE001 - a material that breaks a library proves nothing, whatever is raised
        seen, valid = f"it could not be verified ({type(error).__name__}: {error})", False
    return SignatureCheck(valid=valid, origin=printable(material.origin, 128), seen=printable(seen, _REASON))
