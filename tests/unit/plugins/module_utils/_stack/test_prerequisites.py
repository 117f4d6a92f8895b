# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Zones and certificates that the account does not have are refused before anything is touched, by their variables."""

from datetime import UTC, datetime

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.apply import apply_stack
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import Certificate

from tests.unit.plugins.module_utils._stack.case import NAME, request
from tests.unit.plugins.module_utils._stack.fakes import FakeCatalogue, ports_of

ARN = "arn:aws:acm:us-east-1:111111111111:certificate/1"
OTHER = f"{ARN}2"
YEARS_AGO, FAR_OFF = datetime(1990, 1, 1, tzinfo=UTC), datetime(2990, 1, 1, tzinfo=UTC)
HOLDS = Certificate("ISSUED", ("a.example.org", "*.b.example.org"), YEARS_AGO, FAR_OFF, "EC_prime256v1")
TEMPLATE = {
    "Parameters": {
        "Zones": {"Type": "CommaDelimitedList"},
        "Certificate": {"Type": "String", "Default": ""},
        "Size": {"Type": "String", "Default": "small"},
        "Name": {"Type": "String", "Default": ""},
    },
    "Conditions": {"Secure": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Certificate"}, ""]}]}},
    "Resources": {
        "First": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"AvailabilityZone": {"Fn::Select": [0, {"Ref": "Zones"}]}},
        },
        "Last": {"Type": "AWS::EC2::Subnet", "Properties": {"AvailabilityZone": {"Fn::Select": [1, {"Ref": "Zones"}]}}},
        "Listener": {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {
                "Tag": {"Ref": "Size"},
                "Certificates": {
                    "Fn::If": ["Secure", [{"CertificateArn": {"Ref": "Certificate"}}], {"Ref": "AWS::NoValue"}]
                },
            },
        },
    },
    "Outputs": {"Name": {"Value": {"Ref": "Name"}}},
}
SOURCES = {
    "Zones": "network_availability_zones",
    "Certificate": "ecs_certificate_arn",
    "Name": "ecs_domain_name",
}
ZONES = "us-east-1a,us-east-1b"


def run(stacks, clock, catalogue, check_mode=True, names=(), **parameters):
    ports, _said = ports_of(stacks, clock, catalogue=catalogue)
    given = {"Zones": ZONES, **parameters}
    wanted = request(template=TEMPLATE, parameters=given, sources=SOURCES, domain_names=names)
    return apply_stack(wanted, ports, check_mode)


def refusal(stacks, clock, catalogue, names=(), **parameters):
    """What a check says, and a run says likewise."""
    said = set()
    for check_mode in (True, False):
        with pytest.raises(RefusedError) as raised:
            run(stacks, clock, catalogue, check_mode, names, **parameters)
        said.add(raised.value.message)
    assert stacks.calls == []
    (words,) = said
    return words


def stand(stacks, **parameters):
    given = {"Zones": ZONES, "Certificate": "", "Size": "small", "Name": "", **parameters}
    stacks.put(NAME, template=TEMPLATE, parameters=given, outputs={"Name": given["Name"]})


@pytest.mark.parametrize(
    ("states", "zones", "words"),
    [
        (None, "us-east-1a,us-east-1z", "us-east-1z (network_availability_zones) is not there"),
        (None, "us-west-1b, us-east-1a", "us-west-1b (network_availability_zones) is not there"),
        (
            {"us-east-1a": "available", "us-east-1b": "impaired"},
            ZONES,
            "us-east-1b (network_availability_zones) is imp",
        ),
        ({}, ZONES, "in region us-east-1 are none"),
        ({"us-east-1a": "unknown"}, ZONES, "us-east-1a (network_availability_zones) is unknown"),
    ],
)
def test_a_zone_that_the_account_cannot_use(stacks, clock, states, zones, words):
    assert words in refusal(stacks, clock, FakeCatalogue(states), Zones=zones)


WRONG = [
    ({}, f"{ARN} (ecs_certificate_arn) is not there: ACM has no such certificate in region us-east-1"),
    ({ARN: "PENDING_VALIDATION"}, f"{ARN} (ecs_certificate_arn) is PENDING_VALIDATION"),
    ({ARN: "EXPIRED"}, "is EXPIRED"),
    ({ARN: ""}, "takes only a certificate that is ISSUED"),
    ({ARN: Certificate("ISSUED", key_algorithm="RSA-1024")}, "has a key RSA_1024, and a load balancer takes RSA_2048"),
    ({ARN: Certificate("ISSUED", not_after=YEARS_AGO)}, f"{ARN} (ecs_certificate_arn) expired at 1990-01-01 00:00 UTC"),
    ({ARN: Certificate("ISSUED", not_before=FAR_OFF)}, "is valid only from 2990-01-01 00:00 UTC on"),
]


@pytest.mark.parametrize(("certificates", "words"), WRONG)
def test_a_certificate_that_no_listener_takes(stacks, clock, certificates, words):
    catalogue = FakeCatalogue(certificates=certificates)
    assert words in refusal(stacks, clock, catalogue, Certificate=ARN)
    stand(stacks)
    assert words in refusal(stacks, clock, catalogue, Certificate=ARN)


def test_what_is_there_is_planned(stacks, clock):
    result = run(stacks, clock, FakeCatalogue(certificates={ARN: "ISSUED"}), Certificate=ARN)
    assert result.changed
    stand(stacks, Certificate=ARN)
    with pytest.raises(RefusedError, match="is FAILED"):
        run(stacks, clock, FakeCatalogue(certificates={OTHER: "FAILED"}), Certificate=OTHER)


