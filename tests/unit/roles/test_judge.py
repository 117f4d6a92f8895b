# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is judged is gone on with as what it is: a rollback as a rollback, and anything else as a deploy."""

from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

TASKS = Path(__file__).parents[3] / "roles" / "ecs_rollout" / "tasks" / "judge.yml"
OPEN = {"version": "1.0.0-aaaa", "outcome": "IN_PROGRESS"}


def chosen(releases, version=""):
    """What the module is given."""
    tasks = yaml.safe_load(TASKS.read_text())
    facts = next(task["ansible.builtin.set_fact"] for task in tasks if "ansible.builtin.set_fact" in task)
    given = next(task["vars"] for task in tasks if "roll_out.yml" in str(task.get("ansible.builtin.include_tasks")))
    known = {
        "__ecs_rollout_info": {"releases": releases},
        "ecs_rollout_version": version,
        "ecs_rollout_state": "present",
    }
    templar = Templar(DataLoader(), variables=known)
    found = {name: templar.template(trust_as_template(text)) for name, text in facts.items()}
    last = Templar(DataLoader(), variables=found)
    return {name: last.template(trust_as_template(text)) for name, text in given.items()}


@pytest.mark.parametrize(("kind", "state"), [("rollback", "rolled_back"), ("deploy", "present")])
@pytest.mark.parametrize("version", ["", "1.0.0"])
def test_what_is_under_way_is_judged_as_what_it_is(kind, state, version):
    found = chosen([{**OPEN, "kind": kind}], version)
    assert found == {"ecs_rollout_version": version or "1.0.0-aaaa", "ecs_rollout_state": state}


def test_a_rollback_that_has_ended_says_nothing_of_another_version():
    found = chosen([{**OPEN, "kind": "rollback", "outcome": "SUCCEEDED"}], "1.2.0")
    assert found == {"ecs_rollout_version": "1.2.0", "ecs_rollout_state": "present"}


def test_without_any_release_the_named_version_is_looked_for():
    assert chosen([], "1.2.0") == {"ecs_rollout_version": "1.2.0", "ecs_rollout_state": "present"}
