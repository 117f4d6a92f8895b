# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans that cannot be carried out, or that take data away, are refused before anything is touched."""

import copy

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.apply import apply_stack
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.kinds import HOLDS_DATA, NAMES
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackRequest

from tests.unit.plugins.module_utils._stack.fakes import ports_of
from tests.unit.plugins.module_utils._stack.published import schema

NAME = "fastbreak-dev-rds"
DENY = {
    "Statement": [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "Update:Modify", "Principal": "*", "Resource": "LogicalResourceId/R"},
    ]
}


def resources(**bodies):
    made = {name: {"Type": kind, **body} for name, (kind, body) in bodies.items()}
    return {"Resources": {"Other": {"Type": "T"}, **made}}


def with_properties(kind, attributes=None, **properties):
    return (kind, {"Properties": properties, **(attributes or {})})


def change(stacks, clock, sides, check_mode=True, policy=None, **request):
    before, after = sides
    stacks.put(NAME, template=before)
    stacks.policies[NAME] = policy
    ports, _said = ports_of(stacks, clock)
    return apply_stack(StackRequest(name=NAME, template=after, template_text="{}", **request), ports, check_mode)


VPC = "AWS::EC2::VPC"
SUBNET = "AWS::EC2::Subnet"
TABLE = "AWS::DynamoDB::Table"
GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
DATABASE = "AWS::RDS::DBInstance"
BUCKET = "AWS::S3::Bucket"


def network(cidr, zone="a"):
    return resources(
        Vpc=with_properties(VPC, CidrBlock=cidr),
        Subnet=with_properties(SUBNET, VpcId={"Ref": "Vpc"}, CidrBlock="10.0.0.0/24", AvailabilityZone=zone),
    )


def thing(kind, attributes=None, **properties):
    return resources(R=with_properties(kind, attributes, **properties))


def listener(name, port, balancer="Balancer"):
    listeners = {name: with_properties(LISTENER, LoadBalancerArn={"Ref": balancer}, Port=port)}
    return resources(**listeners, Balancer=with_properties("T"))


