# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the steps of workflows took, put together as the ways of a commit."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.errors import BenchmarkError
from benchmarks.provision.gantt import Bar

RUNNER_SECONDS = 30
"""Until a job of GitHub's has a machine and its Python, by the authors' memory."""
TASK_SECONDS = 60
"""Until a Fargate task has its address and an image of 0.6 GB, by the authors' memory."""
WAVES = {"deploy": 3, "rollback": 2}
"""How often a workflow waits for new tasks, one after the other: the migration, the worker and the API."""


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
    def seconds(self) -> float:
        return sum(step.ended - step.begun for step in self.steps)

    @property
    def failed(self) -> bool:
        return any(step.code for step in self.steps)

    @property
    def modelled(self) -> float:
        """What GitHub and Fargate take besides, which nothing here waits for."""
        return RUNNER_SECONDS + TASK_SECONDS * WAVES.get(self.workflow, 0)


@dataclass(frozen=True)
class Way:
    """Jobs one after the other."""

    name: str
    aim_seconds: float
    jobs: Sequence[Job]

    @property
    def seconds(self) -> float:
        return sum(job.seconds for job in self.jobs)

    @property
    def modelled(self) -> float:
        return self.seconds + sum(job.modelled for job in self.jobs)

    def bars(self) -> list[Bar]:
        """A bar for each step that took a second or more, without the time between two jobs."""
        found: list[Bar] = []
        now = 0.0
        for job in self.jobs:
            for step in job.steps:
                name, begun = f"{job.name}: {step.step}", now
                now += step.ended - step.begun
                if now - begun >= 1:
                    found.append(Bar(name, begun, now, [bar.name for bar in found[-1:]]))
        return found


def read(lines: Iterable[str]) -> list[Job]:
    """The jobs of steps as they were noted, in their order; a job begins with the first step of its workflow."""
    jobs: list[list[Step]] = []
    for line in lines:
        step = Step(**json.loads(line))
        last = jobs[-1][-1] if jobs else None
        same = last and (last.commit, last.workflow) == (step.commit, step.workflow)
        if same and step.step not in {known.step for known in jobs[-1]}:
            jobs[-1].append(step)
        else:
            jobs.append([step])
    return [Job(steps[0].workflow, steps[0].environment, steps) for steps in jobs]


def ways(jobs: Sequence[Job]) -> list[Way]:
    """The ways that the jobs make. Raises BenchmarkError for one that is not whole."""
    to_dev = [job for job in jobs if (job.workflow, job.environment) == ("deploy", "dev")]
    good = next((job for job in to_dev if not job.failed), None)
    bad = next((job for job in to_dev if job.failed), None)
    last = next((job for job in reversed(jobs) if job.workflow == "rollback"), None)
    if good is None or bad is None or last is None:
        raise BenchmarkError("The run was not whole: it has no deploy to dev, no bad commit or no rollback.")
    newest = last.steps[0].commit

    def of(commit: str, workflow: str) -> Job:
        for job in jobs:
            if job.steps[0].commit == commit and job.workflow == workflow and (job is bad or not job.failed):
                return job
        raise BenchmarkError(f"The run was not whole: {workflow} did not end well for commit {commit}.")

    first, spoilt = good.steps[0].commit, bad.steps[0].commit
    return [
        Way("commit to dev", 30 * 60, [of(first, "release"), good]),
        # Dev was deployed to with the commit before.
        Way("commit to prod", 30 * 60, [of(newest, "release"), good, of(newest, "promote"), of(newest, "deploy")]),
        Way("bad commit to restored, in dev", 5 * 60, [of(spoilt, "release"), bad]),
        Way("rollback of prod by hand", 5 * 60, [last]),
    ]
