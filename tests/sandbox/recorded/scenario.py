# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A life of everything that the collection reads, asked about with the operations that it calls."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from tests.sandbox.balancer import eventually
from tests.sandbox.services.ecr.registry import CONFIG, LAYER, Registry, image
from tests.sandbox.services.ecs.app import Platform
from tests.sandbox.stacks import Stack, att, body, ref

TAGS = [{"Key": "team", "Value": "medicine"}]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "sts:AssumeRole"},
    ],
}
Clients = Callable[[str], Any]


class Listening:
    """The sandbox, whose clients' answers are kept."""

    def __init__(self, sandbox: Any, clients: Clients) -> None:
        self.state, self.client = sandbox.state, lambda service, account="dev": clients(service)


def play(sandbox: Any, clients: Clients) -> None:
    """Make everything, ask, and remove it again."""
    name = f"recorded-{uuid.uuid4().hex[:6]}"
    for part in (stacks, identities, storage, images, alarms, certificates, network):
        part(name, clients)
    tasks(sandbox, clients)


def stacks(name: str, clients: Clients) -> None:
    """A stack, changed by hand and by a change set; with a table whose name is a parameter."""
    api = clients("cloudformation")
    table = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "TableName": ref("Name"),
        "Tags": TAGS,
    }
    template = json.loads(
        body({"Table": {"Type": "AWS::DynamoDB::Table", "Properties": table}}, {"Arn": att("Table", "Arn")})
    )
    template["Parameters"] = {"Name": {"Type": "String"}}
    made = {"StackName": name, "Tags": TAGS, "Parameters": [{"ParameterKey": "Name", "ParameterValue": name}]}
    stack = Stack(api, name)
    api.create_stack(TemplateBody=json.dumps(template), **made)
    stack.settle()
    api.get_template(StackName=name)
    table["Tags"] = [*TAGS, {"Key": "more", "Value": "yes"}]
    template["Resources"]["Table"]["Properties"] = table
    api.create_change_set(ChangeSetName="more", TemplateBody=json.dumps(template), **made)
    eventually(lambda: api.describe_change_set(StackName=name, ChangeSetName="more")["Status"] == "CREATE_COMPLETE")
    api.delete_change_set(StackName=name, ChangeSetName="more")
    api.update_stack(TemplateBody=json.dumps(template), **made)
    stack.settle()
    api.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    api.describe_stack_events(StackName=name)
    api.list_stack_resources(StackName=name)
    tables = clients("dynamodb")
    tables.put_item(TableName=name, Item={"id": {"S": "a"}})
    tables.query(TableName=name, KeyConditionExpression="id = :a", ExpressionAttributeValues={":a": {"S": "a"}})
    tables.describe_table(TableName=name)
    tables.update_table(TableName=name, DeletionProtectionEnabled=False)
    stack.drift()
    stack.delete()


def identities(name: str, clients: Clients) -> None:
    """A role with a tag; a secret."""
    iam, secrets = clients("iam"), clients("secretsmanager")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), Tags=TAGS)["Role"]["Arn"]
    iam.get_role(RoleName=name)
    clients("sts").assume_role(RoleArn=role, RoleSessionName="recorded")
    clients("sts").get_caller_identity()
    iam.delete_role(RoleName=name)
    arn = secrets.create_secret(Name=name, SecretString="word", Tags=TAGS)["ARN"]
    secrets.describe_secret(SecretId=arn)
    secrets.get_secret_value(SecretId=arn)
    secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def storage(name: str, clients: Clients) -> None:
    """A bucket with a version and a delete marker."""
    s3 = clients("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=name, Key="a", Body=b"a")
    s3.delete_object(Bucket=name, Key="a")
    found = s3.list_object_versions(Bucket=name)
    for item in [*found["Versions"], *found["DeleteMarkers"]]:
        s3.delete_object(Bucket=name, Key="a", VersionId=item["VersionId"])
    s3.delete_bucket(Bucket=name)


def images(name: str, clients: Clients) -> None:
    """A repository with an image."""
    ecr = clients("ecr")
    ecr.create_repository(repositoryName=name)
    registry = Registry(ecr)
    registry.push_blob(name, CONFIG)
    registry.push_blob(name, LAYER)
    registry.push_manifest(name, "1", image())
    ecr.describe_repositories(repositoryNames=[name])
    ecr.describe_images(repositoryName=name)
    ecr.delete_repository(repositoryName=name, force=True)


def alarms(name: str, clients: Clients) -> None:
    """An alarm of a metric and one of alarms."""
    api = clients("cloudwatch")
    api.put_metric_alarm(
        AlarmName=name,
        Namespace=name,
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        Dimensions=[{"Name": "service", "Value": "web"}],
    )
    api.put_composite_alarm(AlarmName=f"{name}-all", AlarmRule=f'ALARM("{name}")')
    api.describe_alarms(AlarmNamePrefix=name, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    api.delete_alarms(AlarmNames=[f"{name}-all"])
    api.delete_alarms(AlarmNames=[name])


def certificates(name: str, clients: Clients) -> None:
    """A certificate that is proved by DNS."""
    acm = clients("acm")
    arn = acm.request_certificate(DomainName=f"{name}.example", ValidationMethod="DNS")["CertificateArn"]
    acm.describe_certificate(CertificateArn=arn)
    acm.delete_certificate(CertificateArn=arn)


def network(name: str, clients: Clients) -> None:
    """Subnets, a security group with rules of each kind, an interface; a database cluster without instances."""
    ec2 = clients("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"10.7.{number}.0/24",
            AvailabilityZone=f"us-east-1{zone}",
            TagSpecifications=[{"ResourceType": "subnet", "Tags": TAGS}],
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    ]
    ec2.describe_subnets(SubnetIds=subnets)
    group = ec2.create_security_group(
        GroupName=name,
        Description="recorded",
        VpcId=vpc,
        TagSpecifications=[{"ResourceType": "security-group", "Tags": TAGS}],
    )["GroupId"]
    sources = {
        "UserIdGroupPairs": [{"GroupId": group}],
        "IpRanges": [{"CidrIp": "10.7.0.0/16"}],
    }
    ports = [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, **sources}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=ports)
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=ports)
    ec2.describe_security_groups(GroupIds=[group])
    made = ec2.create_network_interface(SubnetId=subnets[0], Groups=[group], Description="recorded")
    interface = made["NetworkInterface"]["NetworkInterfaceId"]
    ec2.create_tags(Resources=[interface], Tags=TAGS)
    ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": [subnets[0]]}])
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    rds = clients("rds")
    rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription="recorded", SubnetIds=subnets)
    rds.create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        Tags=TAGS,
        VpcSecurityGroupIds=[group],
        MasterUsername="coach",
        MasterUserPassword="a-password",
        DBSubnetGroupName=name,
    )
    rds.describe_db_clusters(DBClusterIdentifier=name)
    rds.modify_db_cluster(DBClusterIdentifier=name, BackupRetentionPeriod=3, ApplyImmediately=True)
    rds.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)
    rds.delete_db_subnet_group(DBSubnetGroupName=name)


