# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text without the people in it: whose login holds a lock on which machine, and whom AWS knows a caller as. Pure."""

from __future__ import annotations

import re

# The owner of a lock: login@machine:process:token.
_RUN = re.compile(r"[^\s:;,()@]+@[^\s:;,()]+:\d+:[0-9a-f]{4,}\b")
# The session of a role is named after whoever assumed it; the role itself is nobody.
_CALLER = re.compile(r"\barn:aws[\w-]*:(?:iam|sts)::\d*:(?:assumed-role|federated-user|user)/[\w+=,.@/-]*[\w+=@/-]")
# A folder of one's own, which is named after whoever works there. One of Windows may have blanks in it.
_HOME = re.compile(
    r"(?<![\w.~-])"
    r"(?:(?:/var|/export|/usr)?/home/[^\s/\\:;,'\"()<>]+|/Users/[^\s/\\:;,'\"()<>]+|/root(?![\w-]|\.\w)"
    r"|[A-Za-z]:[\\/]+Users[\\/]+(?:[^\s\\/:;,'\"()<>][^\n\\/:;,'\"()<>]*(?=[\\/])|[^\s\\/:;,'\"()<>]+))"
)


def without_people(text: str) -> str:
    """*text*, where another run or somebody stands for whoever is named, and ``~`` for the folder of one."""
    return _HOME.sub("~", _CALLER.sub("somebody", _RUN.sub("another run", text)))
