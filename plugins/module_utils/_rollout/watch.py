# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Watching a deployment: looking at it, measuring the gates, and asking the core what to do next.

An HTTP gate starts with the first healthy target of the new revision, so that a version that answers errors is
stopped while the old one still carries most of the traffic. Its window starts anew when the deployment completes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.verdict import Verdict
from .._errors import OperationError, UnavailableError
from .._release.record import Measurement, timestamp
from .gates.model import (
    HttpGate,
    HttpTally,
    TargetHealthGate,
    TargetTally,
    assess_http,
    assess_targets,
    describe_http,
    describe_targets,
    expect_http,
    expect_targets,
)
from .judge import Decision, GateReading, Reading, Step, decide
from .tasks import observe, of_revision
from .values import DeploymentState, Service, ServiceDeployment, Task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .act import Started
    from .session import Session

_SUMMARY_SECONDS = 30.0


class Watch:
    """The watch over one deployment, until there is something else to do than wait."""

    def __init__(self, session: Session, started: Started, version: str) -> None:
        self.session = session
        self.started = started
        self.version = version
        self.began = session.clock.monotonic()
        self.settled_at: float | None = None
        self._stopped_before: frozenset[str] | None = None if not started.arn else frozenset()
        self._targets = TargetTally()
        self._tallies: dict[str, HttpTally] = {gate.name: HttpTally() for gate in session.request.http_gates}
        self._due: dict[str, float] = {gate.name: self.began for gate in session.request.http_gates}
        self._windows: dict[str, str] = {gate.name: self._stamp() for gate in session.request.gates}
        self._shown: Mapping[str, Verdict] = {}
        self._state = DeploymentState.PENDING
        self._reason = ""
        self._superseded = False
        self._summary_due = self.began + _SUMMARY_SECONDS

    def run(self) -> Decision:
        """Watch until there is something else to do than wait."""
        poll_due = self.began
        while True:
            now = self.session.clock.monotonic()
            if now >= poll_due:
                self._look()
                poll_due = self.session.clock.monotonic() + self.session.request.poll_seconds
            self._probe()
            decision = self._decide()
            if decision.step is Step.ROLL_BACK:
                return self._look_closer(decision)
            if decision.step is not Step.WAIT:
                return decision
            self.session.pause(self._until_due(poll_due))

    def _look_closer(self, decision: Decision) -> Decision:
        """Look once more before a rollback: requests fail sooner than the tasks behind them are seen to have died."""
        tallies = self._tallies
        self._look()
        closer = self._decide()
        if closer.step is not Step.WAIT:
            return closer
        self._tallies = tallies
        return decision

    def measurements(self) -> tuple[Measurement, ...]:
        """What the gates have measured."""
        finished = self._stamp()
        return tuple(
            Measurement(
                gate=gate.name,
                verdict=verdict,
                seen=seen,
                expected=expected,
                samples=samples,
                failures=failures,
                started_at=self._windows[gate.name],
                finished_at=finished,
            )
            for gate, verdict, seen, expected, samples, failures in self._assess()
        )

    def _stamp(self) -> str:
        return timestamp(self.session.clock.now())

    def _until_due(self, poll_due: float) -> float:
        dues = [poll_due]
        if self._measurable:
            dues += self._due.values()
        return max(0.05, min(dues) - self.session.clock.monotonic())

    @property
    def _measurable(self) -> bool:
        return self._targets.latest.healthy > 0 or self.settled_at is not None

    def _look(self) -> None:
        try:
            service = self._look_at_deployment()
            tasks = self._look_at_targets(service)
        except (UnavailableError, OperationError) as error:
            # A refused look measures nothing either: the gate is in ERROR, and the next look may be allowed.
            self._targets = self._targets.failed_to_look(str(error))
            return
        if self._stopped_before is None:
            self._stopped_before = frozenset(task.arn for task in tasks if task.stop_code)

    def _look_at_deployment(self) -> Service:
        request, ecs = self.session.request, self.session.ports.ecs
        service = ecs.describe_service(request.cluster, request.service)
        if service is None:
            self._superseded, self._reason = True, "the service was deleted while the release was under way"
            raise UnavailableError(self._reason)
        if not self.started.arn:
            self._settle(DeploymentState.SUCCESSFUL, "")
            return service
        deployment = ecs.describe_service_deployment(self.started.arn)
        if deployment is None:
            raise UnavailableError(f"ECS no longer lists service deployment {self.started.arn}")
        self._settle(deployment.state, deployment.reason)
        self._find_successor(deployment, service)
        return service

    def _settle(self, state: DeploymentState, reason: str) -> None:
        if state is not self._state:
            self.session.say(f"deployment is {state.value}{f': {reason}' if reason else ''}")
        self._state, self._reason = state, reason
        if state is DeploymentState.SUCCESSFUL and self.settled_at is None:
            self.settled_at = self.session.clock.monotonic()
            self._tallies = dict.fromkeys(self._tallies, HttpTally())
            self._windows = dict.fromkeys(self._windows, self._stamp())

    def _find_successor(self, ours: ServiceDeployment, service: Service) -> None:
        if ours.state is not DeploymentState.STOPPED and (
            not service.primary or service.primary.id == self.started.primary_id
        ):
            return
        request = self.session.request
        for one in self.session.ports.ecs.list_service_deployments(request.cluster, request.service):
            if one.arn != ours.arn and one.created_at > ours.created_at:
                self._superseded = True
                self._reason = f"service deployment {one.arn} ({one.state.value}) replaced it"
                return

    def _look_at_targets(self, service: Service) -> tuple[Task, ...]:
        request, ports = self.session.request, self.session.ports
        tasks = of_revision(ports.ecs.list_tasks(request.cluster, request.service), self.started.task_definition_arn)
        new = tuple(task for task in tasks if task.arn not in (self._stopped_before or ()))
        targets = ports.balancing.describe_targets(request.target_group_arn)
        self._targets = self._targets.add(observe(service.desired_count, new, targets))
        return tasks

    def _probe(self) -> None:
        if not self._measurable:
            return
        for gate in self.session.request.http_gates:
            now = self.session.clock.monotonic()
            if now < self._due[gate.name]:
                continue
            answer = self.session.ports.probe.request(
                gate.method,
                gate.url,
                timeout_seconds=gate.request_timeout_seconds,
                version_header=gate.version_header,
            )
            self._tallies[gate.name] = self._tallies[gate.name].add(answer, gate, self.version)
            self._due[gate.name] = now + gate.interval_seconds

    def _assess(self) -> list[tuple[HttpGate | TargetHealthGate, Verdict, str, str, int, int]]:
        settled = self.session.clock.monotonic() - self.settled_at if self.settled_at is not None else -1.0
        assessed: list[tuple[HttpGate | TargetHealthGate, Verdict, str, str, int, int]] = []
        for gate in self.session.request.gates:
            baked = settled >= gate.bake_seconds
            if isinstance(gate, TargetHealthGate):
                seen = self._targets
                verdict = assess_targets(gate, seen, baked=baked)
                failures = len(seen.latest.failures)
                assessed.append((gate, verdict, describe_targets(seen), expect_targets(gate), seen.looks, failures))
            else:
                tally = self._tallies[gate.name]
                verdict = assess_http(gate, tally, baked=baked)
                assessed.append(
                    (gate, verdict, describe_http(gate, tally), expect_http(gate), tally.samples, tally.failures)
                )
        return assessed

    def _decide(self) -> Decision:
        now = self.session.clock.monotonic()
        assessed = self._assess()
        reading = Reading(
            state=self._state,
            reason=self._reason,
            superseded=self._superseded,
            elapsed_seconds=now - self.began,
            settled_seconds=now - self.settled_at if self.settled_at is not None else None,
            gates=tuple(
                GateReading(gate.name, verdict, seen, expected, gate.deadline_seconds)
                for gate, verdict, seen, expected, _samples, _failures in assessed
            ),
        )
        self._show({gate.name: verdict for gate, verdict, *_rest in assessed}, reading)
        return decide(reading, timeout_seconds=self.session.request.timeout_seconds)

    def _show(self, verdicts: Mapping[str, Verdict], reading: Reading) -> None:
        due = self.session.clock.monotonic() >= self._summary_due
        for gate in reading.gates:
            before = self._shown.get(gate.name, Verdict.INCONCLUSIVE)
            if verdicts[gate.name] is not before or due:
                self.session.say(f"gate {gate.name} is {verdicts[gate.name].value}: {gate.seen}")
        if due:
            self._summary_due = self.session.clock.monotonic() + _SUMMARY_SECONDS
        self._shown = verdicts
