# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A name whose zone cannot hold it is refused: its certificate would never be issued, and the stack would hang."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.apply import apply_stack
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import HostedZone

from tests.unit.plugins.module_utils._stack.case import NAME, request
from tests.unit.plugins.module_utils._stack.fakes import FakeCatalogue, ports_of

REFERENCES = {"HostedZoneId": {"Ref": "Zone"}, "DomainName": {"Ref": "Name"}}
TEMPLATE = {
    "Parameters": {"Name": {"Type": "String"}, "Zone": {"Type": "String"}, "Target": {"Type": "String"}},
    "Resources": {
        "Certificate": {
            "Type": "AWS::CertificateManager::Certificate",
            "Properties": {"DomainName": {"Ref": "Name"}, "DomainValidationOptions": [REFERENCES]},
        },
        "Record": {
            "Type": "AWS::Route53::RecordSet",
            "Properties": {
                "HostedZoneId": {"Ref": "Zone"},
                "Name": {"Ref": "Name"},
                "AliasTarget": {"DNSName": {"Ref": "Target"}},
            },
        },
    },
}
SOURCES = {"Name": "edge_domain_name", "Zone": "edge_hosted_zone_id"}
GOOD = {"Name": "video.example.org", "Zone": "Z1", "Target": "a"}
ZONES = {
    "Z1": HostedZone("example.org"),
    "Z2": HostedZone("ample.org"),
    "Z3": HostedZone("example.org", private=True),
    "Z4": HostedZone("a.video.example.org"),
}


def run(stacks, clock, check_mode=True, **parameters):
    catalogue = FakeCatalogue(hosted_zones=ZONES)
    ports, _said = ports_of(stacks, clock, catalogue=catalogue)
    wanted = request(template=TEMPLATE, parameters=GOOD | parameters, sources=SOURCES)
    return apply_stack(wanted, ports, check_mode), catalogue


@pytest.mark.parametrize(("check_mode", "stands"), [(True, True), (False, True), (True, False)])
@pytest.mark.parametrize(
    "case",
    [
        ({"Zone": "Z9"}, r"Z9 \(edge_hosted_zone_id\) is not there: this account has no such hosted zone"),
        ({"Zone": "Z2"}, r"Z2 \(edge_hosted_zone_id\) is the zone of ample.org, which video.example.org is not in"),
        ({"Zone": "Z3"}, r"Z3 \(edge_hosted_zone_id\) is a private zone \(example.org\)"),
        ({"Zone": "Z4"}, "which video.example.org is not in"),
        ({"Name": "video.example.com"}, r"Z1 \(edge_hosted_zone_id\) is the zone of example.org"),
    ],
)
def test_a_zone_that_cannot_hold_the_name(stacks, clock, check_mode, stands, case):
    given, words = case
    if stands:
        stacks.put(NAME, template=TEMPLATE, parameters=GOOD)
    with pytest.raises(RefusedError, match=words) as raised:
        run(stacks, clock, check_mode, **given)
    assert len(raised.value.details["missing"]) == 1
    assert stacks.calls == []


@pytest.mark.parametrize("name", ["example.org", "Video.Example.ORG", "a.b.example.org", "video.example.org."])
def test_a_zone_that_can(stacks, clock, name):
    result, catalogue = run(stacks, clock, Name=name)
    assert result.changed
    assert catalogue.asked == ["Z1"]


@pytest.mark.parametrize("given", [{}, {"Target": "b"}])
def test_what_stands_is_not_asked_about_again(stacks, clock, given):
    stacks.put(NAME, template=TEMPLATE, parameters=GOOD | {"Zone": "Z9"})
    result, catalogue = run(stacks, clock, Zone="Z9", **given)
    assert result.changed is bool(given)
    assert catalogue.asked == []
