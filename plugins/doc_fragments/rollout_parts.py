# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import ClassVar

from ansible_collections.fastbreak.aws.plugins.doc_fragments import rollout_gate_kinds, rollout_gates

_REPLACING = r"""
  deployment:
    description: How ECS replaces tasks.
    type: dict
    suboptions: &deployment
      strategy:
        description:
          - Deployment strategy of ECS. V(ROLLING) replaces tasks one by one, and users reach new tasks as they become
            healthy.
          - V(BLUE_GREEN) starts all new tasks beside the old ones, has them judged by test traffic and moves all users
            at once. V(CANARY) moves a share of the users first, V(LINEAR) moves them in equal steps.
          - A strategy that moves traffic pauses before users, before each step and after all of them. ECS goes on only
            when every gate of that stage is C(HEALTHY), and rolls back by itself when no verdict comes in time.
          - Such a strategy needs botocore 1.43.10 or newer. An older one is refused before anything is changed.
        type: str
        choices: [ROLLING, BLUE_GREEN, LINEAR, CANARY]
        default: ROLLING
      bake_minutes:
        description:
          - For V(BLUE_GREEN), V(LINEAR) and V(CANARY), how long the old tasks run on after all traffic has moved, ready
            to take it back, 0 to 1440.
        type: int
        default: 5
      pause_timeout_minutes:
        description:
          - For V(BLUE_GREEN), V(LINEAR) and V(CANARY), how long ECS waits for a verdict before it rolls back by itself,
            1 to 20160. It must be longer than each bake time, and by a minute than O(gates[].deadline_seconds),
            which counts twice with V(extend).
        type: int
        default: 60
      canary_percent:
        description: For V(CANARY), share of the users in the first step, 0.1 to 99.9 in steps of 0.1.
        type: float
        default: 5
      canary_bake_minutes:
        description: For V(CANARY), how long that share is kept at least, 0 to 1440.
        type: int
        default: 10
      step_percent:
        description: For V(LINEAR), share of the users in each step, 3 to 99.9 in steps of 0.1.
        type: float
        default: 10
      step_bake_minutes:
        description: For V(LINEAR), how long each step but the last is kept at least, 0 to 1440.
        type: int
        default: 6
      minimum_healthy_percent:
        description: Share of the desired tasks that stays healthy.
        type: int
        default: 100
      maximum_percent:
        description: Largest share of the desired tasks that may run at once.
        type: int
        default: 200
      circuit_breaker:
        description: Whether ECS itself ends and rolls back a deployment whose tasks keep failing.
        type: bool
        default: true
      breaker_threshold:
        description:
          - For V(ROLLING), after how much ECS's circuit breaker gives up, as O(deployment.breaker_threshold_type) says,
            which is V(BOUNDED_PERCENT) where this alone is given. 1 to 100 for a percentage. Not given, what the
            service has stays.
          - Needs botocore 1.43.60 or newer. An older one is refused before anything is changed.
        type: int
      breaker_threshold_type:
        description:
          - For V(ROLLING), what O(deployment.breaker_threshold) is. V(BOUNDED_PERCENT) and V(UNBOUNDED_PERCENT) are
            percentages of the desired count, with and without bounds that ECS sets; V(COUNT) is a number of tasks that
            failed.
        type: str
        choices: [BOUNDED_PERCENT, UNBOUNDED_PERCENT, COUNT]
      breaker_resets_on_healthy_task:
        description:
          - For V(ROLLING), whether a task that becomes healthy sets the circuit breaker's count of failures back to 0.
            Not given, what the service has stays. Needs botocore 1.43.60 or newer.
        type: bool
      early_success_percent:
        description:
          - For V(ROLLING), at which share of healthy tasks ECS calls a deployment a success, from
            O(deployment.minimum_healthy_percent) to 100; it starts the others after that. Gates judge the release then,
            and V(target_health) still waits for all tasks. Not given, what the service has stays.
          - Needs botocore 1.43.100 or newer. An older one is refused before anything is changed.
        type: int
      early_success_cleanup:
        description:
          - For V(ROLLING) with O(deployment.early_success_percent), whether ECS takes the old tasks away before it
            calls the deployment a success (V(BLOCKING), which it is where only the share is given) or after that
            (V(DEFERRED)).
        type: str
        choices: [BLOCKING, DEFERRED]
      alarms:
        description:
          - CloudWatch alarms on which ECS rolls back. A release is refused while one is in ALARM, a rollback is not.
        type: list
        elements: str
        default: []
  scaling:
    description:
      - Application Auto Scaling of the desired count. Not given, scaling is left as it is. Of a service that it may
        leave without a task, a release still raises the bounds to 1, and puts them back.
      - Its policies and scheduled actions have names that begin with C(fastbreak-). Those that are no longer wanted are
        deleted, and nothing of another name is touched.
      - With more than one policy, the one that asks for the most tasks decides.
    type: dict
    suboptions: &scaling
      minimum:
        description:
          - Fewest tasks.
          - With 0, for a service with O(load_balanced=false) that has O(scaling.backlog_namespace), no task runs while
            there is nothing to do. A step scaling policy puts it to rest after O(scaling.rest_after_seconds), and
            another one wakes it when C(QueueWaiting) or C(QueueBacklog) is 1 or more. CloudWatch alarms
            C(fastbreak-scaling/<cluster>/<service>/wake) and C(.../rest) call them, by C(DesiredTaskCount) of
            Container Insights.
          - A release of such a service is judged by one task at least. Until it has ended, the bounds are 1 or more and
            the schedule is suspended, which this collection then owns. A run that is killed or hands its release over
            leaves it so for the next, which makes up for what the schedule would have set since.
        type: int
        required: true
      maximum:
        description: Most tasks.
        type: int
        required: true
      cpu_percent:
        description: Target of the average CPU utilization, in percent; 0 for no policy.
        type: float
        default: 60
      memory_percent:
        description: Target of the average memory utilization, in percent; 0 for no policy.
        type: float
        default: 0
      requests_per_target:
        description:
          - Target of the average requests per minute and task; 0 for no policy.
          - The target group of O(load_balancer) must belong to an Application Load Balancer.
        type: float
        default: 0
      backlog_per_task:
        description:
          - Target of the pieces of work that wait or are worked on for each running task; 0 for no policy.
          - It follows C(QueueBacklog) in O(scaling.backlog_namespace), divided by the running tasks that Container
            Insights of the cluster counts; or C(QueueWaiting), where a service of before tells that alone.
        type: float
        default: 0
      backlog_age_seconds:
        description:
          - Target of the seconds for which the oldest piece of work has waited; 0 for no policy.
          - It follows C(QueueAgeSeconds) in O(scaling.backlog_namespace), which is 1 at least while there is work.
        type: float
        default: 0
      backlog_namespace:
        description:
          - CloudWatch namespace in which the service tells what waits. Needed by the two options before, and by
            O(scaling.minimum=0).
        type: str
        default: ""
      rest_after_seconds:
        description:
          - How long C(QueueBacklog) must be 0 before the last task is taken, in whole minutes. It has a meaning where
            O(scaling.minimum) or a scheduled action is 0.
        type: int
        default: 900
      scale_in_cooldown_seconds:
        description: Pause after tasks were removed.
        type: int
        default: 300
      scale_out_cooldown_seconds:
        description: Pause after tasks were added.
        type: int
        default: 60
      scheduled_actions:
        description:
          - Changes of the bounds at set times.
          - Bounds that an action has set stay until another action runs, so a rollout does not reset them to
            O(scaling.minimum) and O(scaling.maximum). A warning says which bound is in force instead.
          - Two actions must not set a bound differently at the same time, and an action that sets a single bound must
            fit the other bound of all actions.
          - An action whose time has passed by AWS's clock is refused; for O(state=rolled_back) it is left out with a
            warning.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name, unique in the list.
            type: str
            required: true
          schedule:
            description:
              - When it runs, as C(cron(minutes hours day-of-month month day-of-week year)), C(rate(value unit)) or, for
                once, C(at(yyyy-mm-ddThh:mm:ss)).
            type: str
            required: true
          timezone:
            description: Name of the IANA time zone of a C(cron) or C(at).
            type: str
            default: UTC
          minimum:
            description:
              - Fewest tasks from then on. It may be 0 for a service with O(load_balanced=false), which is woken for a
                release. What else wakes it is O(scaling.backlog_namespace), or an action with a minimum of 1 or more,
                where this one sets a maximum of 0 too.
            type: int
          maximum:
            description: Most tasks from then on.
            type: int
"""

