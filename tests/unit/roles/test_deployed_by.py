# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""deploy.yml deploys for whom the inventory names, and refuses everybody else; what says so are its own expressions."""

from pathlib import Path

import pytest
import yaml
from ansible_collections.fastbreak.aws.plugins.module_utils._common.deployed_by import deployed_by_problem
from jinja2 import Environment

ROOT = Path(__file__).parents[3]
PLAYS = yaml.safe_load((ROOT / "playbooks" / "deploy.yml").read_text())
TASKS = next(play["tasks"] for play in PLAYS if play["name"] == "Deploy")
NAMES = [task["name"] for task in TASKS]
TASK = TASKS[NAMES.index("Check that it is up to whoever runs this")]
WAYS = ("manual", "github", "codepipeline")


def task_of(playbook, play):
    """The task that lets a run through, and where it stands among the play's tasks."""
    plays = yaml.safe_load((ROOT / "playbooks" / playbook).read_text())
    tasks = next(each["tasks"] for each in plays if each["name"] == play)
    return next((number, task) for number, task in enumerate(tasks) if task["name"] == TASK["name"])


def is_let_through(task=TASK, **variables):
    """Whether every condition of the task holds, with the playbook's own variables."""
    environment = Environment(autoescape=False)  # noqa: S701 - nothing is rendered for a browser
    environment.filters["fastbreak.aws.deployed_by_problem"] = deployed_by_problem
    given = {"fastbreak_environment": "prod", **variables}
    own = {name: environment.from_string(value).render(**given) for name, value in task["vars"].items()}
    condition = task["ansible.builtin.assert"]["that"]
    return environment.compile_expression(condition)(**given, **own)


@pytest.mark.parametrize("owner", WAYS)
@pytest.mark.parametrize("way", WAYS)
def test_it_deploys_for_whom_the_inventory_names(owner, way):
    assert is_let_through(fastbreak_deployed_by=owner, deployed_by=way) is (owner == way)


@pytest.mark.parametrize("way", [{}, {"deployed_by": ""}, {"deployed_by": None}])
def test_whoever_says_nothing_deploys_by_hand(way):
    assert is_let_through(fastbreak_deployed_by="manual", **way)
    assert not is_let_through(fastbreak_deployed_by="codepipeline", **way)


@pytest.mark.parametrize("owner", [None, "", "jenkins", True, "Manual", []])
def test_an_owner_that_is_none_lets_nobody_through(owner):
    for way in ({}, {"deployed_by": owner}, {"deployed_by": "codepipeline"}):
        assert not is_let_through(fastbreak_deployed_by=owner, **way)


def test_an_inventory_of_before_is_deployed_by_people():
    assert is_let_through()
    assert not is_let_through(deployed_by="github")


def test_it_is_asked_before_anything_is_deployed_and_whatever_is_checked():
    assert NAMES.index(TASK["name"]) < NAMES.index("Deploy and judge")
    assert "when" not in TASK
    assert "check_mode" not in TASK


def test_each_guard_of_the_playbook_takes_who_deploys():
    taken = [play["vars"]["guard_takes"] for play in PLAYS if "guard_takes" in play.get("vars", {})]
    assert len(taken) == 2
    assert all("deployed_by" in names for names in taken)


@pytest.mark.parametrize("owner", WAYS)
@pytest.mark.parametrize("way", WAYS)
def test_the_site_is_published_by_whom_the_inventory_names_and_beside_a_pipeline_by_people_and_the_workflow(owner, way):
    number, task = task_of("publish_site.yml", "Publish the site")
    assert number == 0
    allowed = {"manual": {"manual"}, "github": {"github"}, "codepipeline": {"manual", "github"}}
    assert is_let_through(task, fastbreak_deployed_by=owner, deployed_by=way) is (way in allowed[owner])
    assert not is_let_through(task, fastbreak_deployed_by="jenkins", deployed_by=way)
