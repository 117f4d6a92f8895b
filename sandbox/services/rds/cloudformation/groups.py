# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::RDS::DBParameterGroup and AWS::RDS::DBSubnetGroup: how they are now."""

from sandbox.clients import client
from sandbox.services.cloudformation.model.types import DriftReader, Properties


def _parameter_group(name: str, _properties: Properties) -> Properties | None:
    rds = client("rds")
    group = rds.describe_db_parameter_groups(DBParameterGroupName=name)["DBParameterGroups"][0]
    values = rds.describe_db_parameters(DBParameterGroupName=name, Source="user")["Parameters"]
    return {
        "DBParameterGroupName": name,
        "Description": group["Description"],
        "Family": group["DBParameterGroupFamily"],
        "Parameters": {parameter["ParameterName"]: parameter["ParameterValue"] for parameter in values},
        "Tags": rds.list_tags_for_resource(ResourceName=group["DBParameterGroupArn"])["TagList"],
    }


def _subnet_group(name: str, _properties: Properties) -> Properties | None:
    rds = client("rds")
    group = rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"][0]
    return {
        "DBSubnetGroupName": name,
        "DBSubnetGroupDescription": group["DBSubnetGroupDescription"],
        "SubnetIds": [subnet["SubnetIdentifier"] for subnet in group["Subnets"]],
        "Tags": rds.list_tags_for_resource(ResourceName=group["DBSubnetGroupArn"])["TagList"],
    }


READERS = {
    "AWS::RDS::DBParameterGroup": DriftReader(
        _parameter_group,
        frozenset({"DBParameterGroupName", "Description", "Family", "Parameters", "Tags"}),
    ),
    "AWS::RDS::DBSubnetGroup": DriftReader(
        _subnet_group,
        frozenset({"DBSubnetGroupName", "DBSubnetGroupDescription", "SubnetIds", "Tags"}),
    ),
}
