# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures made by independent signers (tests/vectors/signatures), and a check of each as the gate asks for it."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.gate import Signature
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.materials import (
    SignatureCheck,
    SignatureMaterial,
    SignaturePolicy,
)

from tools.files import ROOT

VECTORS = ROOT / "tests" / "vectors" / "signatures"
OPENSSL = json.loads((VECTORS / "openssl.json").read_text())
SIGSTORE = json.loads((VECTORS / "sigstore_js.json").read_text())
DIGEST = OPENSSL["digest"]
SLSA = OPENSSL["predicate_type"]
KEYS = {each["kind"]: each for each in OPENSSL["keys"]}

BY_KEY = SignaturePolicy(public_key=SIGSTORE["public_key"])
KEYLESS = SignaturePolicy(
    identity=SIGSTORE["identity"],
    issuer=SIGSTORE["issuer"],
    trusted_root=json.dumps(SIGSTORE["trusted_root"]),
)
# Reading a trusted root takes a while; the gate keeps it.
GATE = Signature()


def check(
    form: str, payload: Any, policy: SignaturePolicy, *, signature: str = "", digest: str = DIGEST
) -> SignatureCheck:
    content = payload if isinstance(payload, bytes) else payload.encode()
    material = SignatureMaterial(form, content, signature, origin="there")
    return GATE.checker(policy, digest)(material)


def bundle(name: str, policy: SignaturePolicy, *, kind: str = "keyless") -> SignatureCheck:
    return check("bundle", json.dumps(SIGSTORE[kind][name]), policy)


def by(key: str, predicate_type: str = "") -> SignaturePolicy:
    return SignaturePolicy(public_key=KEYS[key]["public_key"], predicate_type=predicate_type)
