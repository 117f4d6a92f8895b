# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Zones and certificates through botocore's Stubber."""

from datetime import UTC, datetime

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.catalogue import Catalogue
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import Certificate, HostedZone
from botocore.stub import Stubber

ARN = "arn:aws:acm:us-east-1:111111111111:certificate/12345678-1234-1234-1234-123456789012"


@pytest.fixture
def api():
    clients = {
        name: boto3.client(name, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        for name in ("acm", "ec2", "iam", "route53")
    }
    stubs = {name: Stubber(client) for name, client in clients.items()}
    with stubs["acm"], stubs["ec2"], stubs["iam"], stubs["route53"]:
        yield Catalogue(lambda name: lambda: clients[name]), stubs
        for stub in stubs.values():
            stub.assert_no_pending_responses()


def test_zones_with_their_states(api):
    catalogue, stubs = api
    zones = [{"ZoneName": "us-east-1a", "State": "available"}, {"ZoneName": "us-east-1b", "State": "impaired"}]
    stubs["ec2"].add_response("describe_availability_zones", {"AvailabilityZones": zones}, {})
    assert catalogue.zones() == {"us-east-1a": "available", "us-east-1b": "impaired"}


BEFORE, AFTER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
WHOLE = {
    "Status": "ISSUED",
    "DomainName": "a.example.org",
    "SubjectAlternativeNames": ["a.example.org", "*.b.example.org"],
    "NotBefore": BEFORE,
    "NotAfter": AFTER,
    "KeyAlgorithm": "RSA_2048",
}


@pytest.mark.parametrize(
    ("told", "read"),
    [
        (WHOLE, Certificate("ISSUED", ("a.example.org", "*.b.example.org"), BEFORE, AFTER, "RSA_2048")),
        ({"Status": "PENDING_VALIDATION", "DomainName": "a"}, Certificate("PENDING_VALIDATION", ("a",))),
        ({}, Certificate("unknown")),
    ],
)
def test_what_a_certificate_says(api, told, read):
    catalogue, stubs = api
    stubs["acm"].add_response("describe_certificate", {"Certificate": told}, {"CertificateArn": ARN})
    assert catalogue.certificate(ARN) == read


def test_a_certificate_that_is_not_there(api):
    catalogue, stubs = api
    stubs["acm"].add_client_error("describe_certificate", "ResourceNotFoundException", "no", 400)
    assert catalogue.certificate(ARN) is None


def test_who_may_not_ask_is_told_what_was_asked(api):
    catalogue, stubs = api
    stubs["acm"].add_client_error("describe_certificate", "AccessDeniedException", "no", 400)
    with pytest.raises(FastbreakError, match=f"Tried to read certificate {ARN}, but these credentials may not"):
        catalogue.certificate(ARN)


@pytest.mark.parametrize(
    ("found", "name"), [([{"PrefixListName": "com.amazonaws.us-east-1.s3"}], "com.amazonaws.us-east-1.s3"), ([], None)]
)
def test_a_prefix_list(api, found, name):
    catalogue, stubs = api
    wanted = {"Filters": [{"Name": "prefix-list-id", "Values": ["pl-1"]}]}
    stubs["ec2"].add_response("describe_managed_prefix_lists", {"PrefixLists": found}, wanted)
    assert catalogue.prefix_list("pl-1") == name


def test_openid_connect_providers_by_their_url(api):
    catalogue, stubs = api
    arn = "arn:aws:iam::111111111111:oidc-provider/example.org/a"
    stubs["iam"].add_response("list_open_id_connect_providers", {"OpenIDConnectProviderList": [{"Arn": arn}]}, {})
    assert catalogue.token_issuers() == {"example.org/a": arn}


@pytest.mark.parametrize(("config", "private"), [({"Config": {"PrivateZone": True}}, True), ({}, False)])
def test_a_hosted_zone(api, config, private):
    catalogue, stubs = api
    zone = {"Id": "/hostedzone/Z1", "Name": "example.org.", "CallerReference": "a", **config}
    stubs["route53"].add_response("get_hosted_zone", {"HostedZone": zone}, {"Id": "Z1"})
    assert catalogue.hosted_zone("Z1") == HostedZone("example.org", private)


def test_a_hosted_zone_that_is_not_there(api):
    catalogue, stubs = api
    stubs["route53"].add_client_error("get_hosted_zone", "NoSuchHostedZone", "no", 404)
    assert catalogue.hosted_zone("Z1") is None
