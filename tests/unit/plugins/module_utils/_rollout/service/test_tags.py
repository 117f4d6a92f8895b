# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option ``tags``."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.tags import read_tags


def test_number_is_a_tag_by_its_text() -> None:
    assert read_tags({"Cost": 42, "Team": "a", 7: ""}) == ({"Cost": "42", "Team": "a", "7": ""}, [])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"Cost": None}, "tags.Cost must be text"),
        ({"Cost": True}, "tags.Cost must be text"),
        ({"Cost": [1]}, "tags.Cost must be text"),
        ({"Cost": {"a": 1}}, "tags.Cost must be text"),
        ({"": "a"}, "a key of 0 characters"),
        ({"k" * 129: "a"}, "a key of 129 characters"),
        ({"AWS:x": "a"}, "begins with aws:"),
        ({"a": "b" * 257}, "tags.a has 257 characters"),
        ({f"k{number}": "" for number in range(48)}, "tags has 48 entries"),
    ],
)
def test_what_aws_refuses_is_said(given: dict[Any, Any], said: str) -> None:
    assert said in " ".join(read_tags(given)[1])
