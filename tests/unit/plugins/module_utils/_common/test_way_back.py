# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A key or a secret on its way to deletion can be brought back, and any error about it says how."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import answer
from ansible_collections.fastbreak.aws.plugins.module_utils._common.way_back import way_back
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError

ARN = "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"
CANCEL = "aws kms cancel-key-deletion --key-id {0} && aws kms enable-key --key-id {0}"
SECRET = "arn:aws:secretsmanager:us-east-1:111111111111:secret:fastbreak/dev-a1B2c3"
RESTORE = "aws secretsmanager restore-secret --secret-id {0}"
MARKED = "You can't perform this operation on the secret because it was marked for deletion."


@pytest.mark.parametrize(
    ("message", "command"),
    [
        (
            f"Tried to encrypt, but KMS refused (KMSInvalidStateException): {ARN} is pending deletion",
            CANCEL.format(ARN),
        ),
        (f"Database CREATE_FAILED: KMS key {ARN!r} is pending deletion (Service: Rds)", CANCEL.format(ARN)),
        ("The KMS key of the volume is Pending Deletion", CANCEL.format("<the key's id>")),
        (f"Tried to read it (DisabledException): {ARN} is disabled.", f"aws kms enable-key --key-id {ARN}"),
        (f"Tried to read secret {SECRET}, but Secrets Manager refused: {MARKED}", RESTORE.format(SECRET)),
        (f"unable to pull secrets ({SECRET}): {MARKED}", RESTORE.format(SECRET)),
        ("a secret with this name is already scheduled for deletion.", RESTORE.format("<the secret's name>")),
    ],
)
def test_whatever_service_tells_of_it_the_command_is_named(message, command):
    def work():
        raise OperationError(message)

    assert answer(work)["msg"].startswith(f"{message} ")
    assert answer(work)["msg"].endswith(f": {command}")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "The rule Pending is disabled.",
        "User is disabled.",
        f"{ARN} was read.",
        "Stack fastbreak-dev-rds is DELETE_IN_PROGRESS; 3 changes are pending.",
        "The image is scheduled for deletion by its lifecycle policy.",
    ],
)
def test_nothing_is_added_to_any_other_message(message):
    assert way_back(message) == ""
