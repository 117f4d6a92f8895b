# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of replacing properties against the schemas that AWS publishes, as cfn-lint carries them."""

import re
from pathlib import Path

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.replacement import REPLACING, replacement

from tests.unit.plugins.module_utils._stack.published import schema

TEMPLATES = sorted(Path(__file__).parents[5].glob("roles/*/files/stack.yaml"))
USED = sorted({kind for path in TEMPLATES for kind in re.findall(r"Type: (AWS::\w+::\w+)\n", path.read_text())})


def published(kind, section):
    pointers = schema(kind).get(section, [])
    return tuple(
        sorted(
            pointer.removeprefix("/properties/").replace("/properties/", ".").replace("/*", "").replace("/", ".")
            for pointer in pointers
        )
    )


@pytest.mark.parametrize("kind", sorted({*REPLACING, *USED}))
def test_the_table_is_what_aws_publishes(kind):
    expected = (published(kind, "createOnlyProperties"), published(kind, "conditionalCreateOnlyProperties"))
    assert REPLACING.get(kind) == expected, f"_stack/replacement.py needs: {kind!r}: {expected!r}"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("TableName", "yes"),
        ("KeySchema.AttributeName", "maybe"),
        ("BillingMode", "no"),
        ("ImportSourceSpecification.S3BucketSource", "yes"),
    ],
)
def test_replacement_of_a_property(path, expected):
    assert replacement("AWS::DynamoDB::Table", path) == expected


def test_an_unlisted_type_is_unknown():
    assert replacement("AWS::New::Thing", "Any") == "unknown"
