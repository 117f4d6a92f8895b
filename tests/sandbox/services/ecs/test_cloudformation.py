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


def test_how_commands_are_recorded_drifts(stack: Stack, sandbox: Any) -> None:
    execution = {"Logging": "OVERRIDE", "LogConfiguration": {"CloudWatchLogGroupName": "commands"}}
    properties = {"ClusterName": "recorded", "Configuration": {"ExecuteCommandConfiguration": execution}}
    assert stack.create({"Cluster": {"Type": "AWS::ECS::Cluster", "Properties": properties}}) == "CREATE_COMPLETE"
    assert stack.drift()["Cluster"] == "IN_SYNC"
    silent = {"executeCommandConfiguration": {"logging": "NONE"}}
    sandbox.client("ecs").update_cluster(cluster="recorded", configuration=silent)
    assert stack.drift()["Cluster"] == "MODIFIED"
