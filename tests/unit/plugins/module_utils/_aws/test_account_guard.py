"""Whose account may be touched."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.account_guard import inventory_problem, mismatch


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