@pytest.mark.parametrize("changes", [{}, {"Size": "large"}])
def test_what_a_stack_stands_on_is_not_asked_about_again(stacks, clock, changes):
    """A run without a change asks nothing more, and a certificate that expired stops no other change."""
    stand(stacks, Certificate=ARN)
    catalogue = FakeCatalogue({}, {ARN: "EXPIRED"})
    result = run(stacks, clock, catalogue, Certificate=ARN, **changes)
    assert result.changed is bool(changes)
    assert catalogue.asked == []


def test_a_certificate_of_iam_is_not_looked_for_in_acm(stacks, clock):
    catalogue = FakeCatalogue()
    arn = "arn:aws:iam::111111111111:server-certificate/a"
    assert run(stacks, clock, catalogue, Certificate=arn).changed
    assert catalogue.asked == ["zones"]


@pytest.mark.parametrize("name", ["example.org", "x.a.example.org", "b.example.org", "x.y.b.example.org", "org"])
def test_a_name_that_clients_use_is_in_the_certificate(stacks, clock, name):
    words = f"{name} (ecs_domain_name) is not in the certificate {ARN}, which holds a.example.org, *.b.example.org"
    catalogue = FakeCatalogue(certificates={ARN: HOLDS})
    assert words in refusal(stacks, clock, catalogue, (name,), Certificate=ARN, Name=name)
    # Also when only the name changes, for the certificate holds the former one.
    stand(stacks, Certificate=ARN, Name="a.example.org")
    assert words in refusal(stacks, clock, catalogue, (name,), Certificate=ARN, Name=name)


@pytest.mark.parametrize("name", ["a.example.org", "A.Example.ORG", "x.b.example.org", "X.B.example.org"])
def test_a_name_that_the_certificate_holds(stacks, clock, name):
    catalogue = FakeCatalogue(certificates={ARN: HOLDS})
    assert run(stacks, clock, catalogue, False, (name,), Certificate=ARN, Name=name).changed
    catalogue.asked.clear()
    assert not run(stacks, clock, catalogue, False, (name,), Certificate=ARN, Name=name).changed
    assert catalogue.asked == []


@pytest.mark.parametrize(
    ("given", "certificates"),
    [({}, {}), ({"Certificate": "arn:aws:iam::111111111111:server-certificate/a"}, {})],
)
def test_names_are_held_against_certificates_of_acm_alone(stacks, clock, given, certificates):
    assert run(stacks, clock, FakeCatalogue(certificates=certificates), names=("a.example.org",), **given).changed


def test_a_certificate_that_is_not_there_is_told_once(stacks, clock):
    assert refusal(stacks, clock, FakeCatalogue(), ("a.example.org",), Certificate=ARN).count(ARN) == 1


LISTED = {
    "Parameters": {"List": {"Type": "String"}},
    "Resources": {
        "Web": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {"GroupId": "sg-1", "IpProtocol": "tcp", "SourcePrefixListId": {"Ref": "List"}},
        }
    },
}


def listed(stacks, clock, names, check_mode):
    ports, _said = ports_of(stacks, clock, catalogue=FakeCatalogue(prefix_lists=names))
    sources = {"List": "network_cloudfront_prefix_list_id"}
    return apply_stack(request(template=LISTED, parameters={"List": "pl-1"}, sources=sources), ports, check_mode)


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({}, "is not there: EC2 has no such prefix list in region us-east-1; give the id of com.amazonaws.global.cl"),
        ({"pl-1": "com.amazonaws.us-east-1.s3"}, "is the prefix list com.amazonaws.us-east-1.s3, and not CloudFront's"),
        (
            {"pl-1": "com.amazonaws.global.groundstation"},
            "is the prefix list com.amazonaws.global.groundstation, and not CloudFront's",
        ),
    ],
)
def test_a_prefix_list_that_lets_nobody_in(stacks, clock, names, words, check_mode):
    with pytest.raises(RefusedError) as raised:
        listed(stacks, clock, names, check_mode)
    assert f"pl-1 (network_cloudfront_prefix_list_id) {words}" in raised.value.message
    assert stacks.calls == []


@pytest.mark.parametrize("name", ["com.amazonaws.global.cloudfront.origin-facing", "of-our-own"])
def test_a_prefix_list_that_lets_cloudfront_in(stacks, clock, name):
    """A list that the account made itself may hold any addresses."""
    assert listed(stacks, clock, {"pl-1": name}, True).changed


ISSUER = "https://token.actions.githubusercontent.com"
PROVIDER = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"
PROVIDES = {"Resources": {"Tokens": {"Type": "AWS::IAM::OIDCProvider", "Properties": {"Url": ISSUER}}}}


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_provider_that_a_stack_left_behind_is_not_made_again(stacks, clock, check_mode):
    there = FakeCatalogue(issuers={"token.actions.githubusercontent.com": PROVIDER})
    ports, _said = ports_of(stacks, clock, catalogue=there)
    with pytest.raises(RefusedError, match=f"{ISSUER} has a provider in this account already, {PROVIDER}"):
        apply_stack(request(template=PROVIDES), ports, check_mode)
    assert stacks.calls == []


@pytest.mark.parametrize("issuers", [{}, {"token.actions.githubusercontent.com.example.org": "arn:other"}])
def test_a_provider_of_another_url_is_in_nobodys_way(stacks, clock, issuers):
    ports, _said = ports_of(stacks, clock, catalogue=FakeCatalogue(issuers=issuers))
    assert apply_stack(request(template=PROVIDES), ports, True).changed


def test_the_stacks_own_provider_is_not_in_its_way(stacks, clock):
    stacks.put(NAME, template=PROVIDES)
    there = FakeCatalogue(issuers={"token.actions.githubusercontent.com": PROVIDER})
    ports, _said = ports_of(stacks, clock, catalogue=there)
    apply_stack(request(template=PROVIDES), ports, True)
    assert there.asked == []
