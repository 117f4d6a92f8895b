# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the steps of workflows took, put together as the ways of a commit."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.errors import BenchmarkError
from benchmarks.provision.gantt import Bar

RUNNER_SECONDS = 30
"""Until a job of GitHub's has a machine and its Python, by the authors' memory."""
TASK_SECONDS = 60
"""Until a Fargate task has its address and an image of 0.6 GB: longer than what AWS calls normal."""
WAVES = {"deploy": 3, "rollback": 2}
"""How often a workflow waits for new tasks, one after the other: the migration, the worker and the API."""
NOT_MIGRATED = "No task had to migrate"
"""No step of a workflow, but what the record of its release says: one wave fewer."""
RESTORED = "Users have the release before"
"""No step of a workflow, but the moment in one by which the API is back, as its record says."""
MACHINES, TASKS, BAKES = "GitHub's machine", "Fargate's tasks", "rest of the bakes"
"""What is modelled: nothing here waits for it."""
TO_DEV = "test_a_commit_on_dev_is_published_once_and_deployed_there"
SPOILT = "test_a_bad_commit_is_refused_in_dev"
TO_PROD = "test_a_commit_on_main_is_promoted_deployed_and_goes_back"
TESTS = (TO_DEV, SPOILT, TO_PROD)
"""Those that the ways are made of, as tests/pipeline/test_workflows.py names them."""


@dataclass(frozen=True)
class Step:
    """A step that ran for a commit."""

    commit: str
    workflow: str
    environment: str
    step: str
    begun: float
    ended: float
    code: int


@dataclass(frozen=True)
class Job:
    """Steps of one job, each with its seconds."""

    workflow: str
    environment: str
    steps: Sequence[Step]

    @property
    def name(self) -> str:
        return f"{self.workflow} ({self.environment})"

    @property
    def commit(self) -> str:
        return self.steps[0].commit

    @property
    def seconds(self) -> float:
        return sum(step.ended - step.begun for step in self.steps)

    @property
    def migrated(self) -> bool:
        """Whether nothing says that its release was not migrated for."""
        return all(step.step != NOT_MIGRATED for step in self.steps)

    @property
    def failed(self) -> bool:
        return any(step.code for step in self.steps)


@dataclass(frozen=True)
class Way:
    """Jobs one after the other.

    `bake_seconds` is how much longer a canary bakes in prod than it did here, `back` how often a release that is
    refused waits for tasks of the one before. `aim_seconds`: none where it is 0.
    """

    name: str
    aim_seconds: float
    jobs: Sequence[Job]
    bake_seconds: float = 0
    back: int = 0

    @property
    def seconds(self) -> float:
        """What was measured."""
        return sum(job.seconds for job in self.jobs)

    @property
    def modelled(self) -> Mapping[str, float]:
        """What is modelled on top, by its name."""
        waits = [self.waits(job) for job in self.jobs]
        return {name: sum(wait[name] for wait in waits) for name in (MACHINES, TASKS, BAKES)}

    @property
    def whole_seconds(self) -> float:
        """What was measured and what is modelled."""
        return self.seconds + sum(self.modelled.values())

    def waits(self, job: Job) -> Mapping[str, float]:
        """What nothing here waited for in a job."""
        bakes = self.bake_seconds if (job.workflow, job.environment) == ("deploy", "prod") else 0
        waves = WAVES.get(job.workflow, 0) + self.back * job.failed - (not job.migrated)
        return {MACHINES: RUNNER_SECONDS, TASKS: TASK_SECONDS * waves, BAKES: bakes}

    def bars(self) -> list[Bar]:
        """A bar for each step and each modelled wait of a second or more, without the time between two jobs."""
        found: list[Bar] = []
        now = 0.0
        for job in self.jobs:
            waits = self.waits(job)
            steps = [(step.step, step.ended - step.begun, False) for step in job.steps]
            rest = [(name, waits[name], True) for name in (TASKS, BAKES)]
            for name, seconds, modelled in [(MACHINES, waits[MACHINES], True), *steps, *rest]:
                begun, now = now, now + seconds
                if seconds >= 1:
                    found.append(Bar(f"{job.name}: {name}", begun, now, [bar.name for bar in found[-1:]], modelled))
        return found


def noted(lines: Iterable[str]) -> tuple[Step, ...]:
    """The steps of the lines that were noted."""
    return tuple(Step(**json.loads(line)) for line in lines)


def jobs_of(steps: Iterable[Step]) -> list[Job]:
    """The jobs of steps, in their order; a job begins with the first step of its workflow."""
    jobs: list[list[Step]] = []
    for step in steps:
        last = jobs[-1][-1] if jobs else None
        same = last and (last.commit, last.workflow) == (step.commit, step.workflow)
        if same and step.step not in {known.step for known in jobs[-1]}:
            jobs[-1].append(step)
        else:
            jobs.append([step])
    return [Job(steps[0].workflow, steps[0].environment, steps) for steps in jobs]


def until_restored(job: Job) -> Job:
    """The *job* as far as users wait for it. Raises BenchmarkError where it does not say how far that is."""
    moment = next((step.ended for step in job.steps if step.step == RESTORED), None)
    if moment is None:
        raise BenchmarkError(
            f"What was measured is not whole: {job.name} does not say when users had the release before."
        )
    steps = [replace(step, ended=min(step.ended, moment)) for step in job.steps if step.begun < moment]
    return replace(job, steps=steps)


def ways(measured: Mapping[str, Sequence[Step]], bake_seconds: float = 0) -> list[Way]:
    """The ways that can be made of the tests that passed. Raises BenchmarkError for a test that lacks its jobs."""
    jobs = {test: jobs_of(steps) for test, steps in measured.items()}
    found: list[Way] = []
    if TO_DEV in jobs:
        good = _job(jobs[TO_DEV], "deploy")
        found.append(Way("commit to dev", 30 * 60, [_job(jobs[TO_DEV], "release", good.commit), good]))
        if TO_PROD in jobs:
            newest = _job(jobs[TO_PROD], "rollback").commit
            release, promote, deploy = (_job(jobs[TO_PROD], name, newest) for name in ("release", "promote", "deploy"))
            # Dev was deployed to with the commit before.
            found.append(Way("commit to prod", 30 * 60, [release, good, promote, deploy], bake_seconds))
    if SPOILT in jobs:
        bad = _job(jobs[SPOILT], "deploy", failed=True)
        release = _job(jobs[SPOILT], "release", bad.commit)
        found.append(
            Way("bad commit to restored, in dev (it migrates nothing)", 5 * 60, [release, until_restored(bad)])
        )
        # Who analyses goes back after that, with new tasks of the release before.
        found.append(Way("the same, until the worker is back too", 0, [release, bad], back=1))
    if TO_PROD in jobs:
        found.append(Way("rollback of prod by hand", 5 * 60, [_job(jobs[TO_PROD], "rollback")]))
    return found


def _job(jobs: Sequence[Job], workflow: str, commit: str = "", *, failed: bool = False) -> Job:
    """The first job of a workflow, for the commit if one is given, that ended so."""
    for job in jobs:
        if job.workflow == workflow and job.failed == failed and commit in {"", job.commit}:
            return job
    raise BenchmarkError(f"What was measured is not whole: {workflow} did not end as it should for commit {commit}.")
