# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signing with private keys: what openssl and the gate say of the signatures, and which keys are refused."""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters import key_signer
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.key_signer import KeySigner
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.gate import Signature
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.materials import (
    SignatureMaterial,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.sign_options import SigningOptions
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.signature_bundle import (
    bytes_to_sign,
    signature_statement,
)
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec

from tests.unit.plugins.module_utils._promotion.adapters.keys import PASSPHRASE, openssl, policy_of, private_key

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = "sha256:" + "a" * 64
STATEMENT = signature_statement(DIGEST, "registry.example/app")


@pytest.mark.parametrize("kind", ["P-256", "P-384", "P-521", "RSA 2048", "Ed25519"])
def test_a_signature_is_one_for_openssl_and_for_the_gate(kind: str, tmp_path: Path) -> None:
    signer = KeySigner(SigningOptions(private_key=private_key(kind)))
    signer.check()
    bundle = signer.sign(STATEMENT)
    assert Signature().checker(policy_of(signer), DIGEST)(SignatureMaterial("bundle", bundle)).valid
    assert not Signature().checker(policy_of(signer), "sha256:" + "b" * 64)(SignatureMaterial("bundle", bundle)).valid
    public, signature, data = (tmp_path / name for name in ("public", "signature", "data"))
    public.write_text(signer.signed_by.public_key)
    signature.write_bytes(base64.b64decode(json.loads(bundle)["dsseEnvelope"]["signatures"][0]["sig"]))
    data.write_bytes(bytes_to_sign(STATEMENT))
    how = ["pkeyutl", "-verify", "-pubin", "-inkey", str(public), "-rawin", "-sigfile", str(signature), "-in"]
    if kind != "Ed25519":
        how = ["dgst", "-sha256", "-verify", str(public), "-signature", str(signature)]
    assert b"erified" in openssl(*how, str(data))


def test_two_runs_make_the_same_signature() -> None:
    options = SigningOptions(private_key=private_key())
    assert KeySigner(options).sign(STATEMENT) == KeySigner(options).sign(STATEMENT)


def test_where_openssl_is_too_old_for_that_it_signs_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        @staticmethod
        def ECDSA(algorithm: object, **options: object) -> object:  # noqa: N802 - the library's name
            if options:
                raise UnsupportedAlgorithm("deterministic")
            return ec.ECDSA(algorithm)  # type: ignore[arg-type]

    signer = KeySigner(SigningOptions(private_key=private_key()))
    monkeypatch.setattr(key_signer, "ec", Old)
    made = signer.sign(STATEMENT)
    monkeypatch.undo()
    assert Signature().checker(policy_of(signer), DIGEST)(SignatureMaterial("bundle", made)).valid


def test_a_key_of_a_file_is_opened_with_its_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "release.key"
    path.write_text(private_key(encrypted=True))
    signer = KeySigner(SigningOptions(private_key_file=str(path), passphrase=PASSPHRASE))
    assert "BEGIN PUBLIC KEY" in signer.signed_by.public_key


PUBLIC = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"
COSIGN = "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\neyJr\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n"
OPENSSH = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("pem", "passphrase", "said"),
    [
        ("secret-of-nobody", "", "no private key"),
        (PUBLIC, "", "it is a public key. Give the private half"),
        (COSIGN, "secret", "cosign import-key-pair"),
        (OPENSSH, "", "OpenSSH's form"),
        (private_key(encrypted=True), "", "it is encrypted. Give its passphrase as sign.passphrase"),
        (private_key(encrypted=True), "wrong", "the passphrase is not its"),
        (private_key(), "secret", "it is not encrypted"),
        (private_key("secp256k1"), "", "its kind is not supported"),
        (private_key("RSA 1024"), "", "its kind is not supported"),
        (private_key("X25519"), "", "its kind is not supported"),
        (private_key()[:150], "", "it is damaged"),
    ],
)
def test_what_cannot_sign_is_refused_and_not_shown(pem: str, passphrase: str, said: str) -> None:
    with pytest.raises(RequestError) as refused:
        KeySigner(SigningOptions(private_key=pem, passphrase=passphrase))
    assert said in refused.value.message
    assert refused.value.message.startswith("Tried to read sign.private_key to sign with it, but")
    assert refused.value.message.endswith("Nothing was changed.")
    assert pem.split("\n")[1 if "\n" in pem else 0] not in refused.value.message
    assert not passphrase or passphrase == "wrong" or passphrase not in refused.value.message


@pytest.mark.parametrize(("name", "said"), [("nothing", "No such file"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_named(name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=rf"private_key_file \({tmp_path}.*{said}.*that runs Ansible"):
        KeySigner(SigningOptions(private_key_file=str(tmp_path / name)))


def test_a_controller_without_the_library_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "cryptography" in sys.modules
    monkeypatch.setattr(key_signer, "HAS_CRYPTOGRAPHY", False)
    with pytest.raises(RequestError, match="pip install cryptography"):
        KeySigner(SigningOptions(private_key=private_key()))