_COMPANIONS = r"""
  companions:
    description:
      - Other ECS services that run the same image and are released with this one, such as a queue worker. No load
        balancer sends them requests, so that O(load_balanced) holds for them as V(false). Everything that is not named
        here is as for the service itself, but for O(require_promoted), which is asked of the service itself, and for
        O(migration), which runs once, with the first service of the release that has its container, before that service
        is touched.
      - All services are checked before the first is changed. They are then released one after another. When one is
        refused, those that were released before it are undone, the last of them first.
      - No record is completed before every service is fit. A run that was killed in between is taken up by the next.
      - O(state=rolled_back) goes the other way round, to the image that the service itself goes back to. A companion
        that never ran it is left as it is, with a warning.
    type: list
    elements: dict
    suboptions:
      service:
        description: Name of the service.
        type: str
        required: true
      released:
        description: Whether it is released before or after the service itself. Several go in the order of the list.
        type: str
        choices: [before, after]
        default: before
      task_definition:
        description: As O(task_definition), with a family of its own.
        type: dict
      desired_count:
        description: As O(desired_count).
        type: int
      scaling:
        description: As O(scaling).
        type: dict
        suboptions: *scaling
      deployment:
        description: As O(deployment). The strategy is V(ROLLING).
        type: dict
        suboptions: *deployment
      gates:
        description: As O(gates). One that needs a load balancer is refused by name.
        type: list
        elements: dict
        required: true
        suboptions: *gates
"""


class ModuleDocFragment:
    """What a service and its companions each have. Their texts are one document, in which one says it of both."""

    # Annotated, for ansible-test's yamllint takes every plain assignment of a fragment for a whole text.
    DOCUMENTATION: ClassVar[str] = (
        rollout_gates.ModuleDocFragment.DOCUMENTATION
        + rollout_gate_kinds.ModuleDocFragment.SUBOPTIONS
        + _REPLACING
        + _COMPANIONS
    )
