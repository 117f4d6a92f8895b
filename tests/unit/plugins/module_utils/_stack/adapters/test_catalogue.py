# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Zones and certificates through botocore's Stubber."""

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.catalogue import Catalogue
from botocore.stub import Stubber

ARN = "arn:aws:acm:us-east-1:111111111111:certificate/12345678-1234-1234-1234-123456789012"


@pytest.fixture
def api():
    clients = {
        name: boto3.client(name, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        for name in ("acm", "ec2")
    }
    stubs = {name: Stubber(client) for name, client in clients.items()}
    with stubs["acm"], stubs["ec2"]:
        yield Catalogue(lambda name: lambda: clients[name]), stubs
        for stub in stubs.values():
            stub.assert_no_pending_responses()


def test_zones_with_their_states(api):
    catalogue, stubs = api
    zones = [{"ZoneName": "us-east-1a", "State": "available"}, {"ZoneName": "us-east-1b", "State": "impaired"}]
    stubs["ec2"].add_response("describe_availability_zones", {"AvailabilityZones": zones}, {})
    assert catalogue.zones() == {"us-east-1a": "available", "us-east-1b": "impaired"}


def test_the_status_of_a_certificate(api):
    catalogue, stubs = api
    stubs["acm"].add_response("describe_certificate", {"Certificate": {"Status": "EXPIRED"}}, {"CertificateArn": ARN})
    assert catalogue.certificate(ARN) == "EXPIRED"
    stubs["acm"].add_client_error("describe_certificate", "ResourceNotFoundException", "no", 400)
    assert catalogue.certificate(ARN) is None


def test_who_may_not_ask_is_told_what_was_asked(api):
    catalogue, stubs = api
    stubs["acm"].add_client_error("describe_certificate", "AccessDeniedException", "no", 400)
    with pytest.raises(FastbreakError, match=f"Tried to read certificate {ARN}, but these credentials may not"):
        catalogue.certificate(ARN)
