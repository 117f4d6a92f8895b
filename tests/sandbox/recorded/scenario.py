# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A life of everything that the collection reads, asked about with the operations that it calls."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
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
    for part in (
        stacks,
        tables,
        identities,
        policies,
        secrets,
        storage,
        images,
        alarms,
        messages,
        certificates,
        network,
    ):
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
    clients("dynamodb").describe_table(TableName=name)
    clients("dynamodb").update_table(TableName=name, DeletionProtectionEnabled=False)
    stack.drift()
    stack.delete()


def tables(name: str, clients: Clients) -> None:
    """A table with an item and a policy."""
    api = clients("dynamodb")
    key = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
    schema = [{"AttributeName": "id", "KeyType": "HASH"}]
    arn = api.create_table(TableName=name, KeySchema=schema, BillingMode="PAY_PER_REQUEST", **key)["TableDescription"][
        "TableArn"
    ]
    api.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    api.put_item(TableName=name, Item={"id": {"S": "a"}})
    api.get_item(TableName=name, Key={"id": {"S": "a"}})
    api.query(TableName=name, KeyConditionExpression="id = :a", ExpressionAttributeValues={":a": {"S": "a"}})
    api.put_resource_policy(ResourceArn=arn, Policy=json.dumps(allowing("dynamodb:GetItem", arn)))
    api.get_resource_policy(ResourceArn=arn)
    api.delete_table(TableName=name)


def identities(name: str, clients: Clients) -> None:
    """A role with a tag; a user with a tag, in a group; a provider of tokens."""
    iam = clients("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), Tags=TAGS)["Role"]["Arn"]
    iam.get_role(RoleName=name)
    clients("sts").assume_role(RoleArn=role, RoleSessionName="recorded")
    clients("sts").get_caller_identity()
    iam.delete_role(RoleName=name)
    iam.create_user(UserName=name, Tags=TAGS)
    iam.create_group(GroupName=name)
    iam.add_user_to_group(UserName=name, GroupName=name)
    iam.get_user(UserName=name)
    iam.list_groups_for_user(UserName=name)
    iam.remove_user_from_group(UserName=name, GroupName=name)
    iam.delete_group(GroupName=name)
    iam.delete_user(UserName=name)
    iam.list_open_id_connect_providers()


def policies(name: str, clients: Clients) -> None:
    """A policy, and what it allows to a role."""
    iam = clients("iam")
    document = json.dumps(allowing("s3:ListBucket", "arn:aws:s3:::one"))
    policy = iam.create_policy(PolicyName=name, PolicyDocument=document, Description="recorded", Tags=TAGS)["Policy"][
        "Arn"
    ]
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    iam.get_policy(PolicyArn=policy)
    for resource in ("arn:aws:s3:::one", "arn:aws:s3:::other"):
        iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=["s3:ListBucket"], ResourceArns=[resource])
    iam.detach_role_policy(RoleName=name, PolicyArn=policy)
    iam.delete_role(RoleName=name)
    iam.delete_policy(PolicyArn=policy)


def allowing(action: str, resource: str) -> dict[str, Any]:
    """A policy's document."""
    principal = {"AWS": "arn:aws:iam::111111111111:root"} if action.startswith(("dynamodb", "ecr", "secrets")) else None
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, "Principal": principal}
    return {"Version": "2012-10-17", "Statement": [{key: value for key, value in statement.items() if value}]}


def secrets(name: str, clients: Clients) -> None:
    """A secret with a policy, and its second version."""
    api = clients("secretsmanager")
    arn = api.create_secret(Name=name, SecretString="word", Tags=TAGS)["ARN"]
    api.describe_secret(SecretId=arn)
    api.get_secret_value(SecretId=arn)
    api.put_resource_policy(SecretId=arn, ResourcePolicy=json.dumps(allowing("secretsmanager:GetSecretValue", "*")))
    api.get_resource_policy(SecretId=arn)
    api.put_secret_value(SecretId=arn, SecretString="other")
    api.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def storage(name: str, clients: Clients) -> None:
    """A bucket with objects, one of them in parts, versions and a delete marker; and where it is copied to."""
    s3 = clients("s3")
    for bucket in (name, f"{name}-copy"):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "ID": "all",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{name}-copy"},
    }
    copied = {"Role": "arn:aws:iam::111111111111:role/copies", "Rules": [rule]}
    s3.put_bucket_replication(Bucket=name, ReplicationConfiguration=copied)
    s3.get_bucket_replication(Bucket=name)
    s3.delete_bucket_replication(Bucket=name)
    _objects(s3, name)
    found = s3.list_object_versions(Bucket=name)
    gone = [
        {"Key": item["Key"], "VersionId": item["VersionId"]} for item in [*found["Versions"], *found["DeleteMarkers"]]
    ]
    s3.delete_objects(Bucket=name, Delete={"Objects": gone})
    for bucket in (name, f"{name}-copy"):
        s3.delete_bucket(Bucket=bucket)