IMPOSSIBLE = {
    "a port that is still taken": (listener("Old", 80), listener("New", "80"), "New .* takes port 80, which Old holds"),
    "another address range": (network("10.0.0.0/16"), network("10.1.0.0/16"), "Vpc .*Properties.CidrBlock.*subnets"),
    "another zone": (network("10.0.0.0/16"), network("10.0.0.0/16", "b"), "Subnet .*AvailabilityZone \\(a to b\\)"),
    "a fixed name": (
        thing(GROUP, Name="blue", Port=1),
        thing(GROUP, Name="blue", Port=2),
        "R .*Port.* could not be called blue",
    ),
    "a database of a fixed name": (
        thing(DATABASE, DBInstanceIdentifier="d", DBName="a"),
        thing(DATABASE, DBInstanceIdentifier="d", DBName="b"),
        "could not be called d",
    ),
    "a name with a pseudo parameter": (
        thing(BUCKET, BucketName={"Fn::Sub": "b-${AWS::AccountId}"}, BucketNamePrefix="a"),
        thing(BUCKET, BucketName={"Fn::Sub": "b-${AWS::AccountId}"}, BucketNamePrefix="b"),
        "could not be called b-",
    ),
    "less storage": (
        thing(DATABASE, AllocatedStorage=100),
        thing(DATABASE, AllocatedStorage="20"),
        "from 100 to 20, since the storage of a database never shrinks",
    ),
    "an older engine": (
        thing(DATABASE, EngineVersion="17.2"),
        thing(DATABASE, EngineVersion="16.10"),
        "never taken to an older version",
    ),
    "another kind of key": (
        thing("AWS::KMS::Key", KeySpec="RSA_2048"),
        thing("AWS::KMS::Key", KeySpec="RSA_4096"),
        "kind of a key never changes",
    ),
}


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("case", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_the_impossible_is_refused_whatever_was_consented_to(stacks, clock, check_mode, case):
    *sides, words = case
    consent = tuple({"R", "Vpc", "Subnet"} & set(sides[0]["Resources"]))
    with pytest.raises(RefusedError, match=words) as raised:
        change(stacks, clock, sides, check_mode, consent=consent)
    assert "cannot be made" in raised.value.message
    assert stacks.calls == []


@pytest.mark.parametrize("consent", [(), ("Other",), ("R",)])
def test_consent_to_what_a_fixed_name_makes_impossible_says_what_leads_on(stacks, clock, consent):
    *sides, _words = IMPOSSIBLE["a database of a fixed name"]
    with pytest.raises(RefusedError, match="give what is to be new another logical id and name") as raised:
        change(stacks, clock, sides, consent=consent)
    words = raised.value.message
    assert ("Consent (-e replace=rds.R) does not help" in words) == (consent == ("R",))
    steps = ("set every rds_*_protection to false", "take rds down", "teardown.yml -e confirm=", "with the new value")
    places = [words.find(step) for step in steps]
    assert places == (sorted(places) if consent == ("R",) else [-1] * len(steps))
    assert stacks.calls == []


POSSIBLE = {
    "a listener on another port": (listener("Old", 80), listener("New", 443)),
    "a listener of another load balancer": (listener("Old", 80), listener("New", 80, "Other")),
    "a new name": (thing(GROUP, Name="blue", Port=1), thing(GROUP, Name="green", Port=2)),
    "no name": (thing(GROUP, Port=1), thing(GROUP, Port=2)),
    "more storage": (thing(DATABASE, AllocatedStorage=20), thing(DATABASE, AllocatedStorage=100)),
    "a newer engine": (thing(DATABASE, EngineVersion="9.6"), thing(DATABASE, EngineVersion="10.1")),
    "a tag of a network": (thing(VPC, CidrBlock="10.0.0.0/16"), thing(VPC, CidrBlock="10.0.0.0/16", Tags=[])),
    "a standby": (thing(DATABASE, MultiAZ=False), thing(DATABASE, MultiAZ=True)),
    "longer backups": (thing(DATABASE, BackupRetentionPeriod=1), thing(DATABASE, BackupRetentionPeriod=7)),
}


def test_a_port_is_free_once_somebody_says_that_the_other_listener_is_deleted(stacks, clock):
    sides = (listener("Old", 80), listener("New", 80))
    with pytest.raises(RefusedError, match=r"-e replace=rds\.Old"):
        change(stacks, clock, sides)
    assert change(stacks, clock, sides, consent=("Old",)).plan.action == "update"


SWITCHED = {
    "Parameters": {"Certificate": {"Type": "String"}, "Other": {"Type": "String"}},
    "Conditions": {"Tls": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Certificate"}, ""]}]}},
    "Resources": {
        "Balancer": {"Type": "T"},
        **{
            name: {
                "Type": LISTENER,
                "Condition": "Tls",
                "Properties": {"LoadBalancerArn": {"Ref": "Balancer"}, "Port": 80},
            }
            for name in ("Old", "New")
        },
    },
}
SWITCHED["Conditions"]["Plain"] = {"Fn::Not": [{"Condition": "Tls"}]}
SWITCHED["Resources"]["Old"]["Condition"] = "Plain"


def test_a_taken_port_alone_names_the_variable_that_asks_for_it(stacks, clock):
    stacks.put(NAME, template=SWITCHED, parameters={"Certificate": "", "Other": "x"})
    ports, _said = ports_of(stacks, clock)
    wanted = StackRequest(
        name=NAME,
        template=SWITCHED,
        template_text="{}",
        parameters={"Certificate": "arn", "Other": "y"},
        sources={"Certificate": "ecs_certificate_arn", "Other": "ecs_other"},
    )
    with pytest.raises(RefusedError) as raised:
        apply_stack(wanted, ports, check_mode=True)
    assert "cannot be made. It comes of ecs_certificate_arn: New " in raised.value.message
    assert raised.value.message.endswith(" Put the former value back.")


def test_a_taken_port_is_not_told_to_take_another_logical_id_which_it_has(stacks, clock):
    with pytest.raises(RefusedError) as raised:
        change(stacks, clock, (listener("Old", 80), listener("New", 80)))
    assert "another logical id" not in raised.value.message


@pytest.mark.parametrize("case", POSSIBLE.values(), ids=POSSIBLE)
def test_the_possible_is_planned(stacks, clock, case):
    assert change(stacks, clock, case).plan.action == "update"


LOSSES = {
    "removed": (resources(R=with_properties(TABLE), S=with_properties(VPC)), resources(S=with_properties(VPC))),
    "replaced": (thing(TABLE, TableName="a"), thing(TABLE, TableName="b")),
    "perhaps replaced": (thing(TABLE, KeySchema="a"), thing(TABLE, KeySchema="b")),
    "because of another": (
        resources(
            Key=with_properties("AWS::KMS::Alias", AliasName="a"),
            R=with_properties(DATABASE, KmsKeyId={"Ref": "Key"}),
        ),
        resources(
            Key=with_properties("AWS::KMS::Alias", AliasName="b"),
            R=with_properties(DATABASE, KmsKeyId={"Ref": "Key"}),
        ),
    ),
}


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("case", LOSSES.values(), ids=LOSSES)
def test_data_goes_only_with_consent_by_name(stacks, clock, check_mode, case):
    for consent in ((), ("Other",)):
        with pytest.raises(RefusedError, match=r"takes data away.*-e replace=rds\.R") as raised:
            change(stacks, clock, case, check_mode, consent=consent)
        assert raised.value.details["needs_consent"] == ["R"]
        assert stacks.calls == []
    assert change(stacks, clock, case, check_mode, consent=("R",)).changed


@pytest.mark.parametrize("kind", sorted(HOLDS_DATA))
def test_every_type_that_holds_data_is_guarded(stacks, clock, kind):
    before = resources(R=with_properties(kind), S=with_properties(VPC))
    with pytest.raises(RefusedError, match=rf"R \({kind}\) is removed from the stack; it is deleted with"):
        change(stacks, clock, (before, resources(S=with_properties(VPC))))


@pytest.mark.parametrize(
    ("policy", "words"), [("Retain", "stays behind"), ("Snapshot", "after a last snapshot"), ("Delete", "its items")]
)
def test_what_becomes_of_the_old_one_is_said(stacks, clock, policy, words):
    kept = {"UpdateReplacePolicy": policy}
    with pytest.raises(RefusedError, match=f"new and empty one because of .*; the old one .*{words}"):
        change(stacks, clock, (thing(TABLE, kept, TableName="a"), thing(TABLE, kept, TableName="b")))


@pytest.mark.parametrize("check_mode", [True, False])
def test_the_denial_of_a_stack_policy_is_known_before(stacks, clock, check_mode):
    case = (thing(VPC, EnableDnsSupport=False), thing(VPC, EnableDnsSupport=True))
    with pytest.raises(RefusedError, match="stack policy denies Update:Modify"):
        change(stacks, clock, case, check_mode, policy=DENY)
    assert stacks.calls == []
    # The policy that is asked for is set first, and so it is the one that decides.
    assert change(stacks, clock, case, policy=DENY, stack_policy={"Statement": DENY["Statement"][:1]}).changed


def test_what_a_policy_guards_may_still_change_beside_its_properties(stacks, clock):
    before, after = thing(VPC), copy.deepcopy(thing(VPC))
    after["Resources"]["R"]["DeletionPolicy"] = "Retain"
    assert change(stacks, clock, (before, after), policy=DENY).changed


@pytest.mark.parametrize("kind", sorted(NAMES))
def test_names_are_properties_of_their_types(kind):
    assert set(NAMES[kind]) <= set(schema(kind)["properties"])


@pytest.mark.parametrize("kind", sorted(HOLDS_DATA))
def test_types_that_hold_data_exist(kind):
    assert schema(kind)["typeName"] == kind


SIZED = {
    "Parameters": {"Size": {"Type": "Number"}, "Name": {"Type": "String"}, "Other": {"Type": "String"}},
    **thing(DATABASE, AllocatedStorage={"Ref": "Size"}, DBName={"Ref": "Name"}, DBInstanceIdentifier="fastbreak"),
}
MADE_WITH = {"Size": "25", "Name": "a", "Other": "x"}
SOURCES = {"Size": "rds_allocated_storage_gib", "Name": "rds_database_name", "Other": "rds_other"}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"Size": "20"}, "It comes of rds_allocated_storage_gib: R"),
        ({"Name": "b"}, "It comes of rds_database_name: R"),
        ({"Size": "20", "Other": "y"}, "It comes of rds_allocated_storage_gib: R"),
        ({"Size": "20", "Name": "b"}, "It comes of rds_allocated_storage_gib, rds_database_name: R"),
    ],
)
def test_a_refusal_names_the_variables_that_ask_for_it(stacks, clock, given, named):
    stacks.put(NAME, template=SIZED, parameters=MADE_WITH)
    ports, _said = ports_of(stacks, clock)
    wanted = StackRequest(
        name=NAME, template=SIZED, template_text="{}", parameters={**MADE_WITH, **given}, sources=SOURCES
    )
    with pytest.raises(RefusedError) as raised:
        apply_stack(wanted, ports, check_mode=True)
    # Before what it touches, which may be much.
    assert f"this update cannot be made. {named} (AWS::RDS::DBInstance" in raised.value.message
    assert raised.value.message.endswith(" Put the former value back.")
    assert "It comes of" not in str(change_by_template(stacks, clock))


