# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gates of a promotion as values: what each asks for, what was seen, and the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from ..._release.promotion import GateMode


#: As ECR names them, the gravest first. UNTRIAGED and UNDEFINED have not been judged, so that they count as given.
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNTRIAGED", "UNDEFINED")


@dataclass(frozen=True, slots=True)
class AllowedFinding:
    """A vulnerability that is let through: why, and through which day (UTC). An expired one lets nothing through."""

    vulnerability: str
    reason: str
    expires: date
    package: str = ""


@dataclass(frozen=True, slots=True)
class VulnerabilityPolicy:
    """At most this many findings of each severity; a severity that is not named may have any number."""

    mode: GateMode
    maximum: tuple[tuple[str, int], ...]
    allow: tuple[AllowedFinding, ...] = ()
    wait_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class SignaturePolicy:
    """A signature by this public key (PEM), or by this certificate identity and issuer (keyless).

    ``trusted_root`` is the text of a Sigstore trusted_root.json; empty means the public good instance's.
    ``predicate_type`` empty asks for a signature of the image, otherwise for an attestation of that predicate.
    """

    mode: GateMode
    public_key: str = ""
    identity: str = ""
    issuer: str = ""
    trusted_root: str = ""
    predicate_type: str = ""


@dataclass(frozen=True, slots=True)
class AgePolicy:
    """How long ago the image must and may have been created (its config's ``created``), in hours; None: any."""

    mode: GateMode
    minimum_hours: float | None = None
    maximum_hours: float | None = None


@dataclass(frozen=True, slots=True)
class LabelPolicy:
    """Labels that must exist, with the value unless empty; ``revision_is_tag``: revision and tag name one commit."""

    mode: GateMode
    required: tuple[tuple[str, str], ...] = ()
    revision_is_tag: bool = True


@dataclass(frozen=True, slots=True)
class GatePolicies:
    """All of them; None is off."""

    vulnerabilities: VulnerabilityPolicy | None = None
    signature: SignaturePolicy | None = None
    age: AgePolicy | None = None
    labels: LabelPolicy | None = None


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
