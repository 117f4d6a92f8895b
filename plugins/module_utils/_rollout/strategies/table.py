# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The deployment strategies, by ECS's names of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .rolling import Rolling

if TYPE_CHECKING:
    from .model import Strategy

STRATEGIES: dict[str, Strategy] = {strategy.name: strategy for strategy in (Rolling(),)}
