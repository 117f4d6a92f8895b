# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation's types of ECS."""

from typing import Any

from tests.sandbox.stacks import Stack, ref, with_properties


def test_capacity_providers_of_a_cluster(stack: Stack, sandbox: Any) -> None:
    resources = {
        "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "providers"}},
        "Providers": {
            "Type": "AWS::ECS::ClusterCapacityProviderAssociations",
            "Properties": {
                "Cluster": ref("Cluster"),
                "CapacityProviders": ["FARGATE"],
                "DefaultCapacityProviderStrategy": [{"CapacityProvider": "FARGATE", "Weight": 1}],
            },
        },
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    ecs = sandbox.client("ecs")
    cluster = ecs.describe_clusters(clusters=["providers"])["clusters"][0]
    assert cluster["capacityProviders"] == ["FARGATE"]
    assert cluster["defaultCapacityProviderStrategy"] == [{"capacityProvider": "FARGATE", "weight": 1}]
    assert stack.drift()["Providers"] == "IN_SYNC"
    both = with_properties(resources, "Providers", CapacityProviders=["FARGATE", "FARGATE_SPOT"])
    assert stack.update(both) == "UPDATE_COMPLETE"
    assert len(ecs.describe_clusters(clusters=["providers"])["clusters"][0]["capacityProviders"]) == 2
    ecs.put_cluster_capacity_providers(cluster="providers", capacityProviders=[], defaultCapacityProviderStrategy=[])
    assert stack.drift()["Providers"] == "MODIFIED"
