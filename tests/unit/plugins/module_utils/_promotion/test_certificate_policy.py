# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate is compared with the identity and the issuer that it has to name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.certificate_policy import CertificatePolicy
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sigstore.errors import VerificationError

ISSUER = "https://issuer.example"
OLD, NEW = (x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}") for number in (1, 8))


def certificate(*names: Any, old: str = "", new: str = "") -> x509.Certificate:
    key, nobody, moment = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().issuer_name(nobody).subject_name(nobody).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(moment).not_valid_after(moment)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
    for kind, value in ((OLD, old.encode()), (NEW, bytes([0x0C, len(new)]) + new.encode())):
        if value.strip(b"\x0c\x00"):
            builder = builder.add_extension(x509.UnrecognizedExtension(kind, value), critical=False)
    return builder.sign(key, hashes.SHA256())


URI = x509.UniformResourceIdentifier("https://ci.example/release")
EMAIL = x509.RFC822Name("ops@example.com")


@pytest.mark.parametrize(
    ("identity", "made"),
    [
        ("https://ci.example/release", certificate(URI, new=ISSUER)),
        ("https://ci.example/release", certificate(URI, old=ISSUER)),
        ("https://ci.example/release", certificate(URI, old="https://other.example", new=ISSUER)),
        ("ops@example.com", certificate(EMAIL, new=ISSUER)),
        ("ops@example.com", certificate(URI, EMAIL, new=ISSUER)),
    ],
)
def test_a_certificate_that_names_both_is_taken(identity: str, made: x509.Certificate) -> None:
    CertificatePolicy(identity, ISSUER).verify(made)


@pytest.mark.parametrize(
    ("identity", "made"),
    [
        ("https://ci.example/release/", certificate(URI, new=ISSUER)),
        ("ops@example.com", certificate(URI, new=ISSUER)),
        ("https://ci.example/release", certificate(URI, new="https://other.example")),
        ("https://ci.example/release", certificate(URI)),
    ],
)
def test_any_other_is_refused(identity: str, made: x509.Certificate) -> None:
    with pytest.raises(VerificationError):
        CertificatePolicy(identity, ISSUER).verify(made)
