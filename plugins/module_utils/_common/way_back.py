# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What brings back a key or a secret that cannot be used for now, in the words in which any service of AWS tells it.

A key that is pending deletion, or a secret that is marked for it, is gone only at the end of its waiting period.
"""

from __future__ import annotations

import re

_KEY = r"(?P<key>arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+)"
_DOOMED_KEY = re.compile(rf"{_KEY}\W+is pending deletion|\bpending deletion\b", re.IGNORECASE)
_DISABLED_KEY = re.compile(rf"{_KEY}\W+is disabled", re.IGNORECASE)
_SECRET_ARN = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]*[\w/+=@-]")
_DOOMED_SECRET = re.compile(r"\bsecret\b.*\b(?:marked|scheduled) for deletion", re.IGNORECASE | re.DOTALL)
_UNNAMED_KEY = "<the key's id>"


def way_back(message: str) -> str:
    """A sentence to put after *message*, with the commands that help; empty for any other message."""
    if found := _DOOMED_KEY.search(message):
        return f" {keep_key(found['key'] or _UNNAMED_KEY)}"
    if found := _DISABLED_KEY.search(message):
        return f" The key can be used again after: aws kms enable-key --key-id {found['key']}"
    if _DOOMED_SECRET.search(message):
        arn = _SECRET_ARN.search(message)
        named = arn[0] if arn else "<the secret's name>"
        return f" Until its waiting period ends it can be kept: aws secretsmanager restore-secret --secret-id {named}"
    return ""


def keep_key(key: str) -> str:
    """How to keep a KMS key, by its id or ARN, that is pending deletion. KMS leaves such a key disabled."""
    return (
        "Until the waiting period of its deletion ends, the key and what is encrypted with it can be kept: "
        f"aws kms cancel-key-deletion --key-id {key} && aws kms enable-key --key-id {key}"
    )
