# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an API answers, made into what it takes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.shapes import writable
from botocore.model import DenormalizedStructureBuilder

TEXT = {"type": "string"}
BOTH = {"kept": TEXT}
TAKEN = {
    "name": TEXT,
    "inner": {"type": "structure", "members": BOTH},
    "many": {"type": "list", "member": {"type": "structure", "members": BOTH}},
    "named": {"type": "map", "key": TEXT, "value": {"type": "structure", "members": BOTH}},
}
GIVEN = {
    "name": TEXT,
    "arn": TEXT,
    "inner": {"type": "structure", "members": {**BOTH, "status": TEXT}},
    "many": {"type": "list", "member": {"type": "structure", "members": {**BOTH, "status": TEXT}}},
    "named": {"type": "map", "key": TEXT, "value": {"type": "structure", "members": {**BOTH, "status": TEXT}}},
}
ANSWERED = {"kept": "k", "status": "s"}


def shape(members: dict[str, Any]) -> Any:
    return DenormalizedStructureBuilder().with_members(members).build_model()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"name": "n", "arn": "a"}, {"name": "n"}),
        ({"inner": ANSWERED}, {"inner": {"kept": "k"}}),
        ({"many": [ANSWERED, ANSWERED]}, {"many": [{"kept": "k"}, {"kept": "k"}]}),
        ({"named": {"status": ANSWERED}}, {"named": {"status": {"kept": "k"}}}),
        ({"naem": "misspelt"}, {"naem": "misspelt"}),
        ({"inner": "no structure", "many": "no list"}, {"inner": "no structure", "many": "no list"}),
        ("no structure", "no structure"),
    ],
)
def test_only_what_an_answer_adds_is_left_out(value: Any, expected: Any) -> None:
    assert writable(value, shape(TAKEN), shape(GIVEN)) == expected
