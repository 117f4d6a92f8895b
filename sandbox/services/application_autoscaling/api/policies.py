# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Scaling policies, and the alarms that a target tracking policy makes. Whoever puts a step policy makes its alarm.

AWS: API reference PutScalingPolicy, DescribeScalingPolicies, DeleteScalingPolicy; User Guide, "Target tracking scaling
policies" (alarm names, three minutes high, fifteen minutes and nine tenths of the target low).
"""

import time
import uuid

from sandbox.clients import client
from sandbox.ministack import responses
from sandbox.services.application_autoscaling.model.records import Data, Refusal, key_of, page, registered, store

_CONFIGURATIONS = {
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "StepScaling": "StepScalingPolicyConfiguration",
}
_METRICS = {
    "ECSServiceAverageCPUUtilization": ("AWS/ECS", "CPUUtilization"),
    "ECSServiceAverageMemoryUtilization": ("AWS/ECS", "MemoryUtilization"),
    "ALBRequestCountPerTarget": ("AWS/ApplicationELB", "RequestCountPerTarget"),
}
_TARGET = ("ServiceNamespace", "ResourceId", "ScalableDimension")


def _policy_key(data: Data, name: str) -> str:
    return f"{key_of(data)}|{name}"


def _put(data: Data) -> Data:
    registered(data)
    name = data["PolicyName"]
    known: Data = store.policies.get(_policy_key(data, name)) or {}
    kind = data.get("PolicyType") or known.get("PolicyType") or "StepScaling"
    member = _CONFIGURATIONS.get(kind)
    if member is None:
        raise Refusal("ValidationException", f"The sandbox has no policies of type {kind}")
    configuration = data.get(member) or known.get(member)
    if not configuration:
        raise Refusal("ValidationException", f"{member} must be specified for a policy of type {kind}")
    _delete_alarms(known)
    policy = {
        "PolicyARN": known.get("PolicyARN") or _arn(data, name),
        "PolicyName": name,
        **{field: data[field] for field in _TARGET},
        "PolicyType": kind,
        member: configuration,
        "CreationTime": known.get("CreationTime") or time.time(),
        "Alarms": [],
    }
    if kind == "TargetTrackingScaling":
        policy["Alarms"] = _track(policy, configuration)
    store.policies[_policy_key(data, name)] = policy
    return {"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]}


def _arn(data: Data, name: str) -> str:
    return (
        f"arn:aws:autoscaling:{responses.get_region()}:{responses.get_account_id()}:scalingPolicy:{uuid.uuid4()}:resource/"
        f"{data['ServiceNamespace']}/{data['ResourceId']}:policyName/{name}"
    )


def _track(policy: Data, configuration: Data) -> list[Data]:
    """Make the alarm above the target value, and the alarm below it unless scaling in is off."""
    value, alarms = float(configuration["TargetValue"]), [("AlarmHigh", "GreaterThanThreshold", 3)]
    if not configuration.get("DisableScaleIn"):
        alarms.append(("AlarmLow", "LessThanThreshold", 15))
    cloudwatch, made, metric = client("cloudwatch"), [], metric_of(policy, configuration)
    for label, comparison, minutes in alarms:
        name = f"TargetTracking-{policy['ResourceId']}-{label}-{uuid.uuid4()}"
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            AlarmDescription=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy['PolicyARN']}.",
            AlarmActions=[policy["PolicyARN"]],
            ComparisonOperator=comparison,
            Threshold=value if label == "AlarmHigh" else round(value * 0.9, 4),
            EvaluationPeriods=minutes,
            **({} if "Metrics" in metric else {"Period": 60}),
            **metric,
        )
        arn = f"arn:aws:cloudwatch:{responses.get_region()}:{responses.get_account_id()}:alarm:{name}"
        made.append({"AlarmName": name, "AlarmARN": arn})
    return made


def metric_of(policy: Data, configuration: Data) -> Data:
    """The metric that a policy follows, as an alarm has it."""
    if custom := configuration.get("CustomizedMetricSpecification"):
        if custom.get("Metrics"):
            return {"Metrics": [_with_period(query) for query in custom["Metrics"]]}
        fields = ("Namespace", "MetricName", "Dimensions", "Statistic", "Unit")
        return {field: custom[field] for field in fields if custom.get(field)}
    wanted = configuration.get("PredefinedMetricSpecification") or {}
    kind = wanted.get("PredefinedMetricType")
    if kind not in _METRICS:
        raise Refusal("ValidationException", f"The sandbox does not know the predefined metric {kind}")
    namespace, metric = _METRICS[kind]
    if kind == "ALBRequestCountPerTarget":
        label = str(wanted.get("ResourceLabel", ""))
        balancer, _, group = label.partition("/targetgroup/")
        if not label.startswith("app/") or not group:
            raise Refusal("ValidationException", f"ResourceLabel must be app/<name>/<id>/targetgroup/...: {label!r}")
        dimensions = {"LoadBalancer": balancer, "TargetGroup": f"targetgroup/{group}"}
        statistic = "Sum"
    else:
        _, cluster, service = policy["ResourceId"].split("/")
        dimensions, statistic = {"ClusterName": cluster, "ServiceName": service}, "Average"
    listed = [{"Name": name, "Value": text} for name, text in dimensions.items()]
    return {"Namespace": namespace, "MetricName": metric, "Statistic": statistic, "Dimensions": listed}


def _with_period(query: Data) -> Data:
    """A query as alarms have it: target tracking looks at minutes."""
    return {**query, "MetricStat": {**query["MetricStat"], "Period": 60}} if query.get("MetricStat") else query


def _delete_alarms(policy: Data) -> None:
    if names := [alarm["AlarmName"] for alarm in policy.get("Alarms", [])]:
        client("cloudwatch").delete_alarms(AlarmNames=names)


def _describe(data: Data) -> Data:
    names = data.get("PolicyNames")
    chosen = [
        policy
        for policy in store.policies.values()
        if all(data.get(field) in {None, policy[field]} for field in _TARGET)
        and (not names or policy["PolicyName"] in names)
    ]
    return page(data, "ScalingPolicies", chosen)


def _delete(data: Data) -> Data:
    key = _policy_key(data, data["PolicyName"])
    if key not in store.policies:
        raise Refusal(
            "ObjectNotFoundException",
            f"No scaling policy found for service namespace: {data['ServiceNamespace']}, resource ID: "
            f"{data['ResourceId']}, scalable dimension: {data['ScalableDimension']}, policy name: {data['PolicyName']}",
        )
    _delete_alarms(store.policies.pop(key))
    return {}


def forget_target(data: Data) -> None:
    """Delete the policies of a target that goes, and their alarms."""
    for key in [key for key in store.policies if key.startswith(f"{key_of(data)}|")]:
        _delete_alarms(store.policies.pop(key))


ACTIONS = {
    "PutScalingPolicy": _put,
    "DescribeScalingPolicies": _describe,
    "DeleteScalingPolicy": _delete,
}
