# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What whoever signs promoted images has to be able to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .sign_options import SignedBy


class Signer(Protocol):
    """A key or an identity. Safe to use from many threads."""

    signed_by: SignedBy

    def check(self) -> None:
        """Raise `RequestError` when it cannot sign now."""

    def foretell(self, statement: bytes) -> bytes:
        """The bundle that `sign` makes each time, made without asking anybody; empty where that cannot be known."""

    def sign(self, statement: bytes) -> bytes:
        """A Sigstore bundle that holds its signature of the in-toto *statement*. Raises `FastbreakError`."""
