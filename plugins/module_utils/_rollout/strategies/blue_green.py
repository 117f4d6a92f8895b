# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS's deployments that move all traffic at once, after a verdict by test traffic."""

from __future__ import annotations

from typing import ClassVar

from ..stages import Stage
from .shifting import Shifting


class BlueGreen(Shifting):
    """All traffic at once. The old revision runs on over the bake time, ready to take it back."""

    name: ClassVar[str] = "BLUE_GREEN"
    # There is no step at which only some users reach the release.
    stages: ClassVar[frozenset[Stage]] = frozenset({Stage.BEFORE_TRAFFIC, Stage.AFTER_TRAFFIC})
