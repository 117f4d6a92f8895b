# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ecs_rollout_info is told to ask with is refused by the name of its option, before anything is read."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.modules.ecs_rollout_info import _read_headers

GOOD = "https://api.example.org/readyz"


@pytest.mark.parametrize(
    ("ask", "headers", "said"),
    [
        (["host/readyz"], {}, "ask has 'host/readyz', which is no http or https address"),
        (["https://a.example:port/"], {}, "ask has 'https://a.example:port/'"),
        (["https://[a/"], {}, "ask has 'https://[a/'"),
        ([GOOD], {"X-A": "a\nb"}, "ask_headers"),
        ([GOOD], {"Authorization": "secretsmanager: x"}, "ask_headers"),
        ([GOOD], {"X-A": ["a"]}, "ask_headers"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_its_option(ask: list[str], headers: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError) as raised:
        _read_headers({"ask": ask, "ask_headers": headers})
    assert said in raised.value.message
    assert "Gate" not in raised.value.message


def test_what_can_be_sent_is_read() -> None:
    given = {"Authorization": "secretsmanager:fastbreak-dev-probe-token"}
    assert dict(_read_headers({"ask": [GOOD], "ask_headers": given})) == given
