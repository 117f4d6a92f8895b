# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Zones and certificates that the account does not have are refused before anything is touched, by their variables."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.apply import apply_stack

from tests.unit.plugins.module_utils._stack.case import NAME, request
from tests.unit.plugins.module_utils._stack.fakes import FakeCatalogue, ports_of

ARN = "arn:aws:acm:us-east-1:111111111111:certificate/1"
OTHER = f"{ARN}2"
TEMPLATE = {
    "Parameters": {
        "Zones": {"Type": "CommaDelimitedList"},
        "Certificate": {"Type": "String", "Default": ""},
        "Size": {"Type": "String", "Default": "small"},
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
}
SOURCES = {"Zones": "network_availability_zones", "Certificate": "ecs_certificate_arn"}
ZONES = "us-east-1a,us-east-1b"


def run(stacks, clock, catalogue, check_mode=True, **parameters):
    ports, _said = ports_of(stacks, clock, catalogue=catalogue)
    given = {"Zones": ZONES, **parameters}
    return apply_stack(request(template=TEMPLATE, parameters=given, sources=SOURCES), ports, check_mode)


def refusal(stacks, clock, catalogue, **parameters):
    """What a check says, and a run says likewise."""
    said = set()
    for check_mode in (True, False):
        with pytest.raises(RefusedError) as raised:
            run(stacks, clock, catalogue, check_mode, **parameters)
        said.add(raised.value.message)
    assert stacks.calls == []
    (words,) = said
    return words


def stand(stacks, **parameters):
    stacks.put(NAME, template=TEMPLATE, parameters={"Zones": ZONES, "Certificate": "", "Size": "small", **parameters})


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
