# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Zones and certificates through botocore's Stubber."""

import json
from contextlib import ExitStack
from datetime import UTC, datetime

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.catalogue import Catalogue
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import Certificate, HostedZone, IamRole
from botocore.stub import Stubber

ARN = "arn:aws:acm:us-east-1:111111111111:certificate/12345678-1234-1234-1234-123456789012"


@pytest.fixture
def api():
    clients = {
        name: boto3.client(name, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        for name in ("acm", "backup", "ec2", "iam", "route53", "sts")
    }
    stubs = {name: Stubber(client) for name, client in clients.items()}
    asked = []

    def connect(name, region="us-east-1"):
        return lambda: asked.append(region) or clients[name]

    with ExitStack() as stack:
        for stub in stubs.values():
            stack.enter_context(stub)
        catalogue = Catalogue(connect)
        catalogue.regions = asked
        yield catalogue, stubs
        for stub in stubs.values():
            stub.assert_no_pending_responses()


def test_zones_with_their_states(api):
    catalogue, stubs = api
    zones = [{"ZoneName": "us-east-1a", "State": "available"}, {"ZoneName": "us-east-1b", "State": "impaired"}]
    stubs["ec2"].add_response("describe_availability_zones", {"AvailabilityZones": zones}, {})
    assert catalogue.zones() == {"us-east-1a": "available", "us-east-1b": "impaired"}
    # The plan's answer serves the run that carries it out.
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


ROLE = "arn:aws:iam::111111111111:role/fastbreak-dev-cloudformation"
ROLE_ITSELF = {
    "Path": "/",
    "RoleName": "fastbreak-dev-cloudformation",
    "RoleId": "AROA123456789EXAMPLE",
    "Arn": ROLE,
    "CreateDate": BEFORE,
}


@pytest.mark.parametrize(
    ("document", "services"),
    [
        ({"Statement": {"Effect": "Allow", "Principal": {"Service": "a.amazonaws.com"}}}, ("a.amazonaws.com",)),
        ({"Statement": [{"Effect": "Allow", "Principal": {"Service": ["a", "b"]}}]}, ("a", "b")),
        ({"Statement": [{"Effect": "Deny", "Principal": {"Service": "a"}}]}, ()),
        ({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "a"}}, {"Effect": "Allow", "Principal": "*"}]}, ()),
        (None, ()),
    ],
)
def test_a_role_and_the_services_that_it_trusts(api, document, services):
    catalogue, stubs = api
    told = {**ROLE_ITSELF} if document is None else {**ROLE_ITSELF, "AssumeRolePolicyDocument": json.dumps(document)}
    stubs["iam"].add_response("get_role", {"Role": told}, {"RoleName": "fastbreak-dev-cloudformation"})
    assert catalogue.role("fastbreak-dev-cloudformation") == IamRole(ROLE, services)


@pytest.mark.parametrize(
    ("operation", "ask", "nothing"),
    [
        ("get_role", lambda catalogue: catalogue.role("a"), None),
        ("get_user", lambda catalogue: catalogue.user_arn("a"), ""),
        ("get_policy", lambda catalogue: catalogue.has_policy("arn:aws:iam::111111111111:policy/a"), False),
    ],
)
def test_what_iam_does_not_have(api, operation, ask, nothing):
    catalogue, stubs = api
    stubs["iam"].add_client_error(operation, "AccessDenied", "no", 403)
    with pytest.raises(FastbreakError, match="but these credentials may not"):
        ask(catalogue)
    stubs["iam"].add_client_error(operation, "NoSuchEntity", "no", 404)
    assert ask(catalogue) == nothing


def test_a_policy_that_is_there(api):
    catalogue, stubs = api
    stubs["iam"].add_response("get_policy", {"Policy": {}}, {"PolicyArn": "arn:aws:iam::111111111111:policy/a"})
    assert catalogue.has_policy("arn:aws:iam::111111111111:policy/a")


def test_a_user_that_is_there(api):
    catalogue, stubs = api
    arn = "arn:aws:iam::111111111111:user/team/a"
    user = {"Path": "/team/", "UserName": "a", "UserId": "AIDA123456789EXAMPLE", "Arn": arn, "CreateDate": BEFORE}
    stubs["iam"].add_response("get_user", {"User": user}, {"UserName": "a"})
    assert catalogue.user_arn("a") == arn


def test_whose_account_it_is(api):
    catalogue, stubs = api
    stubs["sts"].add_response("get_caller_identity", {"Account": "111111111111", "Arn": "arn:aws:iam::1:user/a"}, {})
    assert catalogue.account() == "111111111111"


def test_a_backup_vault_in_its_region(api):
    catalogue, stubs = api
    stubs["backup"].add_response("describe_backup_vault", {"BackupVaultName": "a"}, {"BackupVaultName": "a"})
    assert catalogue.has_backup_vault("a", "eu-west-1")
    assert catalogue.regions == ["eu-west-1"]
    stubs["backup"].add_client_error("describe_backup_vault", "ResourceNotFoundException", "no", 400)
    assert not catalogue.has_backup_vault("b", "eu-west-1")
