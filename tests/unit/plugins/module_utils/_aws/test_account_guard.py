# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose account may be touched."""

from contextlib import nullcontext

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.account_guard import (
    confirm,
    inventory_problem,
    mismatch,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.identity import Caller
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, RequestError


@pytest.mark.parametrize(
    ("account", "region", "environment", "word"),
    [
        ("", "us-east-1", "dev", "fastbreak_account_id"),
        ("1111", "us-east-1", "dev", "12 digits"),
        ("11111111111a", "us-east-1", "dev", "12 digits"),
        ("111111111111", "", "dev", "fastbreak_region"),
        ("111111111111", "us_east_1", "dev", "fastbreak_region"),
        ("111111111111", "us-east-1", "", "fastbreak_environment"),
    ],
)
def test_an_inventory_that_cannot_be_right(account, region, environment, word):
    assert word in inventory_problem(account, region, environment)


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-2", "us-gov-west-1", "ap-southeast-10"])
def test_an_inventory_that_can(region):
    assert inventory_problem("111111111111", region, "dev") is None


def test_another_account_is_named_with_what_to_do():
    text = mismatch("111111111111", "dev", "222222222222", "arn:aws:iam::222222222222:root")
    assert all(part in text for part in ("111111111111", "222222222222", "AWS_PROFILE", "Nothing was touched"))
    assert mismatch("111111111111", "dev", "111111111111", "arn") is None


@pytest.mark.parametrize(("seen", "error"), [("111111111111", None), ("222222222222", RefusedError)])
def test_who_the_caller_is_decides(seen, error):
    with nullcontext() if error is None else pytest.raises(error, match="Nothing was touched"):
        assert confirm("111111111111", "us-east-1", "dev", lambda: Caller(seen, "arn")).account == seen


def test_nobody_is_asked_for_an_account_that_is_none():
    with pytest.raises(RequestError, match="not 12 digits"):
        confirm("1", "us-east-1", "dev", lambda: pytest.fail("asked"))