def _objects(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    s3.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "a"})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="c/d")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="c/d", UploadId=upload, PartNumber=1, Body=b"c")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="c/d", UploadId=upload, MultipartUpload=parts)
    for key in ("a", "b", "c/d"):
        s3.head_object(Bucket=bucket, Key=key)
        s3.get_object(Bucket=bucket, Key=key)
    s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    s3.delete_object(Bucket=bucket, Key="a")


def images(name: str, clients: Clients) -> None:
    """A repository with an image and a policy."""
    ecr = clients("ecr")
    ecr.create_repository(repositoryName=name)
    document = allowing("ecr:BatchGetImage", "")
    ecr.set_repository_policy(repositoryName=name, policyText=json.dumps(document))
    ecr.get_repository_policy(repositoryName=name)
    registry = Registry(ecr)
    registry.push_blob(name, CONFIG)
    registry.push_blob(name, LAYER)
    registry.push_manifest(name, "1", image())
    ecr.describe_repositories(repositoryNames=[name])
    ecr.describe_images(repositoryName=name)
    ecr.delete_repository(repositoryName=name, force=True)


def alarms(name: str, clients: Clients) -> None:
    """A metric, an alarm of it and one of alarms."""
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
    now = datetime.now(UTC)
    api.put_metric_data(Namespace=name, MetricData=[{"MetricName": "Errors", "Value": 1.0, "Timestamp": now}])
    metric = {"Metric": {"Namespace": name, "MetricName": "Errors"}, "Period": 60, "Stat": "Sum"}
    hour = timedelta(hours=1)
    api.get_metric_data(
        MetricDataQueries=[{"Id": "errors", "MetricStat": metric}], StartTime=now - hour, EndTime=now + hour
    )


def messages(name: str, clients: Clients) -> None:
    """A topic, and a rule whose target it is."""
    sns, events = clients("sns"), clients("events")
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.get_topic_attributes(TopicArn=topic)
    sns.publish(TopicArn=topic, Message="recorded")
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    events.put_targets(Rule=name, Targets=[{"Id": "topic", "Arn": topic}])
    events.list_targets_by_rule(Rule=name)
    events.put_events(Entries=[{"Source": name, "DetailType": "recorded", "Detail": "{}"}])
    events.remove_targets(Rule=name, Ids=["topic"])
    events.delete_rule(Name=name)
    sns.delete_topic(TopicArn=topic)


def certificates(name: str, clients: Clients) -> None:
    """A certificate that is proved by DNS."""
    acm = clients("acm")
    arn = acm.request_certificate(DomainName=f"{name}.example", ValidationMethod="DNS")["CertificateArn"]
    acm.describe_certificate(CertificateArn=arn)
    acm.delete_certificate(CertificateArn=arn)


def network(name: str, clients: Clients) -> None:
    """Subnets, a security group with rules of each kind, an interface; what a network has from the start."""
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
    here = [{"Name": "vpc-id", "Values": [vpc]}]
    table = ec2.describe_route_tables(Filters=here)["RouteTables"][0]["RouteTableId"]
    ec2.create_tags(Resources=[table], Tags=TAGS)
    ec2.describe_route_tables(Filters=here)
    ec2.describe_network_acls(Filters=here)
    _database(clients("rds"), name, subnets, group)


def _database(rds: Any, name: str, subnets: list[str], group: str) -> None:
    """A cluster without instances."""
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
    clients("logs").describe_subscription_filters(logGroupName=platform.name)
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


PARTS = (stacks, tables, identities, policies, secrets, storage, images, alarms, messages, certificates, network)
