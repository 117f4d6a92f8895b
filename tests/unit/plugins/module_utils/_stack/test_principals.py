# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles, users, policies and vaults that an inventory names and the account lacks: refused by their variables."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.apply import apply_stack

from tests.unit.plugins.module_utils._stack.case import NAME, request
from tests.unit.plugins.module_utils._stack.fakes import FakeCatalogue, ports_of

IAM = "arn:aws:iam::111111111111"
BOUNDARY, ROLE = f"{IAM}:policy/boundary", f"{IAM}:role/a/path/fastbreak-dev-cloudformation"
VAULT = "arn:aws:backup:eu-west-1:111111111111:backup-vault:copies"
WORKS = {ROLE: ("cloudformation.amazonaws.com",)}
TEMPLATE = {
    "Parameters": {
        "Boundary": {"Type": "String", "Default": ""},
        "Trusted": {"Type": "CommaDelimitedList", "Default": ""},
        "Vault": {"Type": "String", "Default": ""},
        "Size": {"Type": "String", "Default": "small"},
    },
    "Conditions": {
        "Boundary": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Boundary"}, ""]}]},
        "Trusted": {"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "Trusted"}]}, ""]}]},
        "Vault": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Vault"}, ""]}]},
    },
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "PermissionsBoundary": {"Fn::If": ["Boundary", {"Ref": "Boundary"}, {"Ref": "AWS::NoValue"}]},
                "Description": {"Ref": "Size"},
                "AssumeRolePolicyDocument": {
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "sts:AssumeRole",
                            "Principal": {
                                "AWS": {"Fn::If": ["Trusted", {"Ref": "Trusted"}, {"Ref": "AWS::AccountId"}]}
                            },
                        },
                        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs.amazonaws.com"}},
                    ]
                },
            },
        },
        "Plan": {
            "Type": "AWS::Backup::BackupPlan",
            "Properties": {
                "BackupPlan": {
                    "BackupPlanRule": [
                        {
                            "CopyActions": {
                                "Fn::If": [
                                    "Vault",
                                    [{"DestinationBackupVaultArn": {"Ref": "Vault"}}],
                                    {"Ref": "AWS::NoValue"},
                                ]
                            }
                        }
                    ]
                }
            },
        },
    },
}
SOURCES = {
    "Boundary": "fastbreak_permissions_boundary_arn",
    "Trusted": "iam_trusted_principal_arns",
    "Vault": "backup_copy_vault_arn",
    "role_arn": "fastbreak_stack_role_arn",
}


def run(stacks, clock, catalogue, check_mode=True, role="", **parameters):
    ports, _said = ports_of(stacks, clock, catalogue=catalogue)
    wanted = request(template=TEMPLATE, parameters=parameters, sources=SOURCES, role_arn=role)
    return apply_stack(wanted, ports, check_mode)


def refusal(stacks, clock, catalogue, role="", **parameters):
    """What a check says, and a run says likewise."""
    said = set()
    for check_mode in (True, False):
        with pytest.raises(RefusedError) as raised:
            run(stacks, clock, catalogue, check_mode, role, **parameters)
        said.add(raised.value.message)
    assert stacks.calls == []
    (words,) = said
    return words


def test_a_boundary_that_is_not_there(stacks, clock):
    words = refusal(stacks, clock, FakeCatalogue(), Boundary=BOUNDARY)
    assert f"{BOUNDARY} (fastbreak_permissions_boundary_arn) is not there: IAM has no such policy" in words
    assert "playbooks/bootstrap.yml" in words
    assert run(stacks, clock, FakeCatalogue(arns=[BOUNDARY]), Boundary=BOUNDARY).changed


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({}, "is not there: IAM has no such role, which CloudFormation works with"),
        ({f"{IAM}:role/fastbreak-dev-cloudformation": WORKS[ROLE]}, "is not there"),
        ({ROLE: ("ecs.amazonaws.com",)}, "cannot be assumed by CloudFormation: its trust policy has to allow"),
    ],
)
def test_a_role_that_cloudformation_cannot_assume(stacks, clock, roles, words):
    catalogue = FakeCatalogue(roles=roles)
    assert f"{ROLE} (fastbreak_stack_role_arn) {words}" in refusal(stacks, clock, catalogue, ROLE)


def test_a_role_that_cloudformation_assumes(stacks, clock):
    catalogue = FakeCatalogue(roles=WORKS)
    assert run(stacks, clock, catalogue, False, ROLE).changed
    catalogue.asked.clear()
    assert not run(stacks, clock, catalogue, False, ROLE).changed
    assert catalogue.asked == [], "a run without a change asks nothing more"


@pytest.mark.parametrize(
    ("principal", "words"),
    [
        (f"{IAM}:role/gone", "is not there: IAM has no such role in account 111111111111"),
        (f"{IAM}:role/wrong/path/there", "is not there: IAM has no such role"),
        (f"{IAM}:user/gone", "is not there: IAM has no such user"),
        (f"{IAM}:group/admins", "is nobody who could assume a role"),
        ("arn:aws:iam::222222222222:policy/a", "is nobody who could assume a role"),
        (f"{IAM}:root/a", "is nobody who could assume a role"),
        (f"{IAM}:role", "is nobody who could assume a role"),
        ("arn:aws:iam::1:role/a", "is nobody who could assume a role"),
    ],
)
def test_a_principal_that_nobody_is(stacks, clock, principal, words):
    catalogue = FakeCatalogue(roles={f"{IAM}:role/there": ()})
    told = refusal(stacks, clock, catalogue, Trusted=f"{IAM}:role/there,{principal}")
    assert f"{principal} (iam_trusted_principal_arns) {words}" in told
    assert told.count("iam_trusted_principal_arns") == 1


@pytest.mark.parametrize(
    "principal",
    [
        f"{IAM}:role/team/there",
        f"{IAM}:user/team/there",
        f"{IAM}:root",
        "arn:aws:sts::111111111111:assumed-role/there/session",
        # Of another account nothing can be looked up.
        "arn:aws:iam::222222222222:role/gone",
        "arn:aws:iam::222222222222:root",
    ],
)
def test_a_principal_that_may_be_trusted(stacks, clock, principal):
    there = FakeCatalogue(roles={f"{IAM}:role/team/there": ()}, arns=[f"{IAM}:user/team/there"])
    assert run(stacks, clock, there, Trusted=principal).changed


def test_a_vault_that_is_not_there(stacks, clock):
    words = refusal(stacks, clock, FakeCatalogue(), Vault=VAULT)
    assert f"{VAULT} (backup_copy_vault_arn) is not there: AWS Backup has no such vault in region eu-west-1" in words
    assert run(stacks, clock, FakeCatalogue(arns=[VAULT]), Vault=VAULT).changed
    assert run(stacks, clock, FakeCatalogue(), Vault=VAULT.replace("111111111111", "222222222222")).changed


def test_what_a_stack_stands_on_is_not_asked_about_again(stacks, clock):
    stood = {"Boundary": BOUNDARY, "Trusted": f"{IAM}:role/gone", "Vault": VAULT, "Size": "small"}
    stacks.put(NAME, template=TEMPLATE, parameters=stood)
    catalogue = FakeCatalogue()
    assert run(stacks, clock, catalogue, **{**stood, "Size": "large"}).changed
    assert catalogue.asked == []
    words = refusal(stacks, clock, catalogue, **{**stood, "Trusted": f"{stood['Trusted']},{IAM}:role/new"})
    assert "role/new" in words
