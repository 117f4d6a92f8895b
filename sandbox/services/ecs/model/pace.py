# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How fast the waits that AWS counts in seconds pass here."""

from sandbox.host import bake_scale, time_scale


def scaled(seconds: float) -> float:
    """`seconds` of AWS's time as seconds of this sandbox: the same, unless contract tests run it faster."""
    return seconds / time_scale()


def baked(minutes: float) -> float:
    """Minutes of a bake time as seconds of this sandbox."""
    return scaled(minutes * 60.0) / bake_scale()
