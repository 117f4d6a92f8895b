# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A Sigstore instance: who signs for a token's identity, where that is logged, and what a verifier has to trust."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from sandbox.services.sigstore.model.certificates import CertificateAuthority
from sandbox.services.sigstore.model.log import START, Log, TransparencyLog, base64_text

Answer = tuple[int, dict[str, Any]]
"""Status and document."""


class Doubt(Exception):  # noqa: N818 - it is an answer, not a fault
    """A token that nobody vouches for."""


class Instance:
    """It speaks what the real one speaks. *believe* gives the claims of a token that is to be believed, or Doubt."""

    def __init__(self, believe: Callable[[str], Mapping[str, Any]]) -> None:
        self._believe = believe
        self._certificate_log = Log(_key())
        self._log = TransparencyLog(_key())
        self._authority = CertificateAuthority(_key(), self._certificate_log)

    def answer(self, path: str, body: bytes, authorization: str) -> Answer:
        """The answer to a POST."""
        try:
            if path.endswith("/api/v2/signingCert"):
                claims = self._believe(authorization.removeprefix("Bearer "))
                request = base64.b64decode(json.loads(body)["certificateSigningRequest"]).decode()
                chain = self._authority.issue(request, claims)
                return 200, {"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}
            if path.endswith("/api/v1/log/entries"):
                return 201, self._log.enter(json.loads(body))
        except Doubt as doubt:
            return 401, {"code": 16, "message": str(doubt)}
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            return 400, {"code": 3, "message": f"the request cannot be read ({type(error).__name__})"}
        return 404, {"code": 5, "message": "there is nothing here"}

    def signing_config(self, url: str) -> str:
        """Its signing_config.json, when it answers at *url*."""
        service = {"url": url, "majorApiVersion": 1, "validFor": {"start": START}, "operator": "test"}
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": [service],
                "rekorTlogUrls": [service],
                "rekorTlogConfig": {"selector": "ANY"},
                "tsaConfig": {"selector": "ANY"},
            }
        )

    def trusted_root(self, url: str) -> str:
        """Its trusted_root.json, when it answers at *url*."""
        authority = {
            "subject": {"commonName": "sigstore.test", "organization": "test"},
            "uri": url,
            "certChain": {"certificates": [{"rawBytes": base64_text(self._authority.root.public_bytes(Encoding.DER))}]},
            "validFor": {"start": START},
        }
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [self._log.trusted(url)],
                "certificateAuthorities": [authority],
                "ctlogs": [self._certificate_log.trusted(url)],
                "timestampAuthorities": [],
            }
        )


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())
