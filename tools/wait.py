# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one way in which the tools and the benchmarks wait for what nobody tells them of."""

import time
from collections.abc import Callable


def until[T](look: Callable[[], T], seconds: float, *, pause: float) -> T:
    """Look every `pause` seconds until what is seen is true, or `seconds` are over; return what was seen last.

    It looks at least once, and what `look` raises ends the wait.
    """
    deadline = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() <= deadline:
        time.sleep(pause)
    return seen
