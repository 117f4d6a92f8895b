# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which drift can be taken back, and which may be."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.reversal import (
    predict,
    refuse_growth,
    refuse_reversals,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import ResourceDrift, Reversal

NAME = "fastbreak-dev-service"
DENIAL = {
    "Statement": [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "Update:Modify", "Principal": "*", "Resource": "LogicalResourceId/R"},
    ]
}


@pytest.mark.parametrize(
    ("resource_type", "status", "paths", "expected"),
    [
        ("AWS::Logs::LogGroup", "MODIFIED", ["/RetentionInDays"], ("modify", "no")),
        ("AWS::Logs::LogGroup", "MODIFIED", ["/RetentionInDays", "/LogGroupName"], ("modify", "yes")),
        ("AWS::EC2::VPC", "MODIFIED", ["/InstanceTenancy"], ("modify", "maybe")),
        ("AWS::EC2::SecurityGroup", "MODIFIED", ["/SecurityGroupIngress/0/CidrIp"], ("modify", "no")),
        ("Some::Other::Type", "MODIFIED", ["/A"], ("modify", "unknown")),
        ("AWS::Logs::LogGroup", "MODIFIED", [], ("modify", "no")),
        ("AWS::Logs::LogGroup", "DELETED", [], ("add", "no")),
    ],
)
def test_what_will_be_done_is_told_from_the_types_schemas(resource_type, status, paths, expected):
    drift = ResourceDrift("R", resource_type, status, tuple((path, "1", "2") for path in paths))
    assert predict(drift) == Reversal("R", resource_type, *expected)


@pytest.mark.parametrize(
    ("reversal", "words"),
    [
        (Reversal("R", "AWS::DynamoDB::Table", "add", "no"), "recreated without them"),
        (Reversal("R", "AWS::DynamoDB::Table", "modify", "yes"), "would be replaced, and with it its items"),
        (Reversal("R", "AWS::KMS::Key", "add", "no"), "recreated without them. If"),
        (Reversal("R", "AWS::KMS::Key", "add", "no", "12ab"), "cancel-key-deletion --key-id 12ab && "),
        (Reversal("R", "AWS::DynamoDB::Table", "modify", "unknown"), "may be replaced, and with it its items"),
        (Reversal("R", "AWS::S3::Bucket", "modify", "maybe"), "may be replaced, and with it its objects"),
    ],
)
def test_data_is_given_up_only_with_consent_by_name(reversal, words):
    with pytest.raises(RefusedError, match=words) as refusal:
        refuse_reversals(NAME, [reversal], None, ["Other"])
    assert "-e replace=service.R (the module's consent: [R])" in str(refusal.value)
    assert refusal.value.details["needs_consent"] == ["R"]
    refuse_reversals(NAME, [reversal], None, ["R"])


@pytest.mark.parametrize("consent", [[], ["R"]])
@pytest.mark.parametrize(
    ("reversal", "policy", "words"),
    [
        (Reversal("R", "T", "modify", "no"), DENIAL, "the stack policy denies Update:Modify"),
        (Reversal("R", "AWS::EC2::VPC", "modify", "yes"), None, "R .AWS::EC2::VPC. would be replaced, and a network"),
    ],
)
def test_what_is_impossible_is_refused_whatever_was_consented(reversal, policy, words, consent):
    with pytest.raises(RefusedError, match=words):
        refuse_reversals(NAME, [reversal], policy, consent)


def test_what_loses_nothing_passes():
    refuse_reversals(NAME, [Reversal("Q", "T", "modify", "yes"), Reversal("R", "T", "add", "no")], DENIAL, [])


def test_storage_that_grew_is_named_with_the_variable_that_holds_it():
    refuse_growth(NAME, [])
    grown = ResourceDrift("Database", "AWS::RDS::DBInstance", "MODIFIED", (("/AllocatedStorage", "20", "30"),))
    with pytest.raises(RefusedError, match=r"Database has 30 GiB by now, and the template says 20.*rds_allocated_stor"):
        refuse_growth(NAME, [grown])
