"""The load balancer's types, and the cluster."""

from typing import Any

from sandbox.clients import client

Properties = dict[str, Any]
_HEALTH = (
    "HealthCheckProtocol", "HealthCheckPort", "HealthCheckPath", "HealthCheckEnabled", "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount",
)  # fmt: skip


def _elbv2() -> Any:
    return client("elbv2")


def _tags(arn: str) -> list[Properties]:
    found: list[Properties] = _elbv2().describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return found[0]["Tags"] if found else []


def _named(attributes: list[Properties], wanted: list[Properties]) -> list[Properties]:
    """The attributes that the template sets; all others have defaults of their own."""
    keys = {one["Key"] for one in wanted}
    return [one for one in attributes if one["Key"] in keys]


def _load_balancer(arn: str, properties: Properties) -> Properties | None:
    found = _elbv2().describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    if not found:
        return None
    attributes = _elbv2().describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return {
        "Name": found[0]["LoadBalancerName"],
        "Type": found[0]["Type"],
        "Scheme": found[0]["Scheme"],
        "Subnets": [zone["SubnetId"] for zone in found[0]["AvailabilityZones"] if zone.get("SubnetId")],
        "SecurityGroups": found[0].get("SecurityGroups", []),
        "LoadBalancerAttributes": _named(attributes, properties.get("LoadBalancerAttributes") or []),
        "Tags": _tags(arn),
    }


def _target_group(arn: str, properties: Properties) -> Properties | None:
    found = _elbv2().describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    if not found:
        return None
    group = found[0]
    attributes = _elbv2().describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return {
        "Name": group["TargetGroupName"],
        **{name: group.get(name) for name in ("Protocol", "Port", "VpcId", "TargetType", "Matcher", *_HEALTH)},
        "TargetGroupAttributes": _named(attributes, properties.get("TargetGroupAttributes") or []),
        "Tags": _tags(arn),
    }


def _listener(arn: str, _properties: Properties) -> Properties | None:
    found: list[Properties] = _elbv2().describe_listeners(ListenerArns=[arn])["Listeners"]
    return found[0] if found else None


def _cluster(name: str, properties: Properties) -> Properties | None:
    found = client("ecs").describe_clusters(clusters=[name], include=["SETTINGS", "TAGS", "CONFIGURATIONS"])["clusters"]
    if not found or found[0]["status"] != "ACTIVE":
        return None
    cluster = found[0]
    settings = [_pascal(one) for one in cluster.get("settings", [])]
    wanted = {one["Name"] for one in properties.get("ClusterSettings") or []}
    return {
        "ClusterName": cluster["clusterName"],
        "ClusterSettings": [one for one in settings if one["Name"] in wanted],
        "CapacityProviders": cluster.get("capacityProviders", []),
        "DefaultCapacityProviderStrategy": [_pascal(one) for one in cluster.get("defaultCapacityProviderStrategy", [])],
        "Tags": [_pascal(one) for one in cluster.get("tags", [])],
    }


def _pascal(record: Properties) -> Properties:
    return {name[0].upper() + name[1:]: thing for name, thing in record.items()}


READERS = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        _load_balancer,
        frozenset({"Name", "Type", "Scheme", "Subnets", "SecurityGroups", "LoadBalancerAttributes", "Tags"}),
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": (
        _target_group,
        frozenset({
            "Name", "Protocol", "Port", "VpcId", "TargetType", "Matcher", "TargetGroupAttributes", "Tags", *_HEALTH,
        }),
    ),
    "AWS::ElasticLoadBalancingV2::Listener": (
        _listener,
        frozenset({"LoadBalancerArn", "Port", "Protocol", "SslPolicy", "DefaultActions"}),
    ),
    "AWS::ECS::Cluster": (
        _cluster,
        frozenset({"ClusterName", "ClusterSettings", "CapacityProviders", "DefaultCapacityProviderStrategy", "Tags"}),
    ),
}  # fmt: skip
