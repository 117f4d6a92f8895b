# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What MiniStack drops of ELBv2's query protocol: weighted forwards, query-string and regular-expression conditions.

Request parameters in, records with the API's own member names stored, XML out.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from sandbox.ministack import alb, ec2, responses

Params = Mapping[str, Any]
Record = dict[str, Any]


def member(params: Params, key: str) -> str:
    """The parameter's value, "" when it is absent."""
    return str(alb._p(params, key))


def members(params: Params, prefix: str) -> list[str]:
    """`<prefix>.member.1`, `.2` and so on: the keys that exist."""
    found: list[str] = []
    while any(
        key == name or key.startswith(f"{name}.") for name in [f"{prefix}.member.{len(found) + 1}"] for key in params
    ):
        found.append(f"{prefix}.member.{len(found) + 1}")
    return found


def with_forward_config(params: Params, prefix: str, actions: list[Record]) -> list[Record]:
    """The parsed actions, forward actions with the ForwardConfig of the request."""
    for base, action in zip(members(params, prefix), actions, strict=False):
        groups = [
            {
                "TargetGroupArn": member(params, f"{group}.TargetGroupArn"),
                **({"Weight": int(weight)} if (weight := member(params, f"{group}.Weight")) else {}),
            }
            for group in members(params, f"{base}.ForwardConfig.TargetGroups")
        ]
        if action["Type"] == "forward" and groups:
            sticky = f"{base}.ForwardConfig.TargetGroupStickinessConfig"
            action.update(
                forward(groups, member(params, f"{sticky}.Enabled"), member(params, f"{sticky}.DurationSeconds"))
            )
        elif action["Type"] == "forward" and action.get("TargetGroupArn"):
            action.update(forward([{"TargetGroupArn": action["TargetGroupArn"]}], "", ""))
    return actions


def forward(groups: Iterable[Mapping[str, Any]], sticky: str, duration: str) -> Record:
    """A forward action's members as AWS describes them: TargetGroupArn only when there is a single group."""
    listed = [{**group, "Weight": int(group.get("Weight", 1))} for group in groups]
    stickiness: Record = {"Enabled": sticky.lower() == "true"}
    if duration:
        stickiness["DurationSeconds"] = int(duration)
    config = {"TargetGroups": listed, "TargetGroupStickinessConfig": stickiness}
    return {"ForwardConfig": config, **({"TargetGroupArn": listed[0]["TargetGroupArn"]} if len(listed) == 1 else {})}


def with_conditions(params: Params, prefix: str, conditions: list[Record]) -> list[Record]:
    """The parsed conditions, with query-string and regular-expression values of the request."""
    for base, condition in zip(members(params, prefix), conditions, strict=False):
        pairs = [
            {"Key": member(params, f"{pair}.Key"), "Value": member(params, f"{pair}.Value")}
            for pair in members(params, f"{base}.QueryStringConfig.Values")
        ]
        if pairs:
            condition["QueryStringConfig"] = {"Values": pairs}
        for config in ("", "PathPatternConfig.", "HostHeaderConfig.", "HttpHeaderConfig."):
            if values := [member(params, value) for value in members(params, f"{base}.{config}RegexValues")]:
                condition["RegexValues"] = values
    return conditions


def action_xml(original: Any, action: Record) -> str:
    """MiniStack's XML of an action, with what it leaves out and with text escaped."""
    safe = dict(action)
    for config, key in (("FixedResponseConfig", "MessageBody"), ("RedirectConfig", "Path"), ("RedirectConfig", "Host")):
        if safe.get(config, {}).get(key):
            safe[config] = {**safe[config], key: escape(str(safe[config][key]))}
    xml: str = original(safe)
    return xml.replace("</member>", f"{_forward_xml(action)}</member>") if action.get("ForwardConfig") else xml


def _forward_xml(action: Record) -> str:
    config = action["ForwardConfig"]
    groups = "".join(
        f"<member><TargetGroupArn>{group['TargetGroupArn']}</TargetGroupArn><Weight>{group['Weight']}</Weight></member>"
        for group in config["TargetGroups"]
    )
    stickiness = config["TargetGroupStickinessConfig"]
    duration = stickiness.get("DurationSeconds")
    return (
        f"<ForwardConfig><TargetGroups>{groups}</TargetGroups><TargetGroupStickinessConfig>"
        f"<Enabled>{str(stickiness['Enabled']).lower()}</Enabled>"
        + (f"<DurationSeconds>{duration}</DurationSeconds>" if duration else "")
        + "</TargetGroupStickinessConfig></ForwardConfig>"
    )


def condition_xml(original: Any, condition: Record) -> str:
    """MiniStack's XML of a condition, with what it leaves out."""
    added = ""
    if query := condition.get("QueryStringConfig"):
        pairs = "".join(
            "<member>"
            + (f"<Key>{escape(pair['Key'])}</Key>" if pair.get("Key") else "")
            + f"<Value>{escape(pair['Value'])}</Value></member>"
            for pair in query["Values"]
        )
        added += f"<QueryStringConfig><Values>{pairs}</Values></QueryStringConfig>"
    if regexes := condition.get("RegexValues"):
        added += "<RegexValues>" + "".join(f"<member>{escape(regex)}</member>" for regex in regexes) + "</RegexValues>"
    safe = {**condition, "Values": [escape(value) for value in condition.get("Values") or []]}
    xml: str = original(safe)
    return f"{xml.removesuffix('</member>')}{added}</member>"


def load_balancer_xml(original: Any, record: Record) -> str:
    """MiniStack's XML of a load balancer, with the zones and the VPC of its subnets."""
    subnets = [(subnet_id, ec2._subnets.get(subnet_id) or {}) for subnet_id in record.get("Subnets", [])]
    zones = "".join(
        f"<member><ZoneName>{subnet.get('AvailabilityZone') or responses.get_region() + 'a'}</ZoneName>"
        f"<SubnetId>{subnet_id}</SubnetId><LoadBalancerAddresses/></member>"
        for subnet_id, subnet in subnets
    )
    vpc = next((subnet["VpcId"] for _, subnet in subnets if subnet.get("VpcId")), record.get("VpcId", ""))
    xml: str = original({**record, "VpcId": vpc, "Subnets": []})
    return xml.replace("<AvailabilityZones></AvailabilityZones>", f"<AvailabilityZones>{zones}</AvailabilityZones>")


def attributes_xml(attributes: Mapping[str, str]) -> str:
    """The members of an attribute list."""
    return "".join(
        f"<member><Key>{key}</Key><Value>{escape(value)}</Value></member>" for key, value in attributes.items()
    )
