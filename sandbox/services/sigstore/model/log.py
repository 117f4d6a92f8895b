# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Logs whose key signs what is entered: one of certificates (RFC 6962), and Rekor 1's of signed envelopes."""

import base64
import hashlib
import json
import time
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

START = "1970-01-01T00:00:00Z"


def base64_text(content: bytes) -> str:
    """*content* as JSON holds it."""
    return base64.b64encode(content).decode()


class Log:
    """A key that signs what is logged."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self._public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.id = hashlib.sha256(self._public).digest()

    def sign(self, content: bytes) -> bytes:
        """An ECDSA signature."""
        return self._key.sign(content, ec.ECDSA(hashes.SHA256()))

    def promise(self, certificate: bytes, issuer_key: bytes) -> bytes:
        """The list of one signed certificate timestamp (RFC 6962, 3.2 and 3.3) as a certificate's extension holds it.

        *certificate* is what is to be signed of it, without that extension; *issuer_key* is DER.
        """
        moment = int(time.time() * 1000).to_bytes(8)
        entry = hashlib.sha256(issuer_key).digest() + len(certificate).to_bytes(3) + certificate
        signature = self.sign(b"\x00\x00" + moment + b"\x00\x01" + entry + b"\x00\x00")
        promise = b"\x00" + self.id + moment + b"\x00\x00\x04\x03" + len(signature).to_bytes(2) + signature
        listed = len(promise).to_bytes(2) + promise
        inner = len(listed).to_bytes(2) + listed
        length = [len(inner)] if len(inner) < 128 else [0x81, len(inner)]
        return bytes([0x04, *length]) + inner

    def trusted(self, url: str) -> dict[str, Any]:
        """How a trusted root names it."""
        key = {
            "rawBytes": base64_text(self._public),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": {"start": START},
        }
        return {"baseUrl": url, "hashAlgorithm": "SHA2_256", "publicKey": key, "logId": {"keyId": base64_text(self.id)}}


class TransparencyLog(Log):
    """Logs envelopes. Each entry is the second of two in a log of its own, which is proof enough for a reader."""

    def enter(self, proposed: dict[str, Any]) -> dict[str, Any]:
        """The answer to a proposed entry."""
        body = json.dumps(_canonical(proposed), sort_keys=True, separators=(",", ":")).encode()
        first = hashlib.sha256(b"\x00the first entry").digest()
        root = hashlib.sha256(b"\x01" + first + hashlib.sha256(b"\x00" + body).digest()).digest()
        entry = {
            "body": base64_text(body),
            "integratedTime": int(time.time()),
            "logID": self.id.hex(),
            "logIndex": 1,
        }
        promise = self.sign(json.dumps(entry, sort_keys=True, separators=(",", ":")).encode())
        note = f"rekor.test - 1\n2\n{base64_text(root)}\n"
        proof = {
            "logIndex": 1,
            "treeSize": 2,
            "rootHash": root.hex(),
            "hashes": [first.hex()],
            "checkpoint": f"{note}\n— rekor.test {base64_text(self.id[:4] + self.sign(note.encode()))}\n",
        }
        verification = {"signedEntryTimestamp": base64_text(promise), "inclusionProof": proof}
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
