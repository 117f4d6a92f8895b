# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signing by an identity, with an instance of Sigstore on this machine."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters import identity_signer
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.identity_signer import IdentitySigner
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.gate import Signature
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.materials import (
    SignatureMaterial,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.sign_options import SigningOptions
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.signature_bundle import signature_statement

from sandbox.services.sigstore.model.certificates import CertificateAuthority
from tests.registries.sigstore import ISSUER, SigstoreInstance, token
from tests.unit.plugins.module_utils._promotion.adapters.keys import policy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

IDENTITY = "https://ci.example/acme/release.yml@refs/heads/main"
DIGESTS = tuple("sha256:" + letter * 64 for letter in "ab")


@pytest.fixture(scope="module")
def instance() -> Iterator[SigstoreInstance]:
    with SigstoreInstance() as running:
        yield running


@pytest.fixture
def options(instance: SigstoreInstance) -> Iterator[SigningOptions]:
    instance.asked.clear()
    yield SigningOptions(
        identity=IDENTITY,
        issuer=ISSUER,
        token=token(IDENTITY),
        signing_config=instance.signing_config,
        trusted_root=instance.trusted_root,
    )
    instance.refuses.clear()


def test_what_is_signed_passes_the_gate_and_one_certificate_is_enough(
    options: SigningOptions, instance: SigstoreInstance
) -> None:
    signer, gate = IdentitySigner(options), Signature()
    signer.check()
    assert instance.asked == []
    for digest in DIGESTS:
        bundle = signer.sign(signature_statement(digest, "registry.example/app"))
        found = gate.checker(policy_of(signer), digest)(SignatureMaterial("bundle", bundle))
        assert (found.valid, found.seen) == (True, f"signed by {IDENTITY}")
    assert instance.asked == ["/api/v2/signingCert", "/api/v1/log/entries", "/api/v1/log/entries"]


DEX, GITHUB = "https://oauth2.sigstore.dev/auth", "https://token.actions.githubusercontent.com"
WORKFLOW = "acme/app/.github/workflows/release.yml@refs/heads/main"
#: Who signs, who vouches for that by the certificate, and the token.
KINDS = {
    "GitHub": (f"https://github.com/{WORKFLOW}", GITHUB, ("repo:acme/app:ref:refs/heads/main", GITHUB), WORKFLOW),
    "e-mail": ("ops@example.com", "https://accounts.google.com", ("1234", "https://accounts.google.com"), ""),
    "federated": ("ops@example.com", "https://github.com/login/oauth", ("CgU", DEX), ""),
    "Kubernetes": (
        "https://kubernetes.io/namespaces/ci/serviceaccounts/release",
        "https://oidc.eks.us-east-1.amazonaws.com/id/A",
        ("system:serviceaccount:ci:release", "https://oidc.eks.us-east-1.amazonaws.com/id/A"),
        "",
    ),
    "SPIFFE": (
        "spiffe://example.com/release",
        "https://spire.example",
        ("spiffe://example.com/release", "https://spire.example"),
        "",
    ),
}


def kind_of_token(kind: str) -> str:
    identity, issuer, (subject, own), workflow = KINDS[kind]
    more: dict[str, Any] = {"email": identity, "email_verified": True} if "@example" in identity else {}
    if workflow:
        more["job_workflow_ref"] = workflow
    if own != issuer:
        more["federated_claims"] = {"connector_id": issuer, "user_id": "7"}
    return token(subject, own, **more)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_identity_signs_what_passes_the_gate(options: SigningOptions, kind: str) -> None:
    identity, issuer, *_token = KINDS[kind]
    signer = IdentitySigner(replace(options, identity=identity, issuer=issuer, token=kind_of_token(kind)))
    signer.check()
    bundle = signer.sign(signature_statement(DIGESTS[0], "registry.example/app"))
    assert Signature().checker(policy_of(signer), DIGESTS[0])(SignatureMaterial("bundle", bundle)).valid


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", ["identity", "issuer"])
def test_each_kind_of_identity_is_compared_before_anything_is_asked(
    options: SigningOptions, instance: SigstoreInstance, kind: str, wrong: str
) -> None:
    given = {"identity": KINDS[kind][0], "issuer": KINDS[kind][1]}
    given[wrong] += "x"
    with pytest.raises(RequestError, match=f"will name the {wrong} .*, and sign.{wrong} is {given[wrong]}"):
        IdentitySigner(replace(options, token=kind_of_token(kind), **given)).check()
    assert instance.asked == []


@pytest.mark.parametrize("change", [{"sub": "https://ci.example/other"}, {"iss": "https://other.example"}])
def test_a_certificate_for_somebody_else_signs_nothing_and_nothing_is_logged(
    options: SigningOptions, instance: SigstoreInstance, monkeypatch: pytest.MonkeyPatch, change: dict[str, str]
) -> None:
    other = {"sub": IDENTITY, "iss": ISSUER, **change}
    issue = CertificateAuthority.issue
    monkeypatch.setattr(
        CertificateAuthority, "issue", lambda authority, request, _claims: issue(authority, request, other)
    )
    signer = IdentitySigner(options)
    signer.check()
    for _twice in range(2):
        with pytest.raises(RequestError, match=r"certificate is not for that .*nothing was logged"):
            signer.sign(signature_statement(DIGESTS[0], "a"))
    assert set(instance.asked) == {"/api/v2/signingCert"}


def test_many_threads_may_sign_at_once(options: SigningOptions, instance: SigstoreInstance) -> None:
    signer = IdentitySigner(options)
    threads = [threading.Thread(target=signer.sign, args=(signature_statement(each, "a"),)) for each in DIGESTS * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert instance.asked.count("/api/v2/signingCert") == 1
    assert instance.asked.count("/api/v1/log/entries") == 4


# Made when it is asked for: between collecting the tests and running them a token may expire.
UNFIT: dict[str, Callable[[], str]] = {
    "cannot be used": lambda: "not-a-token",
    "Signature has expired": lambda: token(IDENTITY, seconds=-60),
    "will name the issuer https://other.example, and sign.issuer is": lambda: token(IDENTITY, "https://other.example"),
    "will name the identity https://ci.example/acme/oth": lambda: token(
        "https://ci.example/acme/other.yml@refs/heads/main"
    ),
    "will name the identity": lambda: token(IDENTITY + "/"),
    "name the identity": lambda: token(IDENTITY, job_workflow_ref="acme/app/.github/workflows/x.yml@refs/heads/main"),
}


@pytest.mark.parametrize("said", UNFIT)
def test_a_token_that_cannot_be_used_is_refused_before_and_not_shown(
    options: SigningOptions, instance: SigstoreInstance, said: str
) -> None:
    given = UNFIT[said]()
    with pytest.raises(RequestError, match=said) as refused:
        IdentitySigner(replace(options, token=given)).check()
    assert given not in refused.value.message
    assert "Nothing was signed" in refused.value.message
    assert instance.asked == []


def test_a_token_may_lie_in_a_file_or_a_variable(
    options: SigningOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "token"
    in_file = IdentitySigner(replace(options, token="", token_file=str(path)))
    with pytest.raises(RequestError, match=rf"sign.token_file \({path}\), but No such file"):
        in_file.check()
    path.write_text(token(IDENTITY) + "\n")
    in_file.check()
    monkeypatch.delenv("SIGSTORE_ID_TOKEN", raising=False)
    in_variable = IdentitySigner(replace(options, token=""))
    with pytest.raises(RequestError, match="the variable SIGSTORE_ID_TOKEN holds no token"):
        in_variable.check()
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", token(IDENTITY))
    in_variable.check()


@pytest.mark.parametrize("path", ["/api/v2/signingCert", "/api/v1/log/entries"])
def test_an_authority_or_log_that_refuses_is_named_and_the_token_is_not_shown(
    options: SigningOptions, instance: SigstoreInstance, path: str
) -> None:
    instance.refuses[path] = 503
    with pytest.raises(UnavailableError, match=r"503.*Run again to sign") as failed:
        IdentitySigner(options).sign(signature_statement(DIGESTS[0], "a"))
    assert options.token not in failed.value.message


def test_whoever_does_not_answer_is_not_waited_for_without_end(
    options: SigningOptions, instance: SigstoreInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    monkeypatch.setattr(identity_signer, "_SECONDS", 0.2)
    monkeypatch.setattr(instance, "answer", lambda *_asked: (over.wait(60), (503, {}))[1])
    with pytest.raises(UnavailableError, match="no answer within 0 s"):
        IdentitySigner(options).sign(signature_statement(DIGESTS[0], "a"))
    over.set()


@pytest.mark.parametrize("change", [{"signing_config": "{}"}, {"trusted_root": "{}"}, {"signing_config": "\x00"}])
def test_a_configuration_that_cannot_be_used_is_refused(options: SigningOptions, change: dict[str, str]) -> None:
    with pytest.raises(RequestError, match=r"Tried to read sign\.signing_config with sign\.trusted_root"):
        IdentitySigner(replace(options, **change))


def test_the_built_in_configuration_is_used_without_asking_the_network(
    options: SigningOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr("socket.socket.connect", lambda *_arguments: pytest.fail("it asked the network"))
    IdentitySigner(replace(options, signing_config="", trusted_root="")).check()


def test_a_controller_without_the_library_is_told_what_to_install(
    options: SigningOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sigstore.sign", None)
    with pytest.raises(RequestError, match="pip install sigstore"):
        IdentitySigner(options)
