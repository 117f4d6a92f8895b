# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values of the port `Signatures`: who must have signed, what may prove it, and what checking that gave."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignaturePolicy:
    """A signature by this public key (PEM), or by this certificate identity and issuer (keyless).

    ``trusted_root`` is the text of a Sigstore trusted_root.json; empty means the public good instance's.
    ``predicate_type`` empty asks for a signature of the image, otherwise for an attestation of that predicate.
    """

    public_key: str = ""
    identity: str = ""
    issuer: str = ""
    trusted_root: str = ""
    predicate_type: str = ""


@dataclass(frozen=True, slots=True)
class SignatureMaterial:
    """Something attached to an image that may prove where it comes from.

    ``form`` is ``cosign`` (payload is the simple signing document, ``signature`` its base64 signature, certificate
    and Rekor bundle in ``annotations``), ``dsse`` (payload is a DSSE envelope) or ``bundle`` (a Sigstore bundle).
    """

    form: str
    payload: bytes
    signature: str = ""
    annotations: tuple[tuple[str, str], ...] = ()
    origin: str = ""


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """What verifying one material gave. ``valid`` only when it was proven for the digest that was asked about."""

    valid: bool
    origin: str
    seen: str
