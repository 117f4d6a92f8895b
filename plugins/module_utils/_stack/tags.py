# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tags of a stack may be.

AWS: CloudFormation and IAM API references, `Tag`; Amazon RDS User Guide, "Tagging Amazon RDS resources".
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_TAGS = 50
_KEY, _VALUE = 128, 256
# Letters, blanks and digits of any script, and these. CloudFormation hands tags on, and what it made refuses others.
_CLASSES, _SIGNS = "LZN", "_.:/=+-@"


def tag_problems(tags: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the tags of a stack, which CloudFormation gives to all that it makes there."""
    if len(tags) > MOST_TAGS:
        yield f"there are {len(tags)} tags, and {MOST_TAGS} are allowed"
    for key, value in tags.items():
        if not 1 <= len(key) <= _KEY:
            yield f"the tag {key[:20]!r} has a key of {len(key)} characters, and 1 to {_KEY} are allowed"
        if key.lower().startswith("aws:"):
            yield f"the tag {key!r} starts with aws:, which AWS keeps for itself"
        if len(value) > _VALUE:
            yield f"the tag {key!r} has a value of {len(value)} characters, and {_VALUE} are allowed"
        strange = [sign for sign in dict.fromkeys(key + value) if not _is_of_tags(sign)]
        if strange:
            yield (
                f"the tag {key!r} is {value[:60]!r} and holds {' '.join(map(repr, strange))}; tags may have letters, "
                f"digits, blanks and {' '.join(_SIGNS)}"
            )


def _is_of_tags(sign: str) -> bool:
    return sign in _SIGNS or unicodedata.category(sign)[0] in _CLASSES
