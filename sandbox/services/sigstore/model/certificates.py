# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The certificate authority (Fulcio): certificates of ten minutes for whom a token names."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.services.sigstore.model.log import Log

_SCTS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_ISSUER_V2 = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sigstore.test")])
_ROOT_VALID = timedelta(days=3650)
_VALID = timedelta(minutes=10)
_EARLY = timedelta(seconds=1)


class CertificateAuthority:
    """Issues certificates, each with a promise of the log of certificates."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, log: Log) -> None:
        self._key, self._log = key, log
        self._public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.root = (
            _builder(key.public_key(), _NAME, _ROOT_VALID)
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )

    def issue(self, request: str, claims: Mapping[str, Any]) -> list[str]:
        """The chain, in PEM, for the key of a certificate signing request and for whom a token's *claims* name."""
        wanted = x509.load_pem_x509_csr(request.encode()).public_key()
        issuer = str(claims.get("federated_claims", {}).get("connector_id", claims["iss"])).encode()
        builder = (
            _builder(wanted, x509.Name([]), _VALID)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectAlternativeName([_name(claims)]), critical=True)
            .add_extension(x509.UnrecognizedExtension(_ISSUER, issuer), critical=False)
            .add_extension(x509.UnrecognizedExtension(_ISSUER_V2, bytes([0x0C, len(issuer)]) + issuer), critical=False)
        )
        bare = builder.sign(self._key, hashes.SHA256())
        promise = self._log.promise(bare.tbs_certificate_bytes, self._public)
        promised = builder.add_extension(x509.UnrecognizedExtension(_SCTS, promise), critical=False)
        chain = (promised.sign(self._key, hashes.SHA256()), self.root)
        return [each.public_bytes(Encoding.PEM).decode() for each in chain]


def _builder(public_key: Any, subject: x509.Name, valid: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC) - _EARLY
    return (
        x509.CertificateBuilder()
        .issuer_name(_NAME)
        .subject_name(subject)
        .public_key(public_key)
        .not_valid_before(now)
        .not_valid_after(now + valid)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _name(claims: Mapping[str, Any]) -> x509.GeneralName:
    """Whom a certificate is for, as Fulcio makes it of a token (its docs/oidc.md)."""
    if "email" in claims:
        return x509.RFC822Name(claims["email"])
    if "job_workflow_ref" in claims:
        return x509.UniformResourceIdentifier(f"https://github.com/{claims['job_workflow_ref']}")
    kind, _colon, account = str(claims["sub"]).partition(":serviceaccount:")
    if kind == "system":
        namespace, _colon, name = account.partition(":")
        return x509.UniformResourceIdentifier(f"https://kubernetes.io/namespaces/{namespace}/serviceaccounts/{name}")
    return x509.UniformResourceIdentifier(str(claims["sub"]))


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    names = (
        *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
        *("encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        **dict.fromkeys(names, False),
    )
