# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a run is with each of its images."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .report import ImageOutcome

if TYPE_CHECKING:
    from .values import ImagePlan


@dataclass(slots=True)
class ImageProgress:
    """What was done for one image so far. Steps of the run add to it, each from the thread that works on it.

    ``attestation`` and ``signature`` are the digests of those that the destination has of the image, empty without one;
    ``signed``: the signature was made in this run; ``predicates`` are the types of the statements that were.
    """

    plan: ImagePlan
    copied: int = 0
    mounted: int = 0
    bytes_sent: int = 0
    bytes_resumed: int = 0
    attestation: str = ""
    signature: str = ""
    signed: bool = False
    predicates: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def outcome(self, seconds: float) -> ImageOutcome:
        """What was done, after *seconds* of the run."""
        return ImageOutcome(
            self.plan,
            blobs_copied=self.copied,
            blobs_mounted=self.mounted,
            bytes_copied=self.bytes_sent,
            bytes_resumed=self.bytes_resumed,
            attestation=self.attestation,
            signature=self.signature,
            signed=self.signed,
            predicates=tuple(self.predicates),
            warnings=tuple(self.warnings),
            seconds=seconds,
        )
