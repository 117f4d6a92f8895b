# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""CloudWatch Logs against recorded answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.logs import LogsClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.stub import Stubber

    Stubbed = Callable[[str], tuple[Any, Stubber]]


@pytest.mark.parametrize(("name", "there"), [("web", True), ("we", False)])
def test_group_is_looked_for_on_every_page(stubbed: Stubbed, name: str, there: bool) -> None:
    client, stub = stubbed("logs")
    asked = {"logGroupNamePrefix": name}
    group = {"logGroupName": "web"}
    stub.add_response("describe_log_groups", {"logGroups": [{"logGroupName": "web-2"}], "nextToken": "a"}, asked)
    stub.add_response("describe_log_groups", {"logGroups": [], "nextToken": "b"}, {**asked, "nextToken": "a"})
    stub.add_response("describe_log_groups", {"logGroups": [group]}, {**asked, "nextToken": "b"})
    assert LogsClient(lambda: client).group_exists(name) is there


def add_events(stub: Stubber, pages: list[list[str]], *, lines: int, begins: bool = True) -> None:
    """Record *pages*, the newest first. A stream's beginning leads back to itself."""
    asked = {"logGroupName": "g", "logStreamName": "s", "limit": lines, "startFromHead": False}
    for number, page in enumerate(pages):
        events = [{"timestamp": 0, "message": f"{line}\n", "ingestionTime": 0} for line in page]
        last = begins and number == len(pages) - 1
        answer = {"events": events, "nextBackwardToken": f"t{number if last else number + 1}"}
        token = {"nextToken": f"t{number}"} if number else {}
        stub.add_response("get_log_events", answer, {**asked, **token})


def test_last_lines_are_gathered_over_empty_pages(stubbed: Stubbed) -> None:
    client, stub = stubbed("logs")
    add_events(stub, [[], ["c", "d"], [], ["a", "b"]], lines=3, begins=False)
    assert LogsClient(lambda: client).tail("g", "s", lines=3) == ("b", "c", "d")


def test_short_stream_is_read_to_its_beginning(stubbed: Stubbed) -> None:
    client, stub = stubbed("logs")
    add_events(stub, [["b"], ["a"], []], lines=20)
    assert LogsClient(lambda: client).tail("g", "s", lines=20) == ("a", "b")


def test_reading_an_endless_stream_ends(stubbed: Stubbed) -> None:
    client, stub = stubbed("logs")
    add_events(stub, [[] for _ in range(10)], lines=20, begins=False)
    assert LogsClient(lambda: client).tail("g", "s", lines=20) == ()


def test_stream_that_does_not_exist_has_no_lines(stubbed: Stubbed) -> None:
    client, stub = stubbed("logs")
    stub.add_client_error("get_log_events", "ResourceNotFoundException")
    assert LogsClient(lambda: client).tail("g", "s", lines=20) == ()
