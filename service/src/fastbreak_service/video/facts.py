# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What was seen of a video."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What was seen while decoding; nothing here is copied from the container's claims.

    `decode_errors` counts what the decoder reported as damaged.
    """

    width: int
    height: int
    frames_per_second: float
    frames: int
    duration_seconds: float
    decode_errors: int
