# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the workers of one run tell each other how their components came out."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.ports import DependencyState
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.unresolved import NewId, new_id
from ansible_collections.fastbreak.aws.plugins.plugin_utils._run_board import APPLIED, ENDED, PLANNED, RunBoard


@pytest.fixture
def board(tmp_path):
    def seen_from(host, alive=("network", "rds"), play="Converge the components", reports=True):
        return RunBoard(
            {
                "inventory_hostname": host,
                "ansible_play_name": play,
                "ansible_play_hosts_all": ["network", "rds"],
                "ansible_play_hosts": list(alive),
                "fastbreak_components_report": reports,
            },
            tmp_path,
        )

    return seen_from


def test_a_component_runs_until_it_reports(board):
    assert board("rds").state_of("network") is DependencyState.RUNNING
    board("network").report(APPLIED)
    assert board("rds").state_of("network") is DependencyState.SETTLED
    board("network").report(ENDED)
    assert board("rds").state_of("network") is DependencyState.SETTLED


def test_one_that_ended_without_being_applied_failed(board):
    board("network").report(ENDED)
    assert board("rds").state_of("network") is DependencyState.FAILED


def test_one_that_left_the_play_without_being_applied_failed(board):
    assert board("rds", alive=["rds"]).state_of("network") is DependencyState.FAILED


def test_one_that_is_no_host_of_the_play_is_outside(board):
    assert board("rds").state_of("ecr") is DependencyState.OUTSIDE


def test_another_play_of_the_same_run_starts_afresh(board):
    board("network").report(APPLIED)
    assert board("rds", play="Another: play").state_of("network") is DependencyState.RUNNING


def test_planned_outputs_travel(board):
    assert board("rds").told_outputs("network") is None
    board("network").publish({"VpcId": None, "Size": "x"})
    assert board("rds").told_outputs("network") == {"VpcId": None, "Size": "x"}


def test_a_planned_stack_is_not_enough(board):
    board("network").report(PLANNED)
    assert board("rds").state_of("network") is DependencyState.RUNNING


def test_what_has_nothing_to_apply_settles_with_its_plan(board):
    board("network").planned({"VpcId": "vpc-1"}, settled=True)
    assert board("rds").planning().state_of("network") is DependencyState.SETTLED
    assert board("rds").state_of("network") is DependencyState.SETTLED


def test_plans_are_told_apart_from_what_was_applied(board):
    planning = board("rds").planning()
    assert planning.states() == dict.fromkeys(["network", "rds"], DependencyState.RUNNING)
    board("network").planned({"VpcId": None}, settled=False)
    assert planning.state_of("network") is DependencyState.SETTLED
    assert planning.told_outputs("network") == {"VpcId": None}
    assert board("rds").state_of("network") is DependencyState.RUNNING
    board("network").report(ENDED)
    assert board("rds").state_of("network") is DependencyState.FAILED


def test_what_a_plan_expects_is_enough_for_those_that_read_it_until_it_is_refused(board):
    planning = board("rds").planning()
    board("network").planning().foresee({"VpcId": None})
    assert planning.state_of("network") is DependencyState.SETTLED
    assert planning.told_outputs("network") == {"VpcId": None}
    assert planning.states()["network"] is DependencyState.RUNNING
    assert board("rds").state_of("network") is DependencyState.RUNNING
    board("network").report(ENDED)
    assert planning.state_of("network") is planning.states()["network"] is DependencyState.FAILED


def test_a_plan_that_was_refused_failed(board):
    board("network").report(ENDED)
    assert board("rds").planning().states()["network"] is DependencyState.FAILED


def test_a_play_whose_components_do_not_report_plans_nothing_together(board):
    assert board("rds", reports=False).planning() is None


def test_the_id_of_what_is_yet_to_be_made_travels_as_such(board):
    board("network").publish({"VpcId": new_id("Vpc", "network"), "Size": "x"})
    told = board("rds").told_outputs("network")
    assert told == {"VpcId": new_id("Vpc", "network"), "Size": "x"}
    assert [type(value) for value in told.values()] == [NewId, str]
