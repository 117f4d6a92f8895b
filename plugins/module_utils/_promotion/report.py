# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a promotion says of itself: its plan as a diff, progress, refusals, and its result as plain data. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._common.amount import amount
from .._release.promotion import gate_data

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .values import ImagePlan, ImageRequest, PromotionPlan

_UNITS = ("kB", "MB", "GB", "TB", "PB", "EB")


@dataclass(frozen=True, slots=True)
class Hosts:
    """What references to both registries start with."""

    source: str
    destination: str

    def origin(self, request: ImageRequest) -> str:
        """Where the image comes from, as it was asked for."""
        tag = f":{request.tag}" if request.tag else ""
        digest = f"@{request.digest}" if request.digest else ""
        return f"{self.source}/{request.repository}{tag}{digest}"

    def goal(self, request: ImageRequest) -> str:
        """Where it goes, without its digest."""
        tag = f":{request.destination_tag}" if request.destination_tag else ""
        return f"{self.destination}/{request.destination_repository}{tag}"


@dataclass(frozen=True, slots=True)
class ImageOutcome:
    """What was done for an image; in check mode what would be."""

    plan: ImagePlan
    blobs_copied: int = 0
    blobs_mounted: int = 0
    bytes_copied: int = 0
    bytes_resumed: int = 0
    attestation: str = ""
    signature: str = ""
    signed: bool = False
    predicates: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PromotionResult:
    """How a promotion ended; in check mode what it would do.

    ``wrote`` is false when the destination refused all that was planned, which only attachments may be.
    """

    plan: PromotionPlan
    hosts: Hosts
    images: tuple[ImageOutcome, ...] = field(default_factory=tuple)
    wrote: bool = True

    @property
    def changed(self) -> bool:
        """Whether anything was written, or would be."""
        return self.plan.changed and self.wrote


def as_data(result: PromotionResult) -> dict[str, Any]:
    """*result* as a module returns it."""
    return {
        "changed": result.changed,
        "images": [_image_data(outcome, result.hosts) for outcome in result.images],
        "diff": diff(result.plan, result.hosts),
    }


def _image_data(outcome: ImageOutcome, hosts: Hosts) -> dict[str, Any]:
    plan = outcome.plan
    source, request = plan.source, plan.source.request
    return {
        "source": hosts.origin(request),
        "destination": f"{hosts.goal(request)}@{source.digest}",
        "digest": source.digest,
        "tag": request.destination_tag,
        "changed": plan.changed,
        "blobs_copied": outcome.blobs_copied,
        "blobs_mounted": outcome.blobs_mounted,
        "blobs_present": len(plan.present_blobs),
        "bytes_copied": outcome.bytes_copied,
        "bytes_resumed": outcome.bytes_resumed,
        "manifests": [step.manifest.digest for step in (*plan.manifests, *plan.attachments)],
        "attachments": [attachment.as_data() for attachment in source.attachments],
        "gates": [gate_data(gate) for gate in plan.gates],
        "attestation": outcome.attestation,
        "signed": outcome.signed,
        "signature": outcome.signature,
        "predicates": list(outcome.predicates),
        "warnings": [*plan.warnings, *outcome.warnings],
        "seconds": round(outcome.seconds, 3),
    }


def human_bytes(count: float) -> str:
    """*count* bytes in decimal units, with one decimal from kilobytes on."""
    if count < 1000:
        return f"{count:.0f} B"
    for unit in _UNITS:
        count /= 1000
        if count < 999.95 or unit == _UNITS[-1]:
            break
    return f"{count:.1f} {unit}"


