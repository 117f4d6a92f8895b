# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How executions of a pipeline meet: tables of the user guide, with actions that end when a test says so."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.services.codepipeline.model import interventions
from sandbox.services.codepipeline.model.declaration import Refusal, check
from sandbox.services.codepipeline.model.executions import (
    FAILED,
    SUCCEEDED,
    Changed,
    Execution,
    Pipeline,
    Started,
    advance,
    enter,
)

ACTION = {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"}
SOURCE = {"category": "Source", "owner": "AWS", "provider": "ECR", "version": "1"}
BUCKET = {"type": "S3", "location": "bucket"}


def declaration(mode="QUEUED", *, kind="V2", stages=("Source", "Approve", "Deploy")):
    return {
        "name": "releases",
        "version": 1,
        "pipelineType": kind,
        "executionMode": mode,
        "artifactStore": BUCKET,
        "stages": [
            {"name": name, "actions": [{"name": name.lower(), "actionTypeId": SOURCE if name == "Source" else ACTION}]}
            for name in stages
        ],
    }


class Line:
    """A pipeline whose actions end by hand."""

    def __init__(self, mode="QUEUED", **more):
        self.pipeline = Pipeline(declaration(mode, **more))
        self.states: list[tuple[str, str]] = []
        self.names: dict[str, str] = {}

    def start(self, name):
        execution = Execution(self.pipeline.declaration)
        self.names[execution.id] = name
        self._note(enter(self.pipeline, execution))
        return execution

    def end(self, execution, status=SUCCEEDED):
        """The action that the execution is in ends."""
        [run] = [run for run in execution.runs() if run.status == "InProgress"]
        self._note(interventions.finish(self.pipeline, execution, run, status))

    def stop(self, execution, *, abandon=False):
        self._note(interventions.stop(self.pipeline, execution, "why", abandon=abandon))

    def retry(self, execution, stage, mode="FAILED_ACTIONS"):
        self._note(interventions.retry(self.pipeline, execution, stage, mode))

    def _note(self, steps):
        self.states += [
            (self.names[step.execution.id], step.state)
            for step in steps
            if isinstance(step, Changed) and not step.stage
        ]

    def where(self):
        """The stage that each execution is in, or `>` the one it waits for, or how it ended."""
        return {
            self.names[execution.id]: f"> {execution.waits_for}"
            if execution.waits_for
            else execution.current()
            if execution.is_running
            else execution.status
            for execution in self.pipeline.executions
        }


def test_queued_executions_go_on_one_after_another_in_their_order():
    line = Line("QUEUED")
    first, second, third = (line.start(name) for name in "abc")
    for execution in (first, second, third):
        line.end(execution)
    assert line.where() == {"a": "Approve", "b": "> Approve", "c": "> Approve"}
    line.end(first)
    assert line.where() == {"a": "Deploy", "b": "Approve", "c": "> Approve"}
    line.end(second)
    assert line.where() == {"a": "Deploy", "b": "> Deploy", "c": "Approve"}
    line.end(first)
    assert line.where() == {"a": "Succeeded", "b": "Deploy", "c": "Approve"}


def test_a_newer_execution_supersedes_who_waits_and_not_who_is_in_a_stage():
    line = Line("SUPERSEDED")
    first, second, third = (line.start(name) for name in "abc")
    assert line.where() == {"a": "Source", "b": "Superseded", "c": "> Source"}
    line.end(first)
    line.end(third)
    assert line.where() == {"a": "Approve", "b": "Superseded", "c": "> Approve"}
    assert ("b", "SUPERSEDED") in line.states
    line.end(first, FAILED)
    assert line.where()["c"] == "Approve"
    assert not second.is_running


def test_in_parallel_nobody_waits():
    line = Line("PARALLEL")
    for name in "abc":
        line.start(name)
    assert set(line.where().values()) == {"Source"}


def test_a_failure_ends_the_execution_and_frees_the_stage():
    line = Line()
    first, second = line.start("a"), line.start("b")
    line.end(first, FAILED)
    assert line.where() == {"a": "Failed", "b": "Source"}
    assert line.states == [("a", "STARTED"), ("b", "STARTED"), ("a", "FAILED")]
    line.end(second)


def test_stopping_waits_for_the_action_in_progress_and_starts_no_other():
    line = Line()
    first, second = line.start("a"), line.start("b")
    line.end(first)
    line.stop(first)
    assert first.status == "Stopping"
    assert line.where() == {"a": "Approve", "b": "Source"}
    line.end(second)
    assert line.where()["b"] == "> Approve", "the stage stays locked until the action has ended"
    with pytest.raises(Refusal) as refusal:
        line.stop(first)
    assert refusal.value.exception == "DuplicatedStopRequestException"
    line.end(first)
    assert line.where() == {"a": "Stopped", "b": "Approve"}
    with pytest.raises(Refusal) as refusal:
        line.stop(first)
    assert refusal.value.exception == "PipelineExecutionNotStoppableException"


@pytest.mark.parametrize("waits_first", [False, True])
def test_abandoning_ends_the_action_at_once_and_its_result_counts_no_more(waits_first):
    line = Line()
    first, second = line.start("a"), line.start("b")
    [run] = first.runs()
    if waits_first:
        line.stop(first)
    line.stop(first, abandon=True)
    assert run.status == "Abandoned"
    assert line.where() == {"a": "Stopped", "b": "Source"}
    assert interventions.finish(line.pipeline, first, run, SUCCEEDED) == []
    assert line.where()["a"] == "Stopped"
    assert second.is_running


def test_an_execution_that_waits_is_stopped_at_once():
    line = Line()
    line.start("a")
    second, _third = line.start("b"), line.start("c")
    line.stop(second)
    assert line.where() == {"a": "Source", "b": "Stopped", "c": "> Source"}


@pytest.mark.parametrize("mode", ["FAILED_ACTIONS", "ALL_ACTIONS"])
def test_a_failed_stage_is_tried_again_and_the_execution_goes_on(mode):
    line = Line()
    first = line.start("a")
    line.end(first)
    line.end(first, FAILED)
    line.retry(first, "Approve", mode)
    assert line.where() == {"a": "Approve"}
    assert first.stages["Approve"].attempt == 2
    line.end(first)
    line.end(first)
    assert first.status == "Succeeded"
    assert [run.status for run in first.stages["Approve"].runs] == ["Failed", "Succeeded"]


def test_a_retry_runs_what_failed_or_all():
    for mode, again in (("FAILED_ACTIONS", ["b"]), ("ALL_ACTIONS", ["a", "b"])):
        given = declaration(stages=("Source", "Deploy"))
        given["stages"][1]["actions"] = [{"name": name, "actionTypeId": ACTION} for name in "ab"]
        pipeline, execution = Pipeline(given), Execution(given)
        enter(pipeline, execution)
        [source] = execution.runs()
        interventions.finish(pipeline, execution, source, SUCCEEDED)
        first, second = execution.stages["Deploy"].runs
        interventions.finish(pipeline, execution, first, SUCCEEDED)
        interventions.finish(pipeline, execution, second, FAILED)
        assert execution.status == "Failed"
        steps = interventions.retry(pipeline, execution, "Deploy", mode)
        assert [step.run.name for step in steps if isinstance(step, Started)] == again


def test_what_cannot_be_tried_again_is_refused():
    line = Line()
    first, second = line.start("a"), line.start("b")
    for execution, stage, expected in [
        (first, "Nowhere", "StageNotFoundException"),
        (first, "Source", "StageNotRetryableException"),
        (first, "Deploy", "StageNotRetryableException"),
    ]:
        with pytest.raises(Refusal) as refusal:
            line.retry(execution, stage)
        assert refusal.value.exception == expected
    line.end(first, FAILED)
    with pytest.raises(Refusal) as refusal:
        line.retry(first, "Source")
    assert refusal.value.exception == "NotLatestPipelineExecutionException", "another entered the failed stage"
    line.end(second)


def test_a_disabled_transition_holds_who_would_enter():
    line = Line()
    line.pipeline.disabled["Approve"] = ("not today", 0.0)
    first = line.start("a")
    line.end(first)
    assert line.where() == {"a": "> Approve"}
    line.pipeline.disabled.clear()
    advance(line.pipeline)
    assert line.where() == {"a": "Approve"}


def test_actions_run_in_their_order_and_side_by_side_where_it_is_the_same():
    given = declaration(stages=("Source", "Deploy"))
    given["stages"][1]["actions"] = [
        {"name": name, "runOrder": order, "actionTypeId": ACTION} for name, order in (("c", 2), ("a", 1), ("b", 1))
    ]
    pipeline, execution = Pipeline(given), Execution(given)
    enter(pipeline, execution)
    interventions.finish(pipeline, execution, next(execution.runs()), SUCCEEDED)
    runs = execution.stages["Deploy"].runs
    assert [run.name for run in runs] == ["a", "b"]
    for run in list(runs):
        interventions.finish(pipeline, execution, run, SUCCEEDED)
    assert [run.name for run in execution.stages["Deploy"].runs] == ["a", "b", "c"]


MOVES = st.lists(st.tuples(st.sampled_from(["start", "end", "fail", "stop", "abandon", "retry"]), st.integers(0, 9)))


@settings(deadline=None)
@given(mode=st.sampled_from(["QUEUED", "SUPERSEDED"]), moves=MOVES)
def test_whatever_happens_a_stage_holds_one_execution_and_nobody_is_forgotten(mode, moves):
    line = Line(mode)
    for move, number in moves:
        executions = line.pipeline.executions
        if move == "start" or not executions:
            line.start(str(len(executions)))
            continue
        chosen = executions[number % len(executions)]
        try:
            if move in {"end", "fail"} and any(run.status == "InProgress" for run in chosen.runs()):
                line.end(chosen, SUCCEEDED if move == "end" else FAILED)
            elif move in {"stop", "abandon"}:
                line.stop(chosen, abandon=move == "abandon")
            elif move == "retry" and chosen.current():
                line.retry(chosen, chosen.current())
        except Refusal:
            pass
        inside = [each.current() for each in executions if each.is_running and not each.waits_for]
        assert len(inside) == len(set(inside))
        waiting = [each.waits_for for each in executions if each.waits_for]
        assert all(stage in inside for stage in waiting), "somebody waits in front of a free stage"
        if mode == "SUPERSEDED":
            assert len(waiting) == len(set(waiting))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"stages": declaration()["stages"][:1]}, "minimum of 2 stages"),
        ({"artifactStore": None}, "artifact store"),
        ({"pipelineType": "V1"}, "can only be SUPERSEDED"),
        ({"stages": [*declaration()["stages"], declaration()["stages"][1]]}, "more than once"),
        ({"stages": declaration()["stages"][1:]}, "only contain Source"),
        ({"stages": [declaration()["stages"][0]] * 2}, "more than once"),
        ({"stages": [*declaration()["stages"], {"name": "Empty", "actions": []}]}, "has no action"),
    ],
)
def test_what_is_no_pipeline_is_refused(change, says):
    check(declaration())
    with pytest.raises(Refusal) as refusal:
        check({**declaration(), **change})
    assert says in refusal.value.text
