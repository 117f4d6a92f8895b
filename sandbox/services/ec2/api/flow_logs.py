# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Flow logs. AWS: API reference CreateFlowLogs, FlowLog."""

import re
from xml.sax.saxutils import escape

from sandbox.ministack import ec2
from sandbox.services.ec2 import model
from sandbox.services.ec2.api.wire import Answer, Handler, Parameters, error, text_of, value

_DEFAULT_INTERVAL = "600"
_DEFAULT_LOG_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} "
    "${bytes} ${start} ${end} ${action} ${log-status}"
)


def install() -> None:
    """Wrap the actions."""
    actions = ec2._ACTION_MAP
    actions["CreateFlowLogs"] = _create_flow_logs(actions["CreateFlowLogs"])
    actions["DescribeFlowLogs"] = _describe_flow_logs(actions["DescribeFlowLogs"])


def _create_flow_logs(create: Handler) -> Handler:
    def handle(parameters: Parameters) -> Answer:
        kind = value(parameters, "LogDestinationType") or "cloud-watch-logs"
        if kind == "cloud-watch-logs" and not value(parameters, "DeliverLogsPermissionArn"):
            return error("InvalidParameter", "DeliverLogsPermissionArn can't be empty if LogGroupName is used.")
        before = set(ec2._flow_logs)
        answer = create(parameters)
        for made in set(ec2._flow_logs) - before:
            record = ec2._flow_logs[made]
            record["LogDestination"] = value(parameters, "LogDestination")
            known = model.of_flow_log(record)
            known.log_group_name = value(parameters, "LogGroupName")
            known.deliver_logs_permission_arn = value(parameters, "DeliverLogsPermissionArn")
            known.log_format = value(parameters, "LogFormat") or _DEFAULT_LOG_FORMAT
            known.max_aggregation_interval = value(parameters, "MaxAggregationInterval") or _DEFAULT_INTERVAL
            ec2._parse_tag_specs(parameters, "vpc-flow-log", made)
        return answer

    return handle


def _describe_flow_logs(describe: Handler) -> Handler:
    item = re.compile(r"<flowLogId>(fl-\w+)</flowLogId>")

    def handle(parameters: Parameters) -> Answer:
        answer = describe(parameters)
        text = text_of(answer).replace("<logDestination></logDestination>", "")
        return answer[0], answer[1], item.sub(_with_flow_log_fields, text).encode()

    return handle


def _with_flow_log_fields(match: re.Match[str]) -> str:
    known = model.of_flow_log(ec2._flow_logs[match[1]])
    named = {
        "logGroupName": known.log_group_name,
        "deliverLogsPermissionArn": known.deliver_logs_permission_arn,
        "logFormat": known.log_format,
        "maxAggregationInterval": known.max_aggregation_interval,
    }
    fields = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in named.items() if text)
    return f"{match[0]}{fields}<deliverLogsStatus>SUCCESS</deliverLogsStatus>"
