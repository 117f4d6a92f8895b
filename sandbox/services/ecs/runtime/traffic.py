# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The listener rules that ECS writes while it shifts traffic, and only then: live weights are never looked at."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from sandbox import clients
from sandbox.services.ecs.model import deployments, state
from sandbox.services.ecs.model.records import Record, say
from sandbox.services.ecs.model.weights import forward


def write(service: Record) -> None:
    """Write the rules whose action is to be another than was written last. A refusal is told as an event, once."""
    if not deployments.shifts(service):
        return
    written = state.of_service(service).traffic
    for rule, action in _wanted(service, written):
        if written.get(rule) == action:
            continue
        written[rule] = action
        try:
            clients.client("elbv2").modify_rule(RuleArn=rule, Actions=[action])
        except ClientError as error:
            say(service, f"was unable to modify listener rule {rule}: {error.response['Error']['Message']}")


def _wanted(service: Record, written: dict[str, Record]) -> Iterator[tuple[str, Record]]:
    """Pairs of a rule's ARN and the action that it is to have."""
    deployment = deployments.primary(service)
    record = deployments.service_deployment(deployment)
    weight = record.weight
    for entry in state.of_deployment(deployment).load_balancers:
        advanced, new = entry.get("advancedConfiguration") or {}, str(entry.get("targetGroupArn"))
        production, test = advanced.get("productionListenerRule"), advanced.get("testListenerRule")
        if production and (weight or production in written):
            yield production, forward(new, advanced["alternateTargetGroupArn"], weight)
        if test and (record.shift is None or record.shift.tests):
            yield test, forward(new, None, 100)
