# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that PostgreSQL or RDS keeps for itself.

PostgreSQL 17, appendix C, "SQL Key Words": those that are reserved are names only in quotes. Amazon RDS User Guide,
"Understanding PostgreSQL roles and permissions".
"""

from __future__ import annotations

_KEY_WORDS = """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
    column concurrently constraint create cross current_catalog current_date current_role current_schema current_time
    current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze
    from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit
    localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references
    returning right select session_user similar some symmetric system_user table tablesample then to trailing true union
    unique user using variadic verbose when where window with
"""
_WORDS = frozenset(_KEY_WORDS.split())
_USERS = frozenset({"admin", "none", "public"})
_USER_PREFIXES = ("pg_", "rds_", "rdsadmin", "rdsrepladmin")
_DATABASES = frozenset({"postgres", "rdsadmin", "template0", "template1"})


def user_problem(name: str, user: str) -> str:
    """Why the variable *name* cannot give this name to a user; an empty text when it can."""
    if user.lower() in _USERS | _WORDS or user.lower().startswith(_USER_PREFIXES):
        return f"{name} is {user}, a name that PostgreSQL or RDS keeps for itself"
    return ""


def database_problem(name: str, database: str) -> str:
    """Why the variable *name* cannot give this name to a database; an empty text when it can."""
    if database.lower() in _DATABASES:
        return f"{name} is {database}, a database that PostgreSQL or RDS makes itself"
    if database.lower() in _WORDS:
        return f"{name} is {database}, a word that PostgreSQL keeps for itself"
    return ""
