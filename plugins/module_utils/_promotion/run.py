# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Promote images: read, plan, judge, copy, write, tag, read back, record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .._common.amount import amount
from .._errors import FastbreakError, RefusedError
from .._release.promotion import gate_data
from .attachments import read_attachments
from .attest import AttestationWriter
from .copy import BlobCopy, check_source
from .gates.judge import judge
from .image_tags import ImageTags
from .plan import plan
from .progress import ImageProgress
from .read import Library, assemble, read_below, read_roots
from .read_back import read_back, read_back_tags
from .record import Recorder
from .report import (
    Hosts,
    ImageOutcome,
    PromotionResult,
    diff,
    finished_line,
    gate_refusal,
)
from .session import Session, StoppableClock
from .sign import ImageSigner
from .signed import read_signatures
from .state import StateReader
from .stated import StatementWriter, read_stated
from .values import ImagePlan, PromotionPlan
from .write import ManifestWriter

if TYPE_CHECKING:
    from .ports import Ports
    from .request import PromotionRequest
    from .signer import Signer


def promote(
    request: PromotionRequest, ports: Ports, *, check_mode: bool, signer: Signer | None = None
) -> PromotionResult:
    """Promote *request*, or in check mode say what that would do. *signer* signs what ``request.sign`` asks for.

    Raises RequestError, RefusedError and DependencyError before anything is written, in check mode alike. An error that
    ends a promotion midway says what stands; no tag of an image is written before all that it names is there.
    """
    with Session(request, ports, signer) as session:
        began = ports.clock.monotonic()
        hosts = Hosts(ports.source.host, ports.destination.host)
        planned = _judged(session, _plan(session))
        if refusal := gate_refusal(planned, hosts):
            gates = [gate_data(gate) for image in planned.images for gate in image.gates]
            raise RefusedError(refusal, gates=gates, diff=diff(planned, hosts))
        if signer and any(image.sign or image.predicates for image in planned.images):
            signer.check()
        if check_mode:
            check_source(session, planned)
        if check_mode or not planned.changed:
            return _predicted(session, planned, hosts, began)
        return _Run(session, planned, hosts, began).go()


def _plan(session: Session) -> PromotionPlan:
    """Both sides, and the plan between them."""
    roots, states, library = read_roots(session), StateReader(session), Library()
    states.read_settings()
    read_below(session, library, roots, deep=False)
    states.look(library, [assemble(library, root) for root in roots])
    read_below(session, library, roots, deep=True)
    images = read_attachments(session, library, [assemble(library, root) for root in roots])
    found = read_stated(session, images, read_signatures(session, images, states.read(images)))
    images = tuple(replace(image, absent_blobs=states.absent_at_source(image)) for image in images)
    same_registry = session.ports.source.host == session.ports.destination.host
    return plan(zip(images, found, strict=True), session.request, same_registry=same_registry)


def _judged(session: Session, planned: PromotionPlan) -> PromotionPlan:
    """*planned* with the gates' results. An image that is in place, recorded and attested is not judged again."""
    ports = replace(session.ports, clock=StoppableClock(session))

    def judged(image: ImagePlan) -> ImagePlan:
        if not image.changed:
            return image
        return replace(image, gates=judge(image.source, session.request.gates, ports, session.told_time))

    return PromotionPlan(tuple(session.each(judged, planned.images)))


def _predicted(session: Session, planned: PromotionPlan, hosts: Hosts, began: float) -> PromotionResult:
    """What the plan would do, or that there is nothing to do."""
    seconds = session.ports.clock.monotonic() - began
    outcomes = tuple(
        ImageOutcome(
            image,
            blobs_copied=sum(1 for step in image.blobs if not step.mount_from),
            blobs_mounted=sum(1 for step in image.blobs if step.mount_from),
            bytes_copied=image.bytes_to_copy,
            attestation=image.attestation,
            signature=image.signature,
            signed=image.sign,
            predicates=image.predicates,
            seconds=seconds,
        )
        for image in planned.images
    )
    return PromotionResult(planned, hosts, outcomes)


class _Run:
    """Carries a plan out, and knows at any moment what stands."""

    def __init__(self, session: Session, planned: PromotionPlan, hosts: Hosts, began: float) -> None:
        self.session = session
        self.planned = planned
        self.hosts = hosts
        self.began = began
        self.images = [
            ImageProgress(image, attestation=image.attestation, signature=image.signature) for image in planned.images
        ]
        self.copy = BlobCopy(session, self.images)
        self.writer = ManifestWriter(session, self.images)
        self.recorder = Recorder(session, hosts)
        self.tags = ImageTags(session, self.images)

    def go(self) -> PromotionResult:
        """All of it, in the order that leaves no tag on incomplete content wherever it ends."""
        try:
            self.copy.run()
            self.writer.write_manifests()
            self.writer.write_attachments()
            read_back(self.session, self.images, self.writer)
            self.writer.write_attachment_tags()
            AttestationWriter(self.session, self.recorder, self.writer).write(self.images)
            ImageSigner(self.session, self.writer).write(self.images)
            StatementWriter(self.session, self.writer).write(self.images)
            self.tags.write()
            read_back_tags(self.session, self.images, self.tags.written)
            self.recorder.write(self.images)
            self.writer.tags.settle(self.session.request.service)
        except FastbreakError as error:
            error.message = f"{error.message} {self._standing()}"
            error.args = (error.message,)
            raise
        return self._result()

    def _standing(self) -> str:
        """What was done and what was not."""
        wanted = len(self.tags.planned)
        written = [str(step.address) for step in self.tags.written]
        if not wanted:
            tags = "There was no tag to write."
        elif not written:
            tags = "No tag was written."
        elif len(written) < wanted:
            tags = f"{len(written)} of {amount(wanted, 'tag')} were written: {', '.join(written)}."
        else:
            tags = f"All tags were written: {', '.join(written)}."
        return (
            f"{self.copy.done} of {amount(len(self.copy.steps), 'blob')} to copy are there, and "
            f"{len(self.writer.written)} of {amount(self.writer.total, 'manifest')}. {tags} Run again to go on: what "
            "is there is not sent again."
        )

    def _result(self) -> PromotionResult:
        seconds = self.session.ports.clock.monotonic() - self.began
        outcomes = tuple(image.outcome(seconds) for image in self.images)
        for outcome in outcomes:
            self.session.ports.progress.say(finished_line(outcome, self.hosts))
        return PromotionResult(self.planned, self.hosts, outcomes, wrote=self._wrote())

    def _wrote(self) -> bool:
        """Whether the destination took anything: what it refuses of attachments is refused again by the next run."""
        attested = any(image.plan.attest and image.attestation for image in self.images)
        signed = any(image.signed or image.predicates for image in self.images)
        recorded = any(image.record for image in self.planned.images)
        written = self.copy.steps or self.writer.written or self.writer.tags.wrote or self.tags.written
        return bool(written or attested or signed or recorded)
