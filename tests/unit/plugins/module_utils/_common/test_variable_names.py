# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables that nobody knows, and that are near to a known one."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.variable_names import (
    SHARED,
    TOLD,
    distance,
    misspelt,
)
from hypothesis import given
from hypothesis import strategies as st

KNOWN = (
    "network_vpc_cidr",
    "rds_multi_az",
    "ecs_rollout_strategy",
    "ecs_certificate_arn",
    "image_promotion_gates",
    "publish_base",
)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("netwrk_vpc_cidr", "network_vpc_cidr"),
        ("netwrok_vpc_cidr", "network_vpc_cidr"),
        ("network_vcp_cdir", "network_vpc_cidr"),
        ("networkvpc_cidr", "network_vpc_cidr"),
        ("Network_VPC_cidr", "network_vpc_cidr"),
        ("rdss_multi_az", "rds_multi_az"),
        ("rds_multi_azz", "rds_multi_az"),
        ("rd_multi_az", "rds_multi_az"),
        ("ecs-rollout_strategy", "ecs_rollout_strategy"),
        ("ecs_rollot_stratgy", "ecs_rollout_strategy"),
        ("imagepromotion_gates", "image_promotion_gates"),
        ("publsh_base", "publish_base"),
        ("fastbreak_regoin", "fastbreak_region"),
        ("fastbrek_region", "fastbreak_region"),
        ("fast_break_region", "fastbreak_region"),
        ("verison", "version"),
        ("vesion", "version"),
        ("verssion", "version"),
        ("reapir", "repair"),
        ("unprotct", "unprotect"),
        ("skiprollback", "skip_rollback"),
    ],
)
def test_what_was_meant_is_named(name: str, meant: str) -> None:
    assert misspelt([name], KNOWN) == {name: meant}


@pytest.mark.parametrize(
    "name",
    [
        *KNOWN,
        *SHARED,
        *TOLD,
        # A word more.
        "my_network_vpc_cidr",
        "a_rds_multi_az",
        "rds_multi_az_by_team",
        # Other words.
        "vpc_cidr",
        "network",
        "team_name",
        "publish_date",
        "service_owner",
        "versions",
        "revisions",
        "retail",
        "replaced",
        "confirmed",
        "region",
        "ansible_vesion",
        "__network_vpc_cdir",
        "",
    ],
)
def test_variable_of_a_user_is_left_alone(name: str) -> None:
    assert misspelt([name], KNOWN) == {}


@given(st.sampled_from(KNOWN), st.data())
def test_any_letter_that_is_missing_too_much_or_exchanged_is_found(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(name) - 2))
    letter = data.draw(st.sampled_from("abcxyz"))
    for wrong in (
        name[:place] + name[place + 1 :],
        name[:place] + letter + name[place:],
        name[:place] + name[place + 1] + name[place] + name[place + 2 :],
    ):
        assert wrong in KNOWN or list(misspelt([wrong], KNOWN)) == [wrong]


@pytest.mark.parametrize(
    ("left", "right", "apart"),
    [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("abc", "axc", 1), ("kitten", "sitting", 3)],
)
def test_distance_counts_letters(left: str, right: str, apart: int) -> None:
    assert distance(left, right) == distance(right, left) == apart
