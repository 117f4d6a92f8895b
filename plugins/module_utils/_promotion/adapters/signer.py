# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens whoever is to sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .identity_signer import IdentitySigner
from .key_signer import KeySigner

if TYPE_CHECKING:
    from ..sign_options import SigningOptions
    from ..signer import Signer


def open_signer(options: SigningOptions) -> Signer:
    """Who signs by *options*. Raises `RequestError` when it cannot be read or used."""
    return IdentitySigner(options) if options.identity else KeySigner(options)
