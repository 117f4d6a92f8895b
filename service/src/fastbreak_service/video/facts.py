# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What was seen of a video."""

from __future__ import annotations

from dataclasses import dataclass

from fastbreak_service.video.completeness import Completeness  # noqa: TC001 - the form of its JSON is told from it


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What was seen while decoding; nothing here is copied from the container's claims.

    `decode_errors` counts what the decoder reported as damaged. `completeness` is unknown where nothing in the file
    tells whether it ends where it was meant to.
    """

    width: int
    height: int
    frames_per_second: float
    frames: int
    duration_seconds: float
    decode_errors: int
    completeness: Completeness
