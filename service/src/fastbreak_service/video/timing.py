# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How many pictures a second a video has where none is missing, and where it pauses."""

from __future__ import annotations

from array import array

import numpy as np

from fastbreak_service.video.facts import MOST_REMARKS, Remark, Remarked

_LONGER = 1.5
"""Times the usual step: a picture is missing in one so long."""
_PAUSE_SECONDS, _PAUSE_STEPS = 0.5, 5
"""A longer step is a pause, of a video whose usual ones are much shorter."""


class Steps:
    """The time from each picture to the next, as pictures come in order of time."""

    def __init__(self) -> None:
        self._ends, self._steps = array("d"), array("d")
        self._before: float | None = None

    def note(self, time_seconds: float) -> None:
        """The next picture."""
        if self._before is not None:
            self._ends.append(time_seconds)
            self._steps.append(time_seconds - self._before)
        self._before = time_seconds

    def leave_off(self) -> None:
        """What comes next does not follow."""
        self._before = None

    def rate(self, mean: float) -> float:
        """How many a second there are where none is missing; `mean` are those of the whole.

        The mean of the steps that are not half as long again as the middle one: a pause, or a picture that was left
        out, makes no frame rate lower, and stamps in whole milliseconds none wrong.
        """
        steps = np.array(self._steps)
        usual = steps[steps <= _LONGER * np.median(steps)] if len(steps) else steps
        return mean if len(usual) == len(steps) else float(1 / usual.mean())

    def paused(self, rate: float) -> list[Remark]:
        """What is said of pauses, in a video of so many pictures a second."""
        least = max(_PAUSE_SECONDS, _PAUSE_STEPS / rate) if rate > 0 else np.inf
        places = [place for place, step in enumerate(self._steps) if step > least]
        return [
            _pause(round(self._ends[place] - self._steps[place], 3), round(self._ends[place], 3))
            for place in places[:MOST_REMARKS]
        ]


def _pause(begin: float, end: float) -> Remark:
    words = f"No picture from {begin:.2f} to {end:.2f} s: nobody is followed or measured there."
    return Remark(Remarked.PAUSED, begin, end, words)
