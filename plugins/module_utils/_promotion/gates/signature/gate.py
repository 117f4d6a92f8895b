# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``signature``: a signature of the image, or an attestation about it, by whom the policy names.

This folder holds all of it: what is attached is found and read in `materials`, taken apart in `payloads`, and proven by
a key in `keys` or by an identity in `keyless`; `local_root` knows which roots count on this machine alone.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, ClassVar

from ...._common.verdict import Verdict
from ...._errors import RequestError
from ..model import NAMED, Gate, Judgement
from ..subject import printable
from .keyless import KeylessVerifier
from .keys import PublicKey, check_by_key
from .local_root import local_instance
from .materials import SignatureCheck, SignaturePolicy, read_materials
from .payloads import NotProofError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...._common.time_span import TimeSpan
    from ...ports import Ports
    from ...values import SourceImage
    from ..model import Options
    from ..subject import Subject
    from .materials import SignatureMaterial

_TEXTS = ("public_key", "identity", "issuer", "trusted_root", "predicate_type")
_REASON = 400


class Signature(Gate[SignaturePolicy, tuple[SignatureCheck, ...]]):
    """A valid signature is enough, whatever else is attached. Nothing is fetched to check it.

    Trusted roots are read once, for all images. Safe to call from many threads.
    """

    name = "signature"
    options: ClassVar[Options] = {
        **{name: {"type": "str"} for name in _TEXTS},
        "public_key": {"type": "str", "no_log": False},
    }

    def __init__(self) -> None:
        self._lock = Lock()
        self._keyless: dict[str, KeylessVerifier] = {}

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
        """What is attached to the image itself (its root), checked up to the first that is valid."""
        _check_root(policy, subject.ports)
        # A policy that cannot be right is found out even where there is nothing to hold it against.
        check = self.checker(policy, subject.image.digest)
        checks: list[SignatureCheck] = []
        for material in read_materials(subject, policy):
            checks.append(material if isinstance(material, SignatureCheck) else check(material))
            if checks[-1].valid:
                break
        return tuple(checks)

    def checker(self, policy: SignaturePolicy, digest: str) -> Callable[[SignatureMaterial], SignatureCheck]:
        """What checks a material against *policy* for the image *digest*. It never raises.

        Raises `RequestError` for a policy that cannot be right: no readable key, a library that is not installed.
        """
        prove = self._prover(policy, digest)
        return lambda material: _check(material, prove)

    def _prover(self, policy: SignaturePolicy, digest: str) -> Callable[[SignatureMaterial], str]:
        if bool(policy.public_key) == bool(policy.identity):
            raise RequestError(
                "The gate `signature` wants either public_key or identity with issuer, and was given "
                f"{'both' if policy.public_key else 'neither'}. Name who must have signed."
            )
        if policy.public_key:
            key = PublicKey(policy.public_key)
            return lambda material: check_by_key(key, material, digest, policy.predicate_type)
        if not policy.issuer:
            raise RequestError(
                f"The gate `signature` was given the identity {policy.identity} and no issuer, so that any issuer "
                "could vouch for it. Name the issuer, for GitHub Actions https://token.actions.githubusercontent.com."
            )
        with self._lock:
            verifier = self._keyless.get(policy.trusted_root) or KeylessVerifier(policy.trusted_root)
            self._keyless[policy.trusted_root] = verifier
        return lambda material: verifier.check(material, digest, policy)

    def assess(
        self, _policy: SignaturePolicy, measured: tuple[SignatureCheck, ...], image: SourceImage, _now: TimeSpan
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


def _check_root(policy: SignaturePolicy, ports: Ports) -> None:
    address = local_instance(policy.trusted_root)
    if not address or (ports.source.is_local and ports.destination.is_local):
        return
    raise RequestError(
        f"trusted_root of gate `signature` is that of a Sigstore instance on this machine ({address}), which may vouch "
        f"for anything, and counts only where both registries are on it too; {ports.source.host} and "
        f"{ports.destination.host} are not. Give the root of the instance that signs releases, by default Sigstore's "
        "own: fastbreak_sigstore in the inventories. Unset FASTBREAK_SIGSTORE, which python -m sandbox env exports."
    )


def _check(material: SignatureMaterial, prove: Callable[[SignatureMaterial], str]) -> SignatureCheck:
    try:
        seen, valid = prove(material), True
    except NotProofError as error:
        seen, valid = str(error), False
    except Exception as error:  # noqa: BLE001 - a material that breaks a library proves nothing, whatever is raised
        seen, valid = f"it could not be verified ({type(error).__name__}: {error})", False
    return SignatureCheck(valid=valid, origin=printable(material.origin, 128), seen=printable(seen, _REASON))
