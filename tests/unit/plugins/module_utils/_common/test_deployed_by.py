# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run is told that may not deploy. Who may is shown by tests/unit/roles/test_deployed_by.py."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.deployed_by import deployed_by_problem


@pytest.mark.parametrize(
    ("owner", "what", "told"),
    [
        ("manual", "release", "by people, without deployed_by."),
        ("github", "release", "by its workflow."),
        ("codepipeline", "release", "by its pipeline, when the release is pushed or promoted."),
        ("codepipeline", "site", "by people, without deployed_by or by its workflow."),
        ("jenkins", "site", "Set it to manual, github or codepipeline."),
        (["manual"], "release", "Set it to manual, github or codepipeline."),
    ],
)
def test_who_may_not_is_told_who_does_and_the_way_out(owner, what, told):
    problem = deployed_by_problem(owner, "cron", "prod", what)
    assert problem.startswith(f"fastbreak_deployed_by of prod is {owner}, and this run deploys as cron (deployed_by)")
    assert told in problem
    assert problem.endswith("adds -e fastbreak_deployed_by=manual.")
