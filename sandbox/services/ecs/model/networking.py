# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What ECS wants of target groups and listener rules before it shifts traffic, in its own words.

AWS: ECS developer guide, "Troubleshooting Amazon ECS blue/green deployments": some is refused at once, some is found
when the deployment has begun and rolls it back.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.services.ecs.model.records import Record
from sandbox.services.elbv2.model.records import forwarded_groups

FindRule = Callable[[str], Any]
"""The listener rule of an ARN, or None."""


def refusals(load_balancers: list[Record], find_rule: FindRule) -> Iterator[str]:
    """What is wrong with the load balancers of a service whose strategy shifts traffic."""
    given = [entry.get("advancedConfiguration") for entry in load_balancers]
    if any(given) and not all(given):
        yield "Either all or none of the provided loadBalancers must have advancedConfiguration defined"
    if not all(given):
        yield (
            "advancedConfiguration field is required for all loadBalancers when using a non-ROLLING deployment strategy"
        )
        return
    groups = [arn for entry in load_balancers for arn in _groups(entry)]
    for arn, times in Counter(groups).items():
        if arn and times > 1:
            yield f"Duplicate targetGroupArn found: {arn}"
    for entry in load_balancers:
        yield from _of_entry(entry, find_rule)


def _of_entry(entry: Record, find_rule: FindRule) -> Iterator[str]:
    advanced = entry["advancedConfiguration"]
    for name in ("alternateTargetGroupArn", "productionListenerRule", "roleArn"):
        if not advanced.get(name):
            yield f"advancedConfiguration.{name} must be specified for a deployment strategy that shifts traffic."
    if "testListenerRule" in advanced and not advanced["testListenerRule"]:
        yield "advancedConfiguration.testListenerRule must not be empty."
    production, test = advanced.get("productionListenerRule"), advanced.get("testListenerRule")
    if production and production == test:
        yield f"The following rules cannot be used as both production and test listener rules: {production}"
    for name, arn in (("productionListenerRule", production), ("testListenerRule", test)):
        if arn and ":listener-rule/" not in arn:
            yield f"{name} has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. Got: {arn}"
        elif arn and find_rule(arn) is None:
            yield f"The listener rule {arn} does not exist."
    if not test and not set(_groups(entry)) <= set(_weights(find_rule(production))):
        yield (
            "For Application LoadBalancer, testListenerRule is required when productionListenerRule is not associated "
            "with both targetGroup and alternateTargetGroup"
        )


def problem(load_balancers: list[Record], find_rule: FindRule) -> str:
    """Why traffic cannot be shifted by the rules as they are now; empty when it can."""
    return next((found for entry in load_balancers for found in _live(entry, find_rule)), "")


def _live(entry: Record, find_rule: FindRule) -> Iterator[str]:
    advanced = entry.get("advancedConfiguration") or {}
    production = advanced.get("productionListenerRule")
    if not production:
        return
    weights, own = _weights(find_rule(production)), _groups(entry)
    test = _weights(find_rule(advanced.get("testListenerRule") or ""))
    for arn in own:
        if arn not in {*weights, *test}:
            yield f"Target group {arn} is not associated with either productionListenerRule or testListenerRule."
    for arn in weights:
        if arn not in own:
            yield (
                f"Production listener rule is forwarding traffic to unexpected target group {arn}. Expected traffic to "
                f"be forwarded to either targetGroupArn: {own[0]} or alternateTargetGroupArn: {own[1]}"
            )
    serving = sum(weight > 0 for weight in weights.values())
    if serving != 1:
        yield (
            f"productionListenerRule {production} should have exactly one target group serving traffic but found "
            f"{serving} target groups which are serving traffic"
        )


def _groups(entry: Record) -> list[str]:
    alternate = (entry.get("advancedConfiguration") or {}).get("alternateTargetGroupArn")
    return [str(entry.get("targetGroupArn") or ""), str(alternate or "")]


def _weights(rule: Record | None) -> dict[str, int]:
    found: dict[str, int] = {}
    for action in (rule or {}).get("Actions") or []:
        found |= forwarded_groups(action)
    return found
