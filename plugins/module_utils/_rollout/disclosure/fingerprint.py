# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shown of a user's value: the value when that was asked for, else a fingerprint. Pure."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Disclosure:
    """How values are shown. *key* is random and of this run alone.

    Equal values have equal fingerprints within a run. Without the key a fingerprint cannot be tried against guesses,
    and the key is never shown.
    """

    key: bytes = field(repr=False)
    show_values: bool = False

    def of(self, value: str) -> str:
        """*value* as it is shown."""
        if self.show_values:
            return value
        digest = hmac.new(self.key, value.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
        return f"(hidden, {digest[:_DIGITS]})"

    def command(self, words: tuple[str, ...]) -> str:
        """A command in one text: its words when values are shown, else that there is one."""
        return repr(" ".join(words)) if self.show_values else "(command hidden)"
