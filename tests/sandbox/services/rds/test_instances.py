# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""RDS: a real PostgreSQL behind every instance, and a record that says what was asked for."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import docker
import psycopg
import pytest
from botocore.exceptions import ClientError

from tests.sandbox.recorded.comparison import UNSEEN, Answers
from tests.sandbox.stacks import Stack, att, ref, stack_in


@pytest.fixture(scope="module")
def rds(sandbox: Any) -> Any:
    return sandbox.client("rds")


@pytest.fixture(scope="module")
def secrets(sandbox: Any) -> Any:
    return sandbox.client("secretsmanager")


def create(rds: Any, name: str, **options: Any) -> dict[str, Any]:
    """An available instance."""
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        Engine="postgres",
        EngineVersion="17.5",
        DBInstanceClass="db.t4g.micro",
        MasterUsername="fastbreak",
        DBName="inference",
        **{"AllocatedStorage": 20, "StorageType": "gp3", **options},
    )
    return available(rds, name)


def available(rds: Any, name: str) -> dict[str, Any]:
    rds.get_waiter("db_instance_available").wait(
        DBInstanceIdentifier=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    return describe(rds, name)


def describe(rds: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    return found


def delete(rds: Any, name: str) -> None:
    rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


def ask(instance: dict[str, Any], password: str, question: str, *, tls: str = "require") -> Any:
    """The first column of the first row."""
    with psycopg.connect(
        host=instance["Endpoint"]["Address"],
        port=instance["Endpoint"]["Port"],
        user="fastbreak",
        password=password,
        dbname="inference",
        sslmode=tls,
        connect_timeout=60,
    ) as connection:
        row = connection.execute(question).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


@pytest.fixture(scope="module")
def heard(sandbox: Any, rds: Any) -> Iterator[Any]:
    """Asks for the events of instances that a subscription has brought to a queue so far."""
    sns, sqs = sandbox.client("sns"), sandbox.client("sqs")
    topic = sns.create_topic(Name="rds-events")["TopicArn"]
    queue = sqs.create_queue(QueueName="rds-events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    rds.create_event_subscription(
        SubscriptionName="rds-events", SnsTopicArn=topic, SourceType="db-instance", EventCategories=["creation"]
    )
    found: list[tuple[str, str]] = []

    def listen() -> list[tuple[str, str]]:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            body = json.loads(message["Body"])
            found.append((body["Source ID"], body["Event ID"].partition("#")[2]))
        return found

    yield listen
    rds.delete_event_subscription(SubscriptionName="rds-events")


def test_a_subscription_hears_what_it_asked_for(heard: Any, managed: dict[str, Any]) -> None:
    eventually(lambda: ("managed", "RDS-EVENT-0005") in heard())
    assert {event for _, event in heard()} == {"RDS-EVENT-0005"}


@pytest.fixture(scope="module")
def network(sandbox: Any, rds: Any) -> dict[str, Any]:
    """Where an instance lies: a subnet group and a security group."""
    ec2 = sandbox.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]
        for number, zone in enumerate("ab")
    ]
    rds.create_db_subnet_group(
        DBSubnetGroupName="managed",
        DBSubnetGroupDescription="managed",
        SubnetIds=[subnet["SubnetId"] for subnet in subnets],
    )
    group = ec2.create_security_group(GroupName="managed", Description="managed", VpcId=vpc)["GroupId"]
    return {"DBSubnetGroupName": "managed", "VpcSecurityGroupIds": [group]}


