# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The sandbox's certificate authority: whoever trusts its file can verify what load balancers say they are."""

import datetime as dt
import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LEAF_DAYS = 395
"""As long as ACM's own certificates are valid."""
_AUTHORITY_DAYS = 3650
_EARLY = dt.timedelta(hours=1)
"""Clocks differ."""


@dataclass(frozen=True)
class Issued:
    """A certificate of the authority with its key, each in PEM."""

    certificate: str
    key: str


def authority_path(home: Path) -> Path:
    """The file to trust: the authority's own certificate."""
    return home / "authority.pem"


class Authority:
    """Issues certificates. Its key lies in the sandbox's folder, is readable by its user alone, and goes with it."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key, self._certificate = key, certificate

    @classmethod
    def of(cls, home: Path) -> "Authority":
        """The authority of the sandbox kept in `home`, made when there is none yet."""
        kept, public = home / "authority.key", authority_path(home)
        if not (kept.exists() and public.exists()):
            _make(kept, public)
        key = serialization.load_pem_private_key(kept.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - it was made here
        return cls(key, x509.load_pem_x509_certificate(public.read_bytes()))

    @property
    def certificate(self) -> str:
        """The authority's own certificate, in PEM."""
        return _pem(self._certificate)

    def issue(self, names: Iterable[str], addresses: Iterable[str] = ()) -> Issued:
        """A certificate for a server of these names, the first of which is its subject, at these IP addresses."""
        listed = list(names)
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [x509.DNSName(name) for name in listed]
        places = [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        built = (
            _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, listed[0][:64])]), key, _LEAF_DAYS)
            .issuer_name(self._certificate.subject)
            .add_extension(x509.SubjectAlternativeName([*alternatives, *places]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return Issued(_pem(built), _private_pem(key).decode())


def _make(kept: Path, public: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Fastbreak sandbox")])
    certificate = (
        _builder(name, key, _AUTHORITY_DAYS)
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    kept.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(_private_pem(key))
    public.write_text(_pem(certificate))


def _builder(subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLY)
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
