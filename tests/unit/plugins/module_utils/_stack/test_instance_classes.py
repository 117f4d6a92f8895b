# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of instance classes is what cfn-lint's data say of PostgreSQL 17, without the generations before it."""

import re

from ansible_collections.fastbreak.aws.plugins.module_utils._stack.instance_classes import (
    INSTANCE_CLASSES,
    class_problem,
)

from tests.unit.plugins.module_utils._stack.published import extension

# Generations that PostgreSQL 17 does not run on, where the data do not tell versions apart.
_OLD = re.compile(r"db\.(m[1-4]|r[34]|t[12])\.")


def classes(rules, engine, version=None):
    for rule in rules["allOf"]:
        asked = rule["if"]["properties"]
        same_version = version is None or version in asked.get("EngineVersion", {}).get("pattern", "")
        if asked.get("Engine", {}).get("const") == engine and same_version:
            yield from rule["then"]["properties"]["DBInstanceClass"]["enum"]


def test_the_table_is_what_is_published():
    by_version = extension("aws_rds_dbinstance", "db_instance_class")
    by_region = extension("aws_rds_dbinstance", "dbinstanceclass_enum")
    published = set(classes(by_version, "postgres", "^(17"))
    published |= {name for rules in by_region.values() for name in classes(rules, "postgres")}
    # What is meant by the class without a size is Aurora.
    expected = {name for name in published if not _OLD.match(name)} - {"db.serverless"}
    assert expected == INSTANCE_CLASSES


def test_a_class_that_is_not_there_names_the_nearest():
    assert class_problem("rds_instance_class", "db.m7g.large") == ""
    assert class_problem("rds_instance_class", "db.m7g.larg").endswith("the nearest is db.m7g.large")
