# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""PutMetricAlarm with metric math, SetAlarmState, GetMetricData's messages, what alarms do to SDKs that read XML.

AWS: API reference of each.
"""

import re
from collections.abc import Callable
from typing import Any

from sandbox.ministack import cloudwatch
from sandbox.services.cloudwatch.model.definition import refusal
from sandbox.services.cloudwatch.runtime.alarms import Evaluator

Handler = Callable[..., Any]
_ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")
_ARN = re.compile("<AlarmArn>([^<]*)</AlarmArn>")
_OF_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions", "Unit")


def install(evaluator: Evaluator) -> None:
    """Wrap the actions."""
    cloudwatch._describe_alarms = _describe_alarms(cloudwatch._describe_alarms)
    cloudwatch._put_metric_alarm = _put_metric_alarm(cloudwatch._put_metric_alarm, evaluator)
    cloudwatch._set_alarm_state = _set_alarm_state(cloudwatch._set_alarm_state, evaluator)
    cloudwatch._evaluate_alarm = evaluator.evaluate
    cloudwatch._evaluate_all_alarms = evaluator.evaluate_all
    cloudwatch._cbor_ok = _with_messages(cloudwatch._cbor_ok)
    cloudwatch._json_ok = _with_messages(cloudwatch._json_ok)


def _with_messages(answer: Handler) -> Handler:
    def handle(data: dict[str, Any]) -> Any:
        """AWS tells of the whole request here, and mostly has nothing to tell."""
        return answer({"Messages": [], **data} if "MetricDataResults" in data else data)

    return handle


def _describe_alarms(describe: Handler) -> Handler:
    def handle(parameters: Any, data: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
        """Older SDKs get XML, where MiniStack tells nothing of actions."""
        status, headers, body = describe(parameters, data, is_cbor, is_json)
        if is_cbor or is_json:
            return status, headers, body
        return status, headers, _ARN.sub(_with_actions, body.decode()).encode()

    return handle


def _with_actions(arn: re.Match[str]) -> str:
    name = arn[1].rpartition(":alarm:")[2]
    alarm = cloudwatch._alarms.get(name) or cloudwatch._composite_alarms.get(name) or {}
    enabled = f"<ActionsEnabled>{str(alarm.get('ActionsEnabled', True)).lower()}</ActionsEnabled>"
    lists = (
        f"<{kind}>{''.join(f'<member>{action}</member>' for action in alarm.get(kind, []))}</{kind}>"
        for kind in _ACTIONS
    )
    return f"{arn[0]}{enabled}{''.join(lists)}"


def _put_metric_alarm(put: Handler, evaluator: Evaluator) -> Handler:
    def handle(parameters: Any, data: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
        queries = data.get("Metrics")
        if not queries:
            return put(parameters, data, is_cbor, is_json)
        refused = refusal(data)
        if refused:
            return cloudwatch._error("ValidationError", refused, 400, use_json=is_json, use_cbor=is_cbor)
        answer = put(parameters, data, is_cbor, is_json)
        alarm = cloudwatch._alarms.get(data.get("AlarmName"))
        if answer[0] < 400 and alarm is not None:
            for name in _OF_ONE_METRIC:
                alarm.pop(name, None)
            alarm["Metrics"] = queries
            evaluator.evaluate(alarm)
        return answer

    return handle


def _set_alarm_state(set_state: Handler, evaluator: Evaluator) -> Handler:
    def handle(parameters: Any, data: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
        answer = set_state(parameters, data, is_cbor, is_json)
        alarm = cloudwatch._alarms.get(data.get("AlarmName"))
        if answer[0] < 400 and alarm is not None:
            evaluator.hold(alarm)
        return answer

    return handle
