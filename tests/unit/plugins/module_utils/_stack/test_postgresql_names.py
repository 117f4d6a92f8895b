# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names that are kept for others."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.postgresql_names import (
    database_problem,
    user_problem,
)


@pytest.mark.parametrize("name", ["admin", "Public", "select", "USER", "pg_x", "rds_superuser", "rdsadmin"])
def test_a_user_of_such_a_name_is_refused(name):
    assert user_problem("v", name) == f"v is {name}, a name that PostgreSQL or RDS keeps for itself"


@pytest.mark.parametrize("name", ["fastbreak", "postgres", "app", "rdsuser", "selects"])
def test_a_user_of_another_name_is_let_through(name):
    assert user_problem("v", name) == ""


@pytest.mark.parametrize(
    ("name", "words"), [("postgres", "makes itself"), ("Template1", "makes itself"), ("order", "keeps for itself")]
)
def test_a_database_of_such_a_name_is_refused(name, words):
    assert words in database_problem("v", name)
    assert database_problem("v", "fastbreak") == ""
