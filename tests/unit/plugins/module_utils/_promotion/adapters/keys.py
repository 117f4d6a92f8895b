# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private keys, made by openssl as its users make them, each once a run of the tests."""

from __future__ import annotations

import functools
import subprocess
from dataclasses import asdict
from typing import TYPE_CHECKING

from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.key_signer import KeySigner
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.materials import SignaturePolicy
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.sign_options import SigningOptions
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.signature_bundle import bytes_to_sign, key_bundle
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.signer import Signer

PASSPHRASE = "correct horse"
CURVES = {"P-256": "P-256", "P-384": "P-384", "P-521": "P-521", "secp256k1": "secp256k1"}
KINDS = {
    **{name: ("EC", f"ec_paramgen_curve:{curve}") for name, curve in CURVES.items()},
    "RSA 2048": ("RSA", "rsa_keygen_bits:2048"),
    "RSA 1024": ("RSA", "rsa_keygen_bits:1024"),
    "Ed25519": ("ED25519",),
    "X25519": ("X25519",),
}


def openssl(*words: str, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *words], input=given, check=True, capture_output=True).stdout


@functools.cache
def private_key(kind: str = "P-256", number: int = 0, *, encrypted: bool = False) -> str:
    """The PEM of a key; another *number* is another key."""
    algorithm, *options = KINDS[kind]
    words = ["genpkey", "-algorithm", algorithm, *(word for option in options for word in ("-pkeyopt", option))]
    key = openssl(*words)
    if encrypted:
        key = openssl("pkcs8", "-topk8", "-v2", "aes256", "-passout", f"pass:{PASSPHRASE}", given=key)
    return key.decode()


def policy_of(signed: Signer) -> SignaturePolicy:
    """What the gate has to ask for to find its signatures."""
    return SignaturePolicy(**asdict(signed.signed_by))


def signer(number: int = 0) -> KeySigner:
    return KeySigner(SigningOptions(private_key=private_key(number=number)))


class SlowSigner:
    """*of*, whose signature is another each time, as an identity's is; the first about *about* takes *meanwhile*."""

    def __init__(self, of: KeySigner, meanwhile: Callable[[], object], about: bytes = b"") -> None:
        self.signed_by = of.signed_by
        self._of, self._meanwhile, self._about = of, [meanwhile], about

    def check(self) -> None:
        """It can."""

    def foretell(self, _statement: bytes) -> bytes:
        return b""

    def sign(self, statement: bytes) -> bytes:
        by_chance = self._of._key.sign(bytes_to_sign(statement), ec.ECDSA(hashes.SHA256()))
        while self._meanwhile and self._about in statement:
            self._meanwhile.pop()()
        return key_bundle(statement, by_chance, self._of._public_key)
