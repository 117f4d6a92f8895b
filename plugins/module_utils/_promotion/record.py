# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a promotion: what is attested at the destination, and the line in the release table."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from .._release.image import parse_release_tag
from .._release.promotion import Promotion
from .._release.record import timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .progress import ImageProgress
    from .report import Hosts
    from .session import Session

_REVISION = "org.opencontainers.image.revision"


class Recorder:
    """Makes the records and writes them. Attestation and line tell the same: who promoted and when is asked once."""

    def __init__(self, session: Session, hosts: Hosts) -> None:
        self.session = session
        self.hosts = hosts

    @cached_property
    def _caller(self) -> str:
        return self.session.ports.promotions.caller()

    @cached_property
    def _promoted_at(self) -> str:
        return timestamp(self.session.ports.clock.now())

    def promotion(self, image: ImageProgress) -> Promotion:
        """The record of *image* as far as it is. Not to be called from several threads."""
        source, request = image.plan.source, image.plan.source.request
        tag = request.destination_tag or request.tag
        release = parse_release_tag(tag)
        return Promotion(
            service=self.session.request.service,
            release_id="",
            version=tag or source.digest,
            digest=source.digest,
            commit=release.commit if release else dict(source.root.annotations).get(_REVISION, ""),
            source=self.hosts.origin(request),
            destination=f"{self.hosts.goal(request)}@{source.digest}",
            promoted_at=self._promoted_at,
            promoted_by=self._caller,
            blobs=image.copied + image.mounted,
            bytes_copied=image.bytes_sent,
            attachments=tuple(f"{attached.kind} {attached.manifest.digest}" for attached in source.attachments),
            gates=image.plan.gates,
            attestation=image.attestation,
            signature=image.signature,
        )

    def write(self, images: Sequence[ImageProgress]) -> None:
        """The lines of all images that have none."""
        lines = [self.promotion(image) for image in images if image.plan.record]
        self.session.each(self.session.ports.promotions.write_promotion, lines)
