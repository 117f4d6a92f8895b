# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the attestations of promotions, and lists them among the referrers of their images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .attestation import artifact, statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._release.promotion import Promotion
    from .progress import ImageProgress
    from .record import Recorder
    from .session import Session
    from .write import ManifestWriter


class AttestationWriter:
    """Attests what the recorder is to record."""

    def __init__(self, session: Session, recorder: Recorder, writer: ManifestWriter) -> None:
        self.session = session
        self.recorder = recorder
        self.writer = writer

    def write(self, images: Sequence[ImageProgress]) -> None:
        """The attestations of all images that have none."""
        wanted = [(image, self.recorder.promotion(image)) for image in images if image.plan.attest]
        self.session.each(lambda item: self._attest(*item), wanted)

    def _attest(self, image: ImageProgress, promotion: Promotion) -> None:
        source = image.plan.source
        made = artifact(statement(source, promotion), source.root, created=promotion.promoted_at)

        def write() -> None:
            self.writer.write_artifact(image.plan, made)
            image.attestation = made.manifest.digest

        self.writer.accept_refusal(image, "the attestation of this promotion", write)
