# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of an AWS API: what their errors become, and listings that come in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.api import (
    MOST_PAGES,
    UNFIT_PARAMETERS,
    ApiRefusedError,
    AwsClient,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    CredentialsError,
    OperationError,
    UnavailableError,
)
from botocore.stub import Stubber

if TYPE_CHECKING:
    from collections.abc import Iterable


class Anything(AwsClient):
    """A service of AWS that can be asked for anything."""

    label = "ECS"

    def ask(self, operation: str, **arguments: Any) -> Any:
        return self._call("ask", operation, **arguments)

    def page_through(self, operation: str, missing: Iterable[str] = (), **arguments: Any) -> list[Any]:
        return list(self._pages("list it", operation, frozenset(missing), **arguments))


def client(service: str) -> Any:
    return boto3.client(service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("ExpiredTokenException", 400, CredentialsError),
        ("ThrottlingException", 400, UnavailableError),
        ("Anything", 503, UnavailableError),
        ("AccessDeniedException", 400, ApiRefusedError),
        ("InvalidParameterException", 400, ApiRefusedError),
    ],
)
def test_errors_say_what_was_attempted(code: str, status: int, error: type[Exception]) -> None:
    ecs = client("ecs")
    with Stubber(ecs) as stub:
        stub.add_client_error("describe_clusters", code, "because", http_status_code=status)
        with pytest.raises(error, match="Tried to ask, but"):
            Anything(lambda: ecs).ask("describe_clusters", clusters=["c"])
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"clusters": "c"}, "Invalid type for parameter clusters"),
        ({"cluster": ["c"]}, 'Unknown parameter in input: "cluster"'),
        ({"clusters": [1], "include": [2]}, r"Invalid type for parameter clusters\[0\].*; .*include\[0\]"),
    ],
)
def test_parameters_that_do_not_fit_are_named_and_not_blamed_on_the_network(
    arguments: dict[str, Any], named: str
) -> None:
    ecs = client("ecs")
    with pytest.raises(ApiRefusedError, match=named) as refused:
        Anything(lambda: ecs).ask("describe_clusters", **arguments)
    assert refused.value.code == UNFIT_PARAMETERS
    assert "Check the network" not in refused.value.message


@pytest.mark.parametrize(
    ("service", "operation", "given", "taken"),
    [
        ("ecs", "list_clusters", "nextToken", "nextToken"),
        ("cloudwatch", "describe_alarms", "NextToken", "NextToken"),
        ("elbv2", "describe_rules", "NextMarker", "Marker"),
    ],
)
def test_all_pages_are_read_by_whatever_name_of_the_token(service: str, operation: str, given: str, taken: str) -> None:
    asked = {"ListenerArn": "l"} if service == "elbv2" else {}
    aws = client(service)
    with Stubber(aws) as stub:
        stub.add_response(operation, {given: "a"}, asked)
        stub.add_response(operation, {given: "b"}, {**asked, taken: "a"})
        stub.add_response(operation, {}, {**asked, taken: "b"})
        assert len(Anything(lambda: aws).page_through(operation, **asked)) == 3
        stub.assert_no_pending_responses()


class Endless:
    """Answers with a page after every page: always another one, or always the same."""

    def __init__(self, *, same: bool) -> None:
        self.same = same
        self.asked = 0

    def list_clusters(self, **_arguments: Any) -> dict[str, str]:
        self.asked += 1
        return {"nextToken": "same" if self.same else str(self.asked)}


@pytest.mark.parametrize(
    ("same", "asked", "said"), [(True, 2, "the same page again"), (False, MOST_PAGES, "more than 1000 pages")]
)
def test_listing_without_an_end_is_ended(same: bool, asked: int, said: str) -> None:
    endless = Endless(same=same)
    with pytest.raises(OperationError, match=said):
        Anything(lambda: endless).page_through("list_clusters")
    assert endless.asked == asked


def test_listing_of_what_does_not_exist_has_no_pages() -> None:
    ecs = client("ecs")
    with Stubber(ecs) as stub:
        stub.add_client_error("list_tasks", "ClusterNotFoundException")
        stub.add_client_error("list_tasks", "InvalidParameterException")
        assert Anything(lambda: ecs).page_through("list_tasks", {"ClusterNotFoundException"}) == []
        with pytest.raises(ApiRefusedError):
            Anything(lambda: ecs).page_through("list_tasks", {"ClusterNotFoundException"})
        stub.assert_no_pending_responses()
