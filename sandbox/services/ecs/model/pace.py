# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How fast the waits that AWS counts in seconds pass here."""

from sandbox.host import time_scale


def scaled(seconds: float) -> float:
    """`seconds` of AWS's time as seconds of this sandbox: the same, unless contract tests run it faster."""
    return seconds / time_scale()
