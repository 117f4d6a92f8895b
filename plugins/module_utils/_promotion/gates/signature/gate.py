# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gate ``signature``: a signature of the image, or an attestation about it, by whom the policy names."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ...._common.verdict import Verdict
from ...signatures import SignatureCheck, SignaturePolicy
from ..model import NAMED, Gate, Judgement
from .materials import check_signatures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ...values import SourceImage
    from ..model import Options
    from ..subject import Subject

_TEXTS = ("public_key", "identity", "issuer", "trusted_root", "predicate_type")


class Signature(Gate[SignaturePolicy, tuple[SignatureCheck, ...]]):
    """A valid signature is enough, whatever else is attached."""

    name = "signature"
    options: ClassVar[Options] = {
        **{name: {"type": "str"} for name in _TEXTS},
        "public_key": {"type": "str", "no_log": False},
    }

    def problems(self, options: Options) -> Iterator[str]:
        """It must be clear whose signature counts."""
        policy = self.read(options)
        keyless = bool(policy.identity or policy.issuer)
        if bool(policy.public_key) == keyless:
            yield "gates.signature needs either 'public_key', or 'identity' with 'issuer'; whose signature counts?"
        elif keyless and not (policy.identity and policy.issuer):
            yield "gates.signature needs 'identity' and 'issuer' together: anybody can have that identity elsewhere"
        if policy.public_key and policy.trusted_root:
            yield "gates.signature.trusted_root belongs to 'identity'; a 'public_key' needs none"
        if "PRIVATE KEY" in policy.public_key:
            yield "gates.signature.public_key holds a private key, which does not belong here; give the public half"

    def read(self, options: Options) -> SignaturePolicy:
        """Who must have signed."""
        return SignaturePolicy(**{name: options[name] or "" for name in _TEXTS})

    def measure(self, policy: SignaturePolicy, subject: Subject) -> tuple[SignatureCheck, ...]:
        """What is attached to the image itself, checked up to the first that is valid."""
        return check_signatures(subject, policy)

    def assess(
        self, _policy: SignaturePolicy, measured: tuple[SignatureCheck, ...], image: SourceImage, _now: datetime
    ) -> Judgement:
        """A single valid signature passes. None that is, or none at all, is the image's fault."""
        valid = next((check for check in measured if check.valid), None)
        if valid:
            return Judgement(Verdict.HEALTHY, f"{valid.origin}: {valid.seen}")
        if measured:
            named = "; ".join(f"{check.origin}: {check.seen}" for check in measured[:NAMED])
            seen = f"none of {len(measured)} is valid: {named}"
        else:
            seen = (
                f"nothing that could prove it is attached to {image.digest}; sign the image by digest (`cosign sign`) "
                "and see that `attachments` is not off"
            )
        if image.rewritten_from:
            whole = image.rewritten_from
            seen += f"; a subset of platforms is an image of its own, which signatures of {whole} do not cover"
        return Judgement(Verdict.UNHEALTHY, seen)

    def expect(self, policy: SignaturePolicy, _image: SourceImage) -> str:
        """Who must have signed, in words."""
        what = f"an attestation {policy.predicate_type}" if policy.predicate_type else "a signature"
        who = "the given public key" if policy.public_key else f"{policy.identity} (issuer {policy.issuer})"
        return f"{what} of the image's digest by {who}"
