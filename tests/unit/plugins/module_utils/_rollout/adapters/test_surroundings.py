"""What a task definition refers to, against recorded answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.surroundings import Alarms

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.stub import Stubber


def test_alarms_are_asked_for_a_hundred_at_a_time_and_read_to_the_end(
    stubbed: Callable[[str], tuple[Any, Stubber]],
) -> None:
    client, stub = stubbed("cloudwatch")
    names = [f"alarm {number:03}" for number in range(101)]

    def asked(batch: list[str], **token: str) -> dict[str, Any]:
        return {"AlarmNames": batch, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100, **token}

    def state(name: str, value: str) -> dict[str, str]:
        return {"AlarmName": name, "StateValue": value}

    first = names[:100]
    stub.add_response("describe_alarms", {"MetricAlarms": [state(first[0], "OK")], "NextToken": "a"}, asked(first))
    stub.add_response("describe_alarms", {"MetricAlarms": [], "NextToken": "b"}, asked(first, NextToken="a"))
    stub.add_response("describe_alarms", {"CompositeAlarms": [state(first[9], "ALARM")]}, asked(first, NextToken="b"))
    stub.add_response("describe_alarms", {"MetricAlarms": [state(names[100], "OK")]}, asked(names[100:]))
    states = Alarms(lambda: client).alarm_states(frozenset(names))
    assert states == {"alarm 000": "OK", "alarm 009": "ALARM", "alarm 100": "OK"}
