# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all components share: tags, the role that stacks work with, and the boundary of the roles that they make."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.cross_checks import cross_check

GOOD = {
    "fastbreak_account_id": "111111111111",
    "fastbreak_tags": {"Owner": "Team A", "Number": 5},
    "fastbreak_stack_role_arn": "arn:aws:iam::111111111111:role/path/fastbreak-dev-cloudformation",
    "fastbreak_permissions_boundary_arn": "arn:aws-cn:iam::111111111111:policy/fastbreak-dev-boundary",
}
ROLE, BOUNDARY = "fastbreak_stack_role_arn", "fastbreak_permissions_boundary_arn"
OTHER = "arn:aws:iam::222222222222:{}/x"
WRONG = [
    ({"fastbreak_tags": {"Owner": "R&D"}}, "fastbreak_tags: the tag 'Owner' is 'R&D' and holds '&'"),
    ({"fastbreak_tags": {str(number): "" for number in range(50)}}, "fastbreak_tags: there are 51 tags"),
    ({ROLE: OTHER.format("role")}, f"{ROLE} is of account 222222222222, and only a role of the environment's own"),
    ({BOUNDARY: OTHER.format("policy")}, f"{BOUNDARY} is of account 222222222222, and only a policy of"),
    ({ROLE: OTHER.format("policy")}, f"{ROLE} is 'arn:aws:iam::222222222222:policy/x', which is no role of IAM"),
    ({BOUNDARY: OTHER.format("role")}, "which is no policy of IAM"),
    ({ROLE: "fastbreak-dev-cloudformation"}, "write its ARN, like arn:aws:iam::111111111111:role/a-name"),
    ({ROLE: "arn:aws:iam::\u0661\u0661\u0661111111111:role/x"}, "which is no role of IAM"),
]


@pytest.mark.parametrize("component", ["network", "service", "bootstrap"])
@pytest.mark.parametrize(("wrong", "words"), WRONG)
def test_what_is_wrong_is_told_by_its_variable(component, wrong, words):
    (problem,) = [said for said in cross_check(component, {**GOOD, **wrong}) if "fastbreak_" in said]
    assert problem.startswith(words) or words in problem


@pytest.mark.parametrize(
    "given", [{}, {ROLE: "", BOUNDARY: ""}, {ROLE: None, BOUNDARY: 5}, {"fastbreak_account_id": 111111111111}]
)
def test_what_is_right_empty_or_told_elsewhere_passes(given):
    assert cross_check("service", {**GOOD, **given}) == []
    assert cross_check("service", given) == []