SUBNETS = ["A", "B", "C"]
GATEWAY = "AWS::EC2::NatGateway"


def subnets(cidr, zone="a"):
    """A network, and in each subnet a gateway whose address is made by another resource."""
    found = {"Vpc": with_properties(VPC, CidrBlock=cidr), "Address": with_properties("T")}
    for name in SUBNETS:
        found[name] = with_properties("AWS::EC2::Subnet", VpcId={"Ref": "Vpc"}, AvailabilityZone=zone)
        found[f"Nat{name}"] = with_properties(
            GATEWAY, SubnetId={"Ref": name}, AllocationId={"Fn::GetAtt": ["Address", "AllocationId"]}
        )
    return resources(**found)


@pytest.mark.parametrize(
    ("after", "told", "more"),
    [
        (subnets("10.0.0.0/16", "b"), "A (AWS::EC2::Subnet)", " (the same holds for 2 more)"),
        (subnets("10.1.0.0/16"), "Vpc (AWS::EC2::VPC)", ""),
    ],
)
def test_a_reason_is_told_once_and_not_again_for_what_follows(stacks, clock, after, told, more):
    with pytest.raises(RefusedError) as raised:
        change(stacks, clock, (subnets("10.0.0.0/16"), after))
    [words] = raised.value.details["impossible"]
    assert words.startswith(f"{told} would be replaced")
    assert words.endswith(f"live {'there' if told.startswith('Vpc') else 'in it'}{more}")
    assert "${" not in raised.value.message


def test_a_name_that_aws_makes_up_is_not_told(stacks, clock):
    def gateway(kind):
        address = {"Fn::GetAtt": ["Address", "AllocationId"]}
        return resources(
            R=with_properties(GATEWAY, ConnectivityType=kind, AllocationId=address), Address=with_properties("T")
        )

    with pytest.raises(RefusedError, match="could not have its AllocationId while the old one is there") as raised:
        change(stacks, clock, (gateway("public"), gateway("private")))
    assert "${" not in raised.value.message


def test_nobody_is_sent_to_a_stack_policy_that_would_not_help(stacks, clock):
    case = (
        thing(DATABASE, DBInstanceIdentifier="d", DBName="a"),
        thing(DATABASE, DBInstanceIdentifier="d", DBName="b"),
    )
    with pytest.raises(RefusedError, match="could not be called d") as raised:
        change(stacks, clock, case, policy=DENY)
    assert "stack policy" not in raised.value.message


def change_by_template(stacks, clock):
    """What is said when the template itself asks for it."""
    with pytest.raises(RefusedError) as raised:
        change(stacks, clock, (thing(DATABASE, AllocatedStorage="25"), thing(DATABASE, AllocatedStorage="20")))
    return raised.value.message
