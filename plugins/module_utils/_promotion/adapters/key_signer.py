# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signs with a private key, through `cryptography`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._errors import RequestError
from ..sign_options import SignedBy
from ..signature_bundle import bytes_to_sign, key_bundle

if TYPE_CHECKING:
    from ..sign_options import SigningOptions

try:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

    HAS_CRYPTOGRAPHY = True
except ImportError:
    HAS_CRYPTOGRAPHY = False

_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_RSA_BITS = 2048
_LIMIT_BYTES = 1 << 16
_KINDS = "ECDSA on P-256, P-384 or P-521, RSA of at least 2048 bits, or Ed25519"
_MAKE = "Make one, for example: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -out release.key"


class KeySigner:
    """A private key that was read and can sign. Raises `RequestError` when it was not, or cannot.

    It signs with SHA-256 whatever the kind of the key, as cosign's verification expects by default.
    """

    def __init__(self, options: SigningOptions) -> None:
        if not HAS_CRYPTOGRAPHY:
            raise RequestError(
                "Tried to read the private key of sign, but the Python library cryptography is not installed for the "
                "Python that runs this module. Nothing was changed. Install it: pip install cryptography."
            )
        self._key: Any = _read_key(options)
        public = self._key.public_key()
        encoding, form = serialization.Encoding, serialization.PublicFormat.SubjectPublicKeyInfo
        self._public_key: bytes = public.public_bytes(encoding.DER, form)
        self.signed_by = SignedBy(public_key=public.public_bytes(encoding.PEM, form).decode())

    def check(self) -> None:
        """Nothing: a key that was read can sign."""

    def foretell(self, statement: bytes) -> bytes:
        """What `sign` makes: a key makes the same signature each time, unless its library is an old one."""
        return self.sign(statement)

    def sign(self, statement: bytes) -> bytes:
        """The Sigstore bundle of a signature of the in-toto *statement*."""
        return key_bundle(statement, self._sign(bytes_to_sign(statement)), self._public_key)

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(data)
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        try:
            # Without chance, two runs at once make the same signature, and no run depends on good random numbers.
            return self._key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))  # type: ignore[no-any-return]
        except UnsupportedAlgorithm:
            return self._key.sign(data, ec.ECDSA(hashes.SHA256()))  # type: ignore[no-any-return]


def _read_key(options: SigningOptions) -> Any:
    name = f"sign.private_key_file ({options.private_key_file})" if options.private_key_file else "sign.private_key"
    pem = _read_file(name, options.private_key_file) if options.private_key_file else options.private_key.encode()
    if problem := _form_problem(pem):
        raise _refusal(name, problem)
    try:
        key = serialization.load_pem_private_key(pem, options.passphrase.encode() or None)
    except TypeError as error:
        problem = (
            "it is not encrypted, so that it needs no passphrase. Leave sign.passphrase out"
            if options.passphrase
            else "it is encrypted. Give its passphrase as sign.passphrase"
        )
        raise _refusal(name, problem) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        # What was given is not shown, nor what the library says of it.
        also = (
            "the passphrase is not its, or it is damaged" if options.passphrase else "it is damaged, or no private key"
        )
        raise _refusal(name, f"it cannot be read as a private key in PEM form: {also}. {_MAKE}") from error
    if not _can_sign(key):
        raise _refusal(name, f"its kind is not supported. Use {_KINDS}. {_MAKE}")
    return key


def _read_file(name: str, path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(_LIMIT_BYTES)
    except OSError as error:
        problem = f"{error.strerror or error}. It has to be a file on the machine that runs Ansible"
        raise _refusal(name, problem) from error


def _form_problem(pem: bytes) -> str:
    """What is said of forms that are known and cannot be read."""
    if b"PUBLIC KEY-----" in pem:
        return "it is a public key. Give the private half; the public one belongs to the gate `signature`"
    if b"SIGSTORE PRIVATE KEY-----" in pem or b"COSIGN PRIVATE KEY-----" in pem:
        return (
            "it is encrypted in a form of cosign's own, which cannot be read here. Make a key with openssl, and give "
            f"it to cosign by `cosign import-key-pair --key release.key`. {_MAKE}"
        )
    if b"OPENSSH PRIVATE KEY-----" in pem:
        return f"it is a key of OpenSSH's form. {_MAKE}"
    return ""


def _can_sign(key: Any) -> bool:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.key_size >= _RSA_BITS
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.curve.name in _CURVES
    return isinstance(key, ed25519.Ed25519PrivateKey)


def _refusal(name: str, problem: str) -> RequestError:
    return RequestError(f"Tried to read {name} to sign with it, but {problem}. Nothing was changed.")
