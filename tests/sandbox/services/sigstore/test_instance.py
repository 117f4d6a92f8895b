# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The Sigstore instance beside AWS: the library of Sigstore signs with it, and verifies what it says."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from sigstore.dsse import StatementBuilder, Subject
from sigstore.errors import VerificationError
from sigstore.models import ClientTrustConfig, TrustedRoot
from sigstore.oidc import IdentityToken
from sigstore.sign import SigningContext
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

from sandbox.identity import PROVIDER_KEYS
from sandbox.release_identity import IDENTITY
from sandbox.services.oidc.model import Issuer
from sandbox.services.sigstore.model.instance import Doubt, Instance
from sandbox.services.sigstore.runtime import believed
from tests.sandbox.conftest import RunningSandbox, command

ISSUER = "https://issuer.example"
TRUST_CONFIG = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
STATEMENT = (
    StatementBuilder()
    .subjects([Subject(name="a release", digest={"sha256": "0" * 64})])
    .predicate_type("https://sigstore.dev/cosign/sign/v1")
    .predicate({})
    .build()
)
KINDS = ("nonsense", "another audience", "expired", "another issuer", "unsigned", "shared secret")


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    made = Issuer()
    made.url = ISSUER
    monkeypatch.setitem(PROVIDER_KEYS, "issuer.example", made.key_set()["keys"])
    return made


def claims(**other: Any) -> dict[str, Any]:
    return {"sub": IDENTITY, "aud": "sigstore", **other}


def test_a_token_of_a_known_issuer_is_believed(issuer: Issuer) -> None:
    assert believed(issuer.signed(claims(), 60))["sub"] == IDENTITY


@pytest.mark.parametrize(
    "kind", ["nonsense", "another audience", "expired", "another issuer", "unsigned", "shared secret"]
)
def test_no_other_token_is(issuer: Issuer, kind: str) -> None:
    other = Issuer()
    other.url = "https://elsewhere.example"
    whole = {**claims(), "iss": ISSUER, "exp": 4_000_000_000}
    key_id = {"kid": issuer.key_set()["keys"][0]["kid"]}
    token = {
        "nonsense": "nonsense",
        "another audience": issuer.signed(claims(aud="fastbreak"), 60),
        "expired": issuer.signed(claims(), -60),
        "another issuer": other.signed(claims(), 60),
        "unsigned": jwt.encode(whole, None, "none", key_id),
        "shared secret": jwt.encode(whole, "of nobody, but long enough to be one", "HS256", key_id),
    }[kind]
    with pytest.raises(Doubt):
        believed(token)
    status, told = Instance(believed).answer("/api/v2/signingCert", b"{}", f"Bearer {token}")
    assert (status, "certificate" in json.dumps(told)) == (401, False)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"certificateSigningRequest": "!"}', b'{"spec": 7}', b"\xff"])
def test_a_request_that_cannot_be_read_is_refused(issuer: Issuer, body: bytes) -> None:
    instance = Instance(believed)
    assert instance.answer("/api/v2/signingCert", body, f"Bearer {issuer.signed(claims(), 60)}")[0] == 400
    assert instance.answer("/api/v1/log/entries", body, "")[0] == 400
    assert instance.answer("/elsewhere", body, "")[0] == 404


def test_a_certificate_is_for_whom_the_token_names(issuer: Issuer) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    body = {"certificateSigningRequest": base64.b64encode(request.public_bytes(Encoding.PEM)).decode()}
    for more, named in (
        ({}, IDENTITY),
        (
            {"job_workflow_ref": "acme/app/.github/workflows/a.yml@b"},
            "https://github.com/acme/app/.github/workflows/a.yml@b",
        ),
        ({"email": "ada@example.com"}, "ada@example.com"),
        ({"sub": "system:serviceaccount:ci:release"}, "https://kubernetes.io/namespaces/ci/serviceaccounts/release"),
    ):
        token = issuer.signed(claims(**more), 60)
        status, told = Instance(believed).answer("/api/v2/signingCert", json.dumps(body).encode(), f"Bearer {token}")
        chain = told["signedCertificateEmbeddedSct"]["chain"]["certificates"]
        held = x509.load_pem_x509_certificate(chain[0].encode())
        names = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert (status, [name.value for name in names]) == (200, [named])


def test_what_is_signed_with_it_is_verified_by_its_root_alone(sandbox: RunningSandbox, tmp_path: Path) -> None:
    printed = command("env", "dev", name=sandbox.name).stdout
    variables = dict(line.removeprefix("export ").split("=", 1) for line in printed.splitlines())
    folder, token = Path(variables["FASTBREAK_SIGSTORE"]), Path(variables["SIGSTORE_ID_TOKEN_FILE"])
    assert token.stat().st_mode & 0o077 == 0
    assert "SIGSTORE_ID_TOKEN_FILE" not in command("env", "prod", name=sandbox.name).stdout
    root, config = ((folder / f"{name}.json").read_text() for name in ("trusted_root", "signing_config"))
    trust = {"mediaType": TRUST_CONFIG, "signingConfig": json.loads(config), "trustedRoot": json.loads(root)}
    context = SigningContext.from_trust_config(ClientTrustConfig.from_json(json.dumps(trust)))
    with context.signer(IdentityToken(token.read_text(), "sigstore")) as signer:
        bundle = signer.sign_dsse(STATEMENT)
    policy = Identity(identity=IDENTITY, issuer=variables["FASTBREAK_OIDC_ISSUER"])
    found = Verifier(trusted_root=TrustedRoot.from_file(str(folder / "trusted_root.json"))).verify_dsse(bundle, policy)
    assert found[1] == STATEMENT._contents
    another = tmp_path / "trusted_root.json"
    another.write_text(Instance(believed).trusted_root("http://127.0.0.1"))
    with pytest.raises(VerificationError):
        Verifier(trusted_root=TrustedRoot.from_file(str(another))).verify_dsse(bundle, policy)
