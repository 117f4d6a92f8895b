# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the status of a stack allows."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.status import (
    Standing,
    rolled_back,
    standing,
    succeeded,
)
from botocore.session import get_session


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (None, Standing.ABSENT),
        ("DELETE_COMPLETE", Standing.ABSENT),
        ("CREATE_COMPLETE", Standing.SETTLED),
        ("UPDATE_COMPLETE", Standing.SETTLED),
        ("UPDATE_ROLLBACK_COMPLETE", Standing.SETTLED),
        ("IMPORT_COMPLETE", Standing.SETTLED),
        ("CREATE_IN_PROGRESS", Standing.BUSY),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Standing.BUSY),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Standing.BUSY),
        ("DELETE_IN_PROGRESS", Standing.BUSY),
        ("SOMETHING_NEW_IN_PROGRESS", Standing.BUSY),
        ("REVIEW_IN_PROGRESS", Standing.STILLBORN),
        ("ROLLBACK_COMPLETE", Standing.STILLBORN),
        ("ROLLBACK_FAILED", Standing.STILLBORN),
        ("UPDATE_ROLLBACK_FAILED", Standing.STUCK),
        ("DELETE_FAILED", Standing.DELETE_FAILED),
        ("CREATE_FAILED", Standing.BROKEN),
        ("UPDATE_FAILED", Standing.HALTED),
    ],
)
def test_every_status_has_a_standing(status, expected):
    assert standing(status) is expected


def test_every_status_that_the_api_knows_has_a_meant_standing():
    model = get_session().get_service_model("cloudformation")
    broken = {status for status in model.shape_for("StackStatus").enum if standing(status) is Standing.BROKEN}
    assert broken == {"CREATE_FAILED", "IMPORT_ROLLBACK_FAILED"}


@pytest.mark.parametrize(
    ("status", "good", "undone"),
    [
        ("CREATE_COMPLETE", True, False),
        ("UPDATE_COMPLETE", True, False),
        ("DELETE_COMPLETE", True, False),
        ("ROLLBACK_COMPLETE", False, True),
        ("UPDATE_ROLLBACK_COMPLETE", False, True),
        ("UPDATE_ROLLBACK_FAILED", False, False),
        ("DELETE_FAILED", False, False),
        ("SOMETHING_NEW_COMPLETE", False, False),
    ],
)
def test_how_an_operation_ended(status, good, undone):
    assert (succeeded(status), rolled_back(status)) == (good, undone)
