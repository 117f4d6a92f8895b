# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens as HTTP's grammar has them: names of headers, authentication schemes and their parameters."""

from __future__ import annotations

import re

#: The expression of a token (RFC 9110, section 5.6.2), without groups.
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 (a grammar's word, no secret)
_WHOLE = re.compile(TOKEN)


def is_token(text: str) -> bool:
    """Whether *text* is a token, and so may be the name of a header."""
    return _WHOLE.fullmatch(text) is not None
