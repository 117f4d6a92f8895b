# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Sigstore instance on this machine: a certificate authority, its certificate log, and a transparency log (Rekor 1).

They speak what the real ones speak, and prove what they say as those do: `sigstore` verifies all of it. Who asks for a
certificate is believed whatever its token says, for no issuer is asked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ISSUER = "https://issuer.example"
_SCTS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_ISSUER_V2 = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sigstore.test")])
_START = "1970-01-01T00:00:00Z"


def token(identity: str, issuer: str = ISSUER, *, seconds: float = 600, **more: Any) -> str:
    """A token that says it is *identity*, as *issuer* would make it, with *more* claims."""
    now = int(time.time())
    claims = {"iss": issuer, "sub": identity, "aud": "sigstore", "iat": now - 1, "exp": now + int(seconds), **more}
    parts = [{"alg": "RS256", "typ": "JWT"}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, base64.urlsafe_b64encode(b"signature").rstrip(b"=").decode()])


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


class Log:
    """A key that signs what is logged."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.id = hashlib.sha256(self.public).digest()

    def sign(self, content: bytes) -> bytes:
        return self.key.sign(content, ec.ECDSA(hashes.SHA256()))

    def trusted(self, url: str) -> dict[str, Any]:
        """How a trusted root names it."""
        key = {
            "rawBytes": _base64(self.public),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": {"start": _START},
        }
        return {"baseUrl": url, "hashAlgorithm": "SHA2_256", "publicKey": key, "logId": {"keyId": _base64(self.id)}}


class Authority:
    """Issues certificates for ten minutes, each with a promise of its log."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.root = (
            self._builder(self.key.public_key(), timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(self.key, hashes.SHA256())
        )

    def _builder(self, public_key: Any, valid: timedelta) -> x509.CertificateBuilder:
        now = datetime.now(UTC) - timedelta(seconds=1)
        builder = x509.CertificateBuilder().issuer_name(_NAME).public_key(public_key)
        builder = builder.subject_name(_NAME if valid.days else x509.Name([]))
        builder = builder.not_valid_before(now).not_valid_after(now + valid).serial_number(x509.random_serial_number())
        return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)

    def issue(self, request: bytes, bearer: str) -> dict[str, Any]:
        """The answer to a request for a certificate."""
        part = bearer.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        csr = x509.load_pem_x509_csr(base64.b64decode(json.loads(request)["certificateSigningRequest"]))
        issuer = claims.get("federated_claims", {}).get("connector_id", claims["iss"]).encode()
        builder = (
            self._builder(csr.public_key(), timedelta(minutes=10))
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),  # type: ignore[arg-type]
                critical=False,
            )
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectAlternativeName([_name(claims)]), critical=True)
            .add_extension(x509.UnrecognizedExtension(_ISSUER_V2, bytes([0x0C, len(issuer)]) + issuer), critical=False)
        )
        bare = builder.sign(self.key, hashes.SHA256())
        promised = builder.add_extension(
            x509.UnrecognizedExtension(_SCTS, self._promise(bare.tbs_certificate_bytes)), critical=False
        ).sign(self.key, hashes.SHA256())
        chain = [each.public_bytes(Encoding.PEM).decode() for each in (promised, self.root)]
        return {"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}

    def _promise(self, certificate: bytes) -> bytes:
        """The list of one signed certificate timestamp (RFC 6962, 3.2 and 3.3) as an extension holds it."""
        moment = int(time.time() * 1000).to_bytes(8)
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        entry = hashlib.sha256(public).digest() + len(certificate).to_bytes(3) + certificate
        signature = self.log.sign(b"\x00\x00" + moment + b"\x00\x01" + entry + b"\x00\x00")
        promise = b"\x00" + self.log.id + moment + b"\x00\x00\x04\x03" + len(signature).to_bytes(2) + signature
        listed = len(promise).to_bytes(2) + promise
        inner = len(listed).to_bytes(2) + listed
        return bytes([0x04, *_length(len(inner))]) + inner


def _name(claims: dict[str, Any]) -> x509.GeneralName:
    """Whom a certificate is for, as Fulcio makes it of a token (docs/oidc.md)."""
    if "email" in claims:
        return x509.RFC822Name(claims["email"])
    if "job_workflow_ref" in claims:
        return x509.UniformResourceIdentifier(f"https://github.com/{claims['job_workflow_ref']}")
    kind, _colon, account = claims["sub"].partition(":serviceaccount:")
    if kind == "system":
        namespace, _colon, name = account.partition(":")
        return x509.UniformResourceIdentifier(f"https://kubernetes.io/namespaces/{namespace}/serviceaccounts/{name}")
    return x509.UniformResourceIdentifier(claims["sub"])


def _length(count: int) -> bytes:
    return bytes([count]) if count < 128 else bytes([0x81, count])


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


class TransparencyLog(Log):
    """Logs envelopes. Each entry is the second of two in a log of its own, which is proof enough for a reader."""

    def enter(self, proposed: dict[str, Any]) -> dict[str, Any]:
        """The answer to a proposed entry."""
        body = json.dumps(_canonical(proposed), sort_keys=True, separators=(",", ":")).encode()
        first = hashlib.sha256(b"\x00the first entry").digest()
        root = hashlib.sha256(b"\x01" + first + hashlib.sha256(b"\x00" + body).digest()).digest()
        entry = {
            "body": _base64(body),
            "integratedTime": int(time.time()),
            "logID": self.id.hex(),
            "logIndex": 1,
        }
        promise = self.sign(json.dumps(entry, sort_keys=True, separators=(",", ":")).encode())
        note = f"rekor.test - 1\n2\n{_base64(root)}\n"
        checkpoint = f"{note}\n— rekor.test {_base64(self.id[:4] + self.sign(note.encode()))}\n"
        proof = {
            "logIndex": 1,
            "treeSize": 2,
            "rootHash": root.hex(),
            "hashes": [first.hex()],
            "checkpoint": checkpoint,
        }
        verification = {"signedEntryTimestamp": _base64(promise), "inclusionProof": proof}
        return {root.hex(): {**entry, "verification": verification}}


def _canonical(proposed: dict[str, Any]) -> dict[str, Any]:
    """What Rekor keeps of a proposed envelope: its digests, and its signatures with who may have made them."""
    content = proposed["spec"]["proposedContent"]
    envelope = json.loads(content["envelope"])

    def hashed(data: bytes) -> dict[str, str]:
        return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}

    signatures = [{"signature": each["sig"], "verifier": content["verifiers"][0]} for each in envelope["signatures"]]
    spec = {
        "envelopeHash": hashed(content["envelope"].encode()),
        "payloadHash": hashed(base64.b64decode(envelope["payload"])),
        "signatures": signatures,
    }
    return {"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}


class SigstoreInstance:
    """All of it, behind one address. ``asked`` are the paths that were asked; *refuses* the statuses of some."""

    def __init__(self) -> None:
        self.certificate_log, self.log = Log(), TransparencyLog()
        self.authority = Authority(self.certificate_log)
        self.asked: list[str] = []
        self.refuses: dict[str, int] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, body: bytes, authorization: str) -> tuple[int, dict[str, Any]]:
        """Status and document of the answer to a POST."""
        self.asked.append(path)
        if status := self.refuses.get(path):
            return status, {"message": "not now"}
        if path.endswith("signingCert"):
            return 200, self.authority.issue(body, authorization.removeprefix("Bearer "))
        return 201, self.log.enter(json.loads(body))

    @property
    def signing_config(self) -> str:
        """Its signing_config.json."""
        service = {"url": self.url, "majorApiVersion": 1, "validFor": {"start": _START}, "operator": "test"}
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": [service],
                "rekorTlogUrls": [service],
                "rekorTlogConfig": {"selector": "ANY"},
                "tsaConfig": {"selector": "ANY"},
            }
        )

    @property
    def trusted_root(self) -> str:
        """Its trusted_root.json."""
        authority = {
            "subject": {"commonName": "sigstore.test", "organization": "test"},
            "uri": self.url,
            "certChain": {"certificates": [{"rawBytes": _base64(self.authority.root.public_bytes(Encoding.DER))}]},
            "validFor": {"start": _START},
        }
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [self.log.trusted("https://rekor.test")],
                "certificateAuthorities": [authority],
                "ctlogs": [self.certificate_log.trusted("https://ct.test")],
                "timestampAuthorities": [],
            }
        )


def _handler(instance: SigstoreInstance) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, document = instance.answer(self.path, body, self.headers.get("Authorization", ""))
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    return Handler
