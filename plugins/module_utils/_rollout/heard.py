# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether others have heard of a release: a run of which they have not tells that none was begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .notices import Notice
    from .ports import Announcements


class Heard:
    """Tells *others*, and knows whether they have heard anything."""

    def __init__(self, others: Announcements) -> None:
        self._others = others
        #: Whether anything was told.
        self.heard = False

    def topic_problem(self) -> str:
        """What the others say."""
        return self._others.topic_problem()

    def tell(self, notice: Notice) -> None:
        """Tell the others."""
        self.heard = True
        self._others.tell(notice)

    def untold(self) -> tuple[str, ...]:
        """What the others could not be told."""
        return self._others.untold()
