"""Elastic Load Balancing against recorded answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.elbv2 import Elbv2Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.stub import Stubber


def forward(**weights: int) -> list[dict[str, Any]]:
    groups = [{"TargetGroupArn": name, "Weight": weight} for name, weight in weights.items()]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]


def rule(priority: int, actions: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "RuleArn": f"rule {priority}",
        "Priority": str(priority),
        "Conditions": [{"Field": "path-pattern", "Values": ["/*"]}, {"Field": "source-ip"}],
        "Actions": actions,
    }


@pytest.mark.parametrize(
    ("actions", "forwards_to"),
    [
        ([{"Type": "forward", "TargetGroupArn": "blue"}], "blue"),
        (forward(blue=1), "blue"),
        (forward(blue=0, green=100), "green"),
        (forward(blue=90, green=10), "90 to blue, 10 to green"),
        ([{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}], "fixed-response"),
    ],
)
def test_rule_is_read_with_its_live_weights(
    stubbed: Callable[[str], tuple[Any, Stubber]], actions: list[dict[str, Any]], forwards_to: str
) -> None:
    client, stub = stubbed("elbv2")
    stub.add_response("describe_rules", {"Rules": [rule(100, actions)]}, {"ListenerArn": "listener"})
    found = Elbv2Client(lambda: client).find_rule("listener", 100)
    assert found
    assert found.target_group_arn == forwards_to
    assert found.path_patterns == {"/*", "and a condition on source-ip"}


@pytest.mark.parametrize(("priority", "arn"), [(3, "rule 3"), (4, "")])
def test_rule_is_looked_for_on_every_page(
    stubbed: Callable[[str], tuple[Any, Stubber]], priority: int, arn: str
) -> None:
    client, stub = stubbed("elbv2")
    blue = [{"Type": "forward", "TargetGroupArn": "blue"}]
    stub.add_response("describe_rules", {"Rules": [rule(1, blue)], "NextMarker": "a"}, {"ListenerArn": "l"})
    stub.add_response("describe_rules", {"Rules": [], "NextMarker": "b"}, {"ListenerArn": "l", "Marker": "a"})
    stub.add_response("describe_rules", {"Rules": [rule(3, blue)]}, {"ListenerArn": "l", "Marker": "b"})
    found = Elbv2Client(lambda: client).find_rule("l", priority)
    assert (found.arn if found else "") == arn


def test_listener_that_does_not_exist_has_no_rule(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("elbv2")
    stub.add_client_error("describe_rules", "ListenerNotFound")
    assert Elbv2Client(lambda: client).find_rule("listener", 100) is None
