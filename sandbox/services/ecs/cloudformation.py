# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::ECS::ClusterCapacityProviderAssociations, and how a cluster is now."""

from typing import Any

from sandbox.clients import client
from sandbox.services.cloudformation.model.types import (
    Context,
    Created,
    DriftReader,
    Properties,
    Resources,
    ResourceType,
)


def _put(cluster: str, providers: list[str], strategy: list[Properties]) -> None:
    client("ecs").put_cluster_capacity_providers(
        cluster=cluster,
        capacityProviders=providers,
        defaultCapacityProviderStrategy=[
            {
                "capacityProvider": item["CapacityProvider"],
                **{name.lower(): int(item[name]) for name in ("Base", "Weight") if item.get(name) is not None},
            }
            for item in strategy
        ],
    )


def _apply(properties: Properties) -> None:
    _put(
        properties["Cluster"],
        properties.get("CapacityProviders") or [],
        properties.get("DefaultCapacityProviderStrategy") or [],
    )


def _create(properties: Properties, _context: Context) -> Created:
    _apply(properties)
    return properties["Cluster"], {"Cluster": properties["Cluster"]}


def _update(cluster: str, _old: Properties, new: Properties) -> dict[str, Any]:
    _apply(new)
    return {"Cluster": cluster}


def _delete(cluster: str, _properties: Properties) -> None:
    if _cluster(cluster):
        _put(cluster, [], [])


def _cluster(name: str) -> Properties | None:
    found = client("ecs").describe_clusters(clusters=[name])["clusters"]
    return found[0] if found and found[0]["status"] == "ACTIVE" else None


def _read(cluster: str, properties: Properties) -> Properties | None:
    found = _cluster(cluster)
    if found is None:
        return None
    strategy = [
        {name[0].upper() + name[1:]: thing for name, thing in item.items()}
        for item in found.get("defaultCapacityProviderStrategy", [])
    ]
    named = {name for item in properties.get("DefaultCapacityProviderStrategy") or [] for name in item}
    return {
        "Cluster": properties["Cluster"],
        "CapacityProviders": found.get("capacityProviders", []),
        "DefaultCapacityProviderStrategy": [
            {name: thing for name, thing in item.items() if name in named} for item in strategy
        ],
    }


TYPES = (
    ResourceType(
        name="AWS::ECS::ClusterCapacityProviderAssociations",
        create=_create,
        update=_update,
        delete=_delete,
        read=_read,
        compared=frozenset({"Cluster", "CapacityProviders", "DefaultCapacityProviderStrategy"}),
        replacing=frozenset({"Cluster"}),
        tags=None,
    ),
)


def _read_cluster(name: str, properties: Properties) -> Properties | None:
    found = client("ecs").describe_clusters(clusters=[name], include=["SETTINGS", "TAGS", "CONFIGURATIONS"])["clusters"]
    if not found or found[0]["status"] != "ACTIVE":
        return None
    cluster = found[0]
    settings = [_pascal(setting) for setting in cluster.get("settings", [])]
    wanted = {setting["Name"] for setting in properties.get("ClusterSettings") or []}
    return {
        "ClusterName": cluster["clusterName"],
        "ClusterSettings": [setting for setting in settings if setting["Name"] in wanted],
        "CapacityProviders": cluster.get("capacityProviders", []),
        "DefaultCapacityProviderStrategy": [
            _pascal(item) for item in cluster.get("defaultCapacityProviderStrategy", [])
        ],
        "Configuration": _pascal(cluster.get("configuration") or {}),
        "Tags": [_pascal(tag) for tag in cluster.get("tags", [])],
    }


def _pascal(record: Properties) -> Properties:
    return {
        name[0].upper() + name[1:]: _pascal(thing) if isinstance(thing, dict) else thing
        for name, thing in record.items()
    }


RESOURCES = Resources(
    types=TYPES,
    drift_readers={
        "AWS::ECS::Cluster": DriftReader(
            _read_cluster,
            frozenset({
                "CapacityProviders", "ClusterName", "ClusterSettings", "Configuration",
                "DefaultCapacityProviderStrategy", "Tags",
            }),
        ),
    },
    create_only={"AWS::ECS::Cluster": ("ClusterName",)},
)  # fmt: skip