def tasks(sandbox: Any, clients: Clients) -> None:
    """A service behind a load balancer, its scaling, a release, a task of its own, logs."""
    platform = Platform(Listening(sandbox, clients))
    try:
        _serve(platform, clients("application-autoscaling"), clients)
    finally:
        platform.remove()


def _serve(platform: Platform, scaling: Any, clients: Clients) -> None:
    ecs, elb = platform.ecs, platform.elb
    tags = [{"key": "team", "value": "medicine"}]
    platform.create(platform.define(), 1, tags=tags)
    service = platform.steady()
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{platform.name}/web",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[target["ResourceId"]])
    scaling.deregister_scalable_target(**target)
    ecs.list_task_definitions(familyPrefix=platform.name)
    secret = {"name": "WORD", "valueFrom": "arn:aws:secretsmanager:us-east-1:111111111111:secret:word"}
    whole = platform.container(
        mountPoints=[{"sourceVolume": "work", "containerPath": "/work"}],
        linuxParameters={"capabilities": {"drop": ["ALL"]}},
        secrets=[secret],
        VERSION="1",
    )
    definition = platform.define_raw([whole], [{"name": "work"}], tags=tags)
    ecs.describe_task_definition(taskDefinition=definition, include=["TAGS"])
    ecs.deregister_task_definition(taskDefinition=definition)
    ecs.list_tags_for_resource(resourceArn=service["serviceArn"])
    ecs.tag_resource(resourceArn=platform.cluster, tags=tags)
    ecs.describe_clusters(clusters=[platform.cluster], include=["TAGS", "SETTINGS"])
    ecs.describe_services(cluster=platform.cluster, services=["web"], include=["TAGS"])
    [task] = ecs.list_tasks(cluster=platform.cluster, serviceName="web")["taskArns"]
    ecs.tag_resource(resourceArn=task, tags=tags)
    ecs.describe_tasks(cluster=platform.cluster, tasks=[task], include=["TAGS"])
    eventually(lambda: clients("logs").describe_log_streams(logGroupName=platform.name)["logStreams"])
    platform.output(task)
    clients("logs").describe_log_groups(logGroupNamePrefix=platform.name)
    _balance(elb, platform)
    platform.update(healthCheckGracePeriodSeconds=7)
    ecs.stop_task(cluster=platform.cluster, task=task)


def _balance(elb: Any, platform: Platform) -> None:
    balancer = elb.describe_load_balancers(Names=[platform.name])["LoadBalancers"][0]["LoadBalancerArn"]
    elb.add_tags(ResourceArns=[balancer], Tags=TAGS)
    elb.describe_tags(ResourceArns=[balancer])
    elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)
    off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
    elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=off)
    listener = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    elb.create_rule(
        ListenerArn=listener,
        Priority=5,
        Conditions=[{"Field": "path-pattern", "Values": ["/old/*"]}],
        Actions=[{"Type": "redirect", "RedirectConfig": redirect, "Order": 1}],
    )
    elb.describe_rules(ListenerArn=listener)
    elb.describe_target_groups(TargetGroupArns=[platform.group])
    elb.describe_target_health(TargetGroupArn=platform.group)