@pytest.fixture(scope="module")
def managed(rds: Any, heard: Any, network: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An instance whose password RDS manages."""
    yield create(
        rds,
        "managed",
        **network,
        ManageMasterUserPassword=True,
        MaxAllocatedStorage=100,
        MultiAZ=True,
        DeletionProtection=True,
        BackupRetentionPeriod=9,
        EnablePerformanceInsights=True,
        EnableIAMDatabaseAuthentication=True,
        CopyTagsToSnapshot=True,
        CACertificateIdentifier="rds-ca-rsa4096-g1",
        EnableCloudwatchLogsExports=["postgresql", "upgrade"],
        StorageEncrypted=True,
        Tags=[{"Key": "team", "Value": "medicine"}],
    )
    delete(rds, "managed")


def credentials(secrets: Any, instance: dict[str, Any]) -> dict[str, str]:
    text = secrets.get_secret_value(SecretId=instance["MasterUserSecret"]["SecretArn"])["SecretString"]
    found: dict[str, str] = json.loads(text)
    return found


def test_the_managed_secret_opens_the_database(managed: dict[str, Any], secrets: Any) -> None:
    known = credentials(secrets, managed)
    assert known["username"] == "fastbreak"
    assert ask(managed, known["password"], "SELECT current_database()") == "inference"


def test_the_managed_secret_is_a_secret_of_rds(managed: dict[str, Any], secrets: Any, sandbox: Any) -> None:
    secret = managed["MasterUserSecret"]
    assert secret["SecretStatus"] == "active"
    described = secrets.describe_secret(SecretId=secret["SecretArn"])
    assert described["Name"].startswith("rds!db-")
    key = sandbox.client("kms").describe_key(KeyId="alias/aws/secretsmanager")["KeyMetadata"]
    assert secret["KmsKeyId"] == key["Arn"]


def test_the_instance_says_what_was_asked_for(managed: dict[str, Any]) -> None:
    assert managed["StorageType"] == "gp3"
    assert (managed["Iops"], managed["StorageThroughput"]) == (3000, 125)
    assert managed["EnabledCloudwatchLogsExports"] == ["postgresql", "upgrade"]
    assert (managed["MaxAllocatedStorage"], managed["BackupRetentionPeriod"]) == (100, 9)
    for flag in ("MultiAZ", "DeletionProtection", "PerformanceInsightsEnabled", "CopyTagsToSnapshot"):
        assert managed[flag] is True
    assert managed["IAMDatabaseAuthenticationEnabled"] is True
    assert managed["CACertificateIdentifier"] == "rds-ca-rsa4096-g1"
    assert managed["TagList"] == [{"Key": "team", "Value": "medicine"}]


def test_the_database_is_reached_from_a_container_too(managed: dict[str, Any], secrets: Any, sandbox: Any) -> None:
    known, endpoint = credentials(secrets, managed), managed["Endpoint"]
    address = f"host={endpoint['Address']} port={endpoint['Port']} user=fastbreak dbname=inference sslmode=require"
    answer = docker.from_env().containers.run(
        "fastbreak-sandbox/postgres:17",
        ["psql", "-tAc", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", address],
        entrypoint=[],
        environment={"PGPASSWORD": known["password"]},
        network=f"fastbreak-{sandbox.name}",
        remove=True,
    )
    assert answer.decode().strip() == "t"


def test_tls_is_required_by_default(managed: dict[str, Any], secrets: Any) -> None:
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        ask(managed, credentials(secrets, managed)["password"], "SELECT 1", tls="disable")


def test_what_a_database_uses_is_in_cloudwatch(managed: dict[str, Any], secrets: Any, sandbox: Any) -> None:
    def newest(metric: str) -> float | None:
        points = sandbox.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/RDS",
            MetricName=metric,
            Dimensions=[{"Name": "DBInstanceIdentifier", "Value": managed["DBInstanceIdentifier"]}],
            StartTime=datetime.now(UTC) - timedelta(minutes=5),
            EndTime=datetime.now(UTC) + timedelta(minutes=5),
            Period=86400,
            Statistics=["Maximum"],
        )["Datapoints"]
        return float(points[-1]["Maximum"]) if points else None

    known = credentials(secrets, managed)
    settings = {"host": managed["Endpoint"]["Address"], "port": managed["Endpoint"]["Port"], "sslmode": "require"}
    with psycopg.connect(**settings, user="fastbreak", password=known["password"], dbname="inference") as connection:
        connection.execute("SELECT 1")
        eventually(lambda: (newest("DatabaseConnections") or 0) >= 1)
    free = newest("FreeStorageSpace")
    assert free is not None
    assert 19 * 1024**3 < free < 20 * 1024**3
    eventually(lambda: newest("CPUUtilization") is not None)


def test_a_wrong_password_is_refused(managed: dict[str, Any]) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(managed, "wrong", "SELECT 1")


def test_deletion_protection_is_enforced(managed: dict[str, Any], rds: Any) -> None:
    with pytest.raises(ClientError, match="DeletionProtection is enabled"):
        rds.delete_db_instance(DBInstanceIdentifier="managed", SkipFinalSnapshot=True)
    assert describe(rds, "managed")["DBInstanceStatus"] == managed["DBInstanceStatus"]


def test_rotation_changes_secret_and_database_together(managed: dict[str, Any], rds: Any, secrets: Any) -> None:
    before = credentials(secrets, managed)["password"]
    rds.modify_db_instance(DBInstanceIdentifier="managed", RotateMasterUserPassword=True, ApplyImmediately=True)
    after = credentials(secrets, managed)["password"]
    assert after != before
    assert ask(managed, after, "SELECT 1") == 1
    with pytest.raises(psycopg.OperationalError):
        ask(managed, before, "SELECT 1")


def test_an_instance_has_the_fields_that_aws_nearly_always_gives(managed: dict[str, Any], sandbox: Any) -> None:
    answers = Answers()
    listening, name = answers.listen(sandbox.client("rds")), managed["DBInstanceIdentifier"]
    describe(listening, name)
    listening.modify_db_instance(DBInstanceIdentifier=name, CopyTagsToSnapshot=True, ApplyImmediately=True)
    for operation in ("rds DescribeDBInstances", "rds ModifyDBInstance"):
        lacking, unseen = answers.compare(operation)
        assert lacking == []
        assert unseen <= UNSEEN.keys()


def test_modification(managed: dict[str, Any], rds: Any) -> None:
    rds.modify_db_instance(
        DBInstanceIdentifier=managed["DBInstanceIdentifier"],
        ApplyImmediately=True,
        BackupRetentionPeriod=3,
        AllocatedStorage=400,
        Iops=13000,
        StorageThroughput=600,
        EnablePerformanceInsights=False,
        CloudwatchLogsExportConfiguration={"DisableLogTypes": ["upgrade"]},
    )
    changed = describe(rds, "managed")
    assert (changed["BackupRetentionPeriod"], changed["Iops"], changed["StorageThroughput"]) == (3, 13000, 600)
    assert changed["EnabledCloudwatchLogsExports"] == ["postgresql"]
    assert changed["PerformanceInsightsEnabled"] is False


def test_a_small_gp3_volume_takes_no_figures(rds: Any) -> None:
    with pytest.raises(ClientError, match="can't specify IOPS or storage throughput"):
        create(rds, "small", MasterUserPassword="a-password", Iops=4000)


def test_password_given_and_managed_is_refused(rds: Any) -> None:
    with pytest.raises(ClientError, match="InvalidParameterCombination"):
        create(rds, "both", MasterUserPassword="a-password", ManageMasterUserPassword=True)


def test_a_version_without_an_image_says_what_to_run(rds: Any) -> None:
    with pytest.raises(ClientError, match=r"python -m tools\.images postgres"):
        rds.create_db_instance(
            DBInstanceIdentifier="old",
            Engine="postgres",
            EngineVersion="12.1",
            DBInstanceClass="db.t4g.micro",
            AllocatedStorage=20,
            MasterUsername="fastbreak",
            MasterUserPassword="a-password",
        )
    with pytest.raises(ClientError, match="DBInstanceNotFound"):
        describe(rds, "old")


def test_parameters_data_reboot_and_final_snapshot(rds: Any, secrets: Any) -> None:
    rds.create_db_parameter_group(
        DBParameterGroupName="tuned", DBParameterGroupFamily="postgres17", Description="tuned"
    )
    group(rds, "immediate", log_statement="ddl")
    instance = create(rds, "tuned", ManageMasterUserPassword=True, DBParameterGroupName="tuned", Port=5444)
    password = credentials(secrets, instance)["password"]
    assert instance["Endpoint"]["Port"] == 5444
    assert ask(instance, password, "SHOW log_statement") == "ddl"
    assert ask(instance, password, "SHOW max_connections") == "112", "as its class has memory for"

    group(rds, "immediate", log_statement="all", **{"rds.force_ssl": "0"})
    eventually(lambda: ask(instance, password, "SHOW log_statement", tls="disable") == "all")
    group(rds, "pending-reboot", max_connections="77")
    assert describe(rds, "tuned")["DBParameterGroups"][0]["ParameterApplyStatus"] == "pending-reboot"
    keep_a_row(instance, password)
    rds.reboot_db_instance(DBInstanceIdentifier="tuned")
    rebooted = available(rds, "tuned")
    assert ask(rebooted, password, "SHOW max_connections") == "77"
    assert ask(rebooted, password, "SELECT answer FROM kept") == 42
    assert rebooted["DBParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"

    with pytest.raises(ClientError, match="FinalDBSnapshotIdentifier is required"):
        rds.delete_db_instance(DBInstanceIdentifier="tuned")
    rds.delete_db_instance(DBInstanceIdentifier="tuned", FinalDBSnapshotIdentifier="tuned-final")
    snapshot = rds.describe_db_snapshots(DBSnapshotIdentifier="tuned-final")["DBSnapshots"][0]
    assert (snapshot["DBInstanceIdentifier"], snapshot["Status"]) == ("tuned", "available")
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.describe_secret(SecretId=instance["MasterUserSecret"]["SecretArn"])
    left = docker.from_env().volumes.list(filters={"name": "instance-tuned"})
    assert not left


def group(rds: Any, method: str, **values: str) -> None:
    rds.modify_db_parameter_group(
        DBParameterGroupName="tuned",
        Parameters=[
            {"ParameterName": name, "ParameterValue": value, "ApplyMethod": method} for name, value in values.items()
        ],
    )


def keep_a_row(instance: dict[str, Any], password: str) -> None:
    with psycopg.connect(
        host=instance["Endpoint"]["Address"],
        port=instance["Endpoint"]["Port"],
        user="fastbreak",
        password=password,
        dbname="inference",
    ) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")


def eventually(condition: Any) -> None:
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


DATABASE = {
    "Type": "AWS::RDS::DBInstance",
    "DeletionPolicy": "Snapshot",
    "Properties": {
        "DBInstanceIdentifier": "stacked",
        "DBInstanceClass": "db.t4g.micro",
        "Engine": "postgres",
        "EngineVersion": "17",
        "DBName": "inference",
        "MasterUsername": "fastbreak",
        "ManageMasterUserPassword": True,
        "MasterUserSecret": {"KmsKeyId": att("Key", "Arn")},
        "StorageType": "gp3",
        "AllocatedStorage": "20",
        "MaxAllocatedStorage": "50",
        "DeletionProtection": "false",
        "EnableCloudwatchLogsExports": ["postgresql"],
        "DBParameterGroupName": ref("Parameters"),
    },
}
STACK = {
    "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}}},
    "Parameters": {
        "Type": "AWS::RDS::DBParameterGroup",
        "Properties": {
            "Family": "postgres17",
            "Description": "stacked",
            "Parameters": {"rds.force_ssl": "1", "log_min_duration_statement": "1000"},
        },
    },
    "Database": DATABASE,
}


def changed(**properties: Any) -> dict[str, Any]:
    return {**STACK, "Database": {**DATABASE, "Properties": {**DATABASE["Properties"], **properties}}}  # type: ignore[dict-item]


@pytest.fixture
def stack(sandbox: Any) -> Iterator[Stack]:
    with stack_in(sandbox, "database") as made:
        yield made


def test_a_stacks_database_is_real_and_lives_as_its_template_says(stack: Stack, rds: Any, secrets: Any) -> None:
    outputs = {
        "Secret": att("Database", "MasterUserSecret.SecretArn"),
        "Address": att("Database", "Endpoint.Address"),
        "Key": att("Key", "Arn"),
    }
    assert stack.create(STACK, outputs) == "CREATE_COMPLETE"
    instance, made = describe(rds, "stacked"), stack.outputs()
    assert instance["MasterUserSecret"] == {
        "SecretArn": made["Secret"],
        "SecretStatus": "active",
        "KmsKeyId": made["Key"],
    }
    password = credentials(secrets, instance)["password"]
    assert ask(instance, password, "SHOW log_min_duration_statement") == "1s"
    keep_a_row(instance, password)
    assert set(stack.drift().values()) == {"IN_SYNC"}

    assert stack.update(changed(BackupRetentionPeriod="5", DeletionProtection="true"), outputs) == "UPDATE_COMPLETE"
    assert describe(rds, "stacked")["BackupRetentionPeriod"] == 5
    assert ask(instance, password, "SELECT answer FROM kept") == 42
    rds.modify_db_instance(DBInstanceIdentifier="stacked", BackupRetentionPeriod=1, ApplyImmediately=True)
    assert stack.drift()["Database"] == "MODIFIED"
    assert stack.drifted_properties("Database") == ["/BackupRetentionPeriod"]

    assert stack.update(changed(MasterUsername="other", DeletionProtection="true")) == "UPDATE_ROLLBACK_COMPLETE"
    assert "custom-named resource requires replacing" in stack.reasons()
    assert stack.delete() == "DELETE_FAILED"
    assert not rds.describe_db_snapshots(DBInstanceIdentifier="stacked", SnapshotType="manual")["DBSnapshots"]
    rds.modify_db_instance(DBInstanceIdentifier="stacked", DeletionProtection=False, ApplyImmediately=True)
    assert stack.delete() == "DELETE_COMPLETE"
    [snapshot] = rds.describe_db_snapshots(DBInstanceIdentifier="stacked")["DBSnapshots"]
    assert snapshot["Status"] == "available"


def test_a_database_that_does_not_start_fails_the_stack_and_leaves_nothing(stack: Stack, rds: Any) -> None:
    broken = {
        **STACK["Parameters"],
        "Properties": {**STACK["Parameters"]["Properties"], "Parameters": {"no_such": "1"}},
    }  # type: ignore[dict-item]
    assert stack.create({**STACK, "Parameters": broken}) == "ROLLBACK_COMPLETE"
    assert 'unrecognized configuration parameter "no_such"' in stack.reasons()
    with pytest.raises(ClientError, match="DBInstanceNotFound"):
        describe(rds, "stacked")
