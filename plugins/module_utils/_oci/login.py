# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A login to a registry."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Login:
    """A login to a registry; ``host`` is what an image reference starts with.

    ``identity_token`` stands in place of user and password: what a token server gave for them, as OAuth 2's refresh
    token.
    """

    host: str
    username: str
    password: str
    identity_token: str = ""

    def __repr__(self) -> str:
        return f"Login({self.host!r}, {self.username!r}, '***')"
