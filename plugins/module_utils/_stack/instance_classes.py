# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The instance classes that RDS has for the PostgreSQL of `rds_engine_version`, in any region.

AWS: Amazon RDS User Guide, "Supported DB engines for DB instance classes". A unit test compares the table with the data
that cfn-lint carries, and says what has to be changed.
"""

from __future__ import annotations

from difflib import get_close_matches

_SIZES = {
    "c6gd": "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge",
    "m5 m5d r5 r5b r5d": "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge",
    "m6g m6gd m7g r6g r6gd r7g x2g": "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge",
    "m6i m6id m6idn m6in": "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge",
    "r6i r6id r6idn r6in": "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge",
    "m7i m8a m8g m8gd m9g r7i r8a r8g r8gd": "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge",
    "m8i r8i": "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge 96xlarge",
    "t3 t4g": "micro small medium large xlarge 2xlarge",
    "x2idn": "16xlarge 24xlarge 32xlarge",
    "x2iedn x2m": "xlarge 2xlarge 4xlarge 8xlarge 16xlarge 24xlarge 32xlarge",
    "z1d": "large xlarge 2xlarge 3xlarge 6xlarge 12xlarge",
}
#: Every class, like ``db.m7g.large``.
INSTANCE_CLASSES = frozenset(
    f"db.{family}.{size}" for families, sizes in _SIZES.items() for family in families.split() for size in sizes.split()
)


def class_problem(name: str, given: str) -> str:
    """Why the class that the variable *name* gives cannot be had; an empty text when it can."""
    if given in INSTANCE_CLASSES:
        return ""
    near = get_close_matches(given, sorted(INSTANCE_CLASSES), n=1, cutoff=0.0)[0]
    return f"{name} is {given!r}, a class that RDS does not have for PostgreSQL; the nearest is {near}"