def diff(planned: PromotionPlan, hosts: Hosts) -> dict[str, str]:
    """The plan for ``--diff``: what is there before, and line by line what is written. Empty when nothing is."""
    if not planned.changed:
        return {}
    before: list[str] = []
    after: list[str] = []
    for image in planned.images:
        goal = hosts.goal(image.source.request)
        before.append(f"{goal} -> {'nothing' if image.tag else image.source.digest}")
        after.append(f"{goal} -> {image.source.digest}")
        after += [f"  {line}" for line in plan_lines(image)] if image.changed else []
    return {
        "before_header": hosts.destination,
        "after_header": f"{hosts.destination} (promoted from {hosts.source})",
        "before": "\n".join(before) + "\n",
        "after": "\n".join(after) + "\n",
    }


def plan_lines(image: ImagePlan) -> Iterable[str]:
    """What is written for one image, a line each, in the order in which it is done."""
    for gate in image.gates:
        yield f"gate {gate.gate} ({gate.mode.value}): {gate.verdict.value}, {gate.seen}; expected {gate.expected}"
    for step in image.blobs:
        blob = step.descriptor
        verb = f"mount blob from {step.mount_from}," if step.mount_from else "copy blob"
        yield f"{verb} {blob.digest} {human_bytes(blob.size)} {blob.media_type}"
    if image.blobs:
        copied = sum(1 for step in image.blobs if not step.mount_from)
        yield f"blobs to copy: {copied}, {human_bytes(image.bytes_to_copy)}; to mount: {len(image.blobs) - copied}"
    present = sum(blob.size for blob in image.present_blobs)
    yield f"blobs present: {len(image.present_blobs)}, {human_bytes(present)}"
    for own in image.manifests:
        yield f"write manifest ({own.role}) {own.manifest.digest}"
    for attached in image.attachments:
        yield f"write attachment ({attached.role}) {attached.manifest.digest}"
    for tagged in image.attachment_tags:
        yield f"write tag {tagged.tag} -> {tagged.manifest.digest}"
    if image.attest:
        yield "write attestation of this promotion"
    yield from (f"write statement {predicate}" for predicate in image.predicates)
    if image.sign:
        yield f"sign {image.source.digest}"
    if image.tag:
        yield f"write tag {image.tag.tag} -> {image.tag.manifest.digest}"
    if image.record:
        yield "write line in the release table"
    yield from (f"warning: {text}" for text in image.warnings)


def progress_line(*, blobs: tuple[int, int], sent: tuple[int, int], seconds: float) -> str:
    """How far copying is: *blobs* and bytes *sent*, each done and in all."""
    rate = f", {human_bytes(sent[0] / seconds)}/s" if seconds > 0 else ""
    return f"copied {blobs[0]} of {amount(blobs[1], 'layer')}, {human_bytes(sent[0])} of {human_bytes(sent[1])}{rate}"


def finished_line(outcome: ImageOutcome, hosts: Hosts) -> str:
    """An image that is done, in a line."""
    goal = hosts.goal(outcome.plan.source.request)
    if not outcome.plan.changed:
        return f"{goal} has {outcome.plan.source.digest} already"
    done = ", signed" if outcome.signed else ""
    done += f", {amount(len(outcome.predicates), 'statement')} attached" if outcome.predicates else ""
    return (
        f"promoted {goal} -> {outcome.plan.source.digest}: {amount(outcome.blobs_copied, 'blob')} copied "
        f"({human_bytes(outcome.bytes_copied)}), {outcome.blobs_mounted} mounted, "
        f"{len(outcome.plan.present_blobs)} present{done}, in {outcome.seconds:.1f} s"
    )


def gate_refusal(planned: PromotionPlan, hosts: Hosts) -> str:
    """Why the gates stop the promotion, a paragraph each; empty when they do not."""
    paragraphs = [
        f"Promoting {hosts.origin(image.source.request)} is stopped by its gate {gate.gate}, which is "
        f"{gate.verdict.value} for {gate.subject or image.source.digest}. Seen: {gate.seen}. Expected: {gate.expected}."
        for image in planned.images
        for gate in image.gates
        if gate.stops
    ]
    if not paragraphs:
        return ""
    return "\n".join([*paragraphs, "Nothing was written. Mend what the gates found, then run again."])
