# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What a service and its companions each have: how ECS replaces tasks, scaling, and gates. One text says it of both."""

    DOCUMENTATION = r"""
options:
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
            1 to 20160. It must be longer than each bake time, and than O(gates[].deadline_seconds).
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
      alarms:
        description:
          - CloudWatch alarms on which ECS rolls back. A release is refused while one is in ALARM, a rollback is not.
        type: list
        elements: str
        default: []
  scaling:
    description:
      - Application Auto Scaling of the desired count. Not given, scaling is left as it is.
      - Its policies and scheduled actions have names that begin with C(fastbreak-). Those that are no longer wanted are
        deleted, and nothing of another name is touched.
      - With more than one policy, the one that asks for the most tasks decides.
    type: dict
    suboptions: &scaling
      minimum:
        description: Fewest tasks.
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
            description: Fewest tasks from then on. It may be 0, when no release can be judged.
            type: int
          maximum:
            description: Most tasks from then on.
            type: int
  gates:
    description:
      - What a release must prove. Every gate must be C(HEALTHY); too few samples or missing data never pass.
      - A gate that finds the release C(UNHEALTHY) ends it at once. One that is C(INCONCLUSIVE) or C(ERROR) at its
        deadline ends it too, unless O(gates[].on_inconclusive) says otherwise.
      - At least one gate must decide after all traffic has shifted, and be of a kind that can be asked again of a
        release that runs already.
      - Required unless O(state=absent).
    type: list
    elements: dict
    suboptions: &gates
      kind:
        description:
          - V(target_health) requires every desired task to be healthy in the target group, and no task of the new
            revision to fail.
          - V(task_stability) requires that no task of the new revision crashes after it has started, whatever its exit
            code, unless that is allowed. ECS starts another task for each, so a restart is a crash.
          - V(http) sends requests through the load balancer.
          - V(alarms) requires CloudWatch alarms to be C(OK), whatever ECS makes of them. One in C(ALARM) refuses at
            once, one without data never passes. A release is refused beforehand while one is in C(ALARM). In a rollback
            it decides nothing.
          - V(metric) requires a CloudWatch metric to stay within limits, period by period. A period without data never
            passes.
          - V(canary) compares the errors of the release with those of the running version over the same minutes, by an
            exact test that may be repeated. It needs a strategy that shifts traffic in steps.
          - V(command) runs a program on the machine that runs this module. It passes when it exits with 0. While it
            runs, nothing else is measured.
          - V(webhook) tells an HTTPS endpoint the release in a JSON body with C(gate) and C(version), and takes the
            verdict from its JSON answer with C(verdict) (V(HEALTHY), V(UNHEALTHY), V(INCONCLUSIVE) or V(ERROR)) and
            C(reason). No redirect is followed.
          - V(approval) waits for a person, who answers with M(fastbreak.aws.ecs_rollout_approval). A no ends the
            release, also after a yes; without an answer it is C(INCONCLUSIVE). Nobody is asked about a rollback.
          - V(inference) analyses known clips with the release in a task of its own, and compares persons, angles and
            findings with O(gates[].golden_file), and the speed with that of the running version. The task begins with
            the deployment, before users depend on the release. Not asked in a rollback.
          - V(served_inference) has a task of the release send known clips to O(gates[].path), before users come at
            O(test_url) and by the users' address once all traffic has moved, and compares what comes back in the same
            way. The analyses belong to whose token O(gates[].headers) show, and are erased where that token may.
          - V(command) and V(webhook) measure again until they have passed O(gates[].consecutive_successes) times.
        type: str
        choices:
          - target_health
          - task_stability
          - http
          - alarms
          - metric
          - canary
          - command
          - webhook
          - approval
          - inference
          - served_inference
        required: true
      name:
        description: Name in messages and in the record. Not given, it is made from the kind and the path.
        type: str
      stages:
        description:
          - When the gate is asked. V(before_traffic) is when the new tasks are healthy and no user reaches them,
            V(each_step) before each further share of the users, V(after_traffic) when all users reach them.
          - Before users come, V(http) gates ask at O(test_url); without it they are not asked then. At a share of the
            users they ask for that share of O(gates[].minimum_samples), 5 at least.
          - Not given, every stage at which a gate of this kind has something to judge. A strategy asks at those stages
            that it has; V(ROLLING) has V(after_traffic) alone, and measures from the first healthy task on.
        type: list
        elements: str
      bake_seconds:
        description: How long the gate measures at least, after O(gates[].initial_delay_seconds). At most a week.
        type: float
        default: 30
      deadline_seconds:
        description:
          - When it must have reached a verdict, counted from the beginning of the stage. For V(ROLLING) that is when
            ECS has completed the deployment. Not given, 60 more than the gate needs at least, and 1800 for
            V(approval). At most a week.
          - It must not be below O(gates[].initial_delay_seconds) and O(gates[].bake_seconds) together, nor below the
            delay and O(gates[].consecutive_successes) times O(gates[].interval_seconds).
        type: float
      initial_delay_seconds:
        description: How long the gate waits at the beginning of a stage before it measures, for caches to fill.
        type: float
        default: 0
      interval_seconds:
        description:
          - Pause between two measurings. Not given, 0.5 for V(http), 15 for V(webhook), and O(poll_interval_seconds)
            for others. What is looked at with the deployment is measured at most as often as that.
          - While only a share of the users reaches the release, V(http) asks as much more often, at most ten times a
            second and not with O(gates[].method=POST).
        type: float
      consecutive_successes:
        description: After how many measurings in a row the gate must pass, 1 to 1000. Not given, 3 for V(target_health)
          and 1 for other kinds.
        type: int
      dry_run:
        description: Whether the verdict is only shown and recorded. Use it to learn thresholds.
        type: bool
        default: false
      running_version_may_fail:
        description:
          - Whether the gate may fail on the version that runs. Otherwise a release is refused before anything is
            changed if the running version fails a gate of kind V(http) (three answers of it in a row) or V(metric) (the
            last O(gates[].minimum_periods) periods), because such a gate would refuse any release.
          - Set it for a release that mends what runs, or brings what the gate asks for. A rollback is never refused so.
        type: bool
        default: false
      on_inconclusive:
        description:
          - What happens when the gate is C(INCONCLUSIVE) at its deadline.
          - V(rollback) ends the release. V(extend) gives the gate as much time again, once, and ends the release then.
            V(pause) holds the deployment where it is for a person to decide, with a strategy that can be held.
        type: str
        choices: [rollback, extend, pause]
        default: rollback
      maximum_task_failures:
        description: For V(target_health), tasks that may stop by themselves or fail a health check, at most 100.
        type: int
        default: 0
      maximum_start_failures:
        description: For V(target_health), tasks that may fail to start, at most 100.
        type: int
        default: 2
      path:
        description: For V(http), path and query of the request. For V(served_inference), where analyses are sent to,
          V(/v1/analyses) if it is not given.
        type: str
      method:
        description: For V(http), method of the request.
        type: str
        choices: [GET, HEAD, OPTIONS, POST]
        default: GET
      body_file:
        description:
          - For V(http) of method V(POST), a file of this machine that is sent, at most 64 MiB. Set C(Content-Type) in
            O(gates[].headers).
          - Requests of this method are not sent again after an undo.
        type: path
      body_pattern:
        description: For V(http), regular expression that must be found in the answer's body (its first MiB).
        type: str
      body_json:
        description:
          - For V(http), what the answer's body must hold as JSON. A path of names and positions, joined by dots
            (C(items.0.status)), and the value there.
          - The types must be the same. C(1) is neither C(true) nor C("1").
        type: dict
        default: {}
      maximum_latency_seconds:
        description: For V(http), how long O(gates[].latency_quantile) of the answers may take. Not given, it is not
          looked at.
        type: float
      maximum_latency_increase:
        description:
          - For V(http), by which part of it an answer may take longer than O(gates[].latency_quantile) of the running
            version's answers over the same minutes, from 0 to 100. V(1) is twice as long. Not given, it is not looked
            at.
          - It is compared where only some of the users reach the release, from the answers to the same requests, so it
            needs a strategy with steps and O(gates[].version_header). The gate is V(UNHEALTHY) once more answers of the
            release take longer than chance explains, and never passes without O(gates[].minimum_samples) of them
            compared.
        type: float
      latency_quantile:
        description:
          - For V(http), share of the answers that must not take longer than O(gates[].maximum_latency_seconds), from
            0.1 to below 1. Counted and judged like failures. With O(gates[].maximum_latency_increase) at most 0.99.
        type: float
        default: 0.95
      expected_status:
        description: For V(http), statuses that pass, at most 100 of them.
        type: list
        elements: int
        default: [200]
      fatal_status:
        description: For V(http), statuses of which one answer makes the gate V(UNHEALTHY), whatever
          O(gates[].maximum_failure_ratio) is.
        type: list
        elements: int
        default: []
      minimum_samples:
        description: For V(http), answers that are needed for a verdict of C(HEALTHY).
        type: int
        default: 20
      maximum_failure_ratio:
        description:
          - For V(http), share of the answers that may fail, at most 0.9.
          - The gate is V(UNHEALTHY) once more failed than chance explains. Of releases that fail exactly this share at
            most 1 in 100 are refused at once, however long they are watched and by however many gates.
        type: float
        default: 0.05
      request_timeout_seconds:
        description: For V(http), how long one answer may take, at most an hour.
        type: float
        default: 5
      version_header:
        description:
          - For V(http) and V(served_inference), response header that names the release that answered. Only answers of
            the judged release count, and answers without the header count against it.
          - An empty text counts every answer.
        type: str
        default: x-fastbreak-version
      headers:
        description:
          - For V(http) and V(served_inference), headers of the requests.
          - What O(listener_rules) require in addition (a header, a query string parameter, and a host if O(url) names
            none that users know) is added. If several rules match the path, the one with the fewest conditions counts.
            What is given here, including C(Host), is never replaced.
          - Values are text or whole numbers.
          - A value C(secretsmanager:NAME) stands for what the secret of that name or ARN holds in Secrets Manager. It
            is read when requests are sent, and shown nowhere. The secret holds the value itself, or a JSON object with
            C(token_endpoint), C(client_id) and C(client_secret), and if the endpoint needs them C(audience) and
            C(scope); then a bearer token is asked for there (OAuth 2.0, client credentials) and sent. Needs
            C(secretsmanager:GetSecretValue). A task that sends such a request (O(probe_from)) reads it by its own role
            (O(probe_task_role_arn)).
        type: dict
        default: {}
      maximum_crashes:
        description: For V(task_stability), tasks that may crash after they have started, at most 100.
        type: int
        default: 0
      maximum_out_of_memory:
        description: For V(task_stability), how many of these may have run out of memory (exit code 137).
        type: int
        default: 0
      allowed_exit_codes:
        description: For V(task_stability), exit codes of containers that are no crash.
        type: list
        elements: int
        default: []
      memory_horizon_minutes:
        description:
          - For V(task_stability), a release is C(UNHEALTHY) whose fullest task would run out of memory within so many
            minutes if it went on growing as it does, at most 1440. V(0) does not look at it.
          - It reads the C(Maximum) of C(MemoryUtilization) in C(AWS/ECS), which every service on Fargate has, once all
            users are on the release, and needs C(cloudwatch:GetMetricData). A trend takes at least six minutes and two
            more until CloudWatch has them; without data it is C(INCONCLUSIVE).
        type: int
        default: 0
      command:
        description: For V(command), the program and its arguments. No shell is started.
        type: list
        elements: str
        default: []
      environment:
        description:
          - For V(command), variables in addition to C(FASTBREAK_VERSION) (the release's tag) and C(FASTBREAK_URL)
            (O(url)). Values are text or whole numbers, and are not shown.
          - Of the environment of this module only C(PATH), C(HOME), the language, the time zone, the folder of
            temporary files and the certificates' variables are passed on.
        type: dict
        default: {}
      pass_credentials:
        description:
          - For V(command), whether it gets the variables C(AWS_*) of the environment.
          - Otherwise it gets no credentials of AWS. SDKs are kept from their files and from the instance's role.
        type: bool
        default: false
      command_timeout_seconds:
        description: For V(command), how long it may take, at most an hour. It is killed then, and the gate is C(ERROR).
        type: float
        default: 60
      webhook_url:
        description: For V(webhook), address of the endpoint. It must be https, or http on this machine.
        type: str
      webhook_token:
        description: For V(webhook), token that is sent as C(Bearer) in the header C(Authorization). It is never shown.
        type: str
      webhook_timeout_seconds:
        description: For V(webhook), how long one answer may take, at most an hour.
        type: float
        default: 30
      question:
        description: For V(approval), what the person is to decide, at most 500 characters.
        type: str
      golden_file:
        description:
          - For V(inference) and V(served_inference), a file of this machine with the lines that C(fastbreak-service
            golden) wrote, with the commit and the hashes of the networks that made them.
          - If the image's label C(com.fastbreak.models) names other networks, the release is refused before anything is
            changed.
        type: path
      inference_command:
        description: For V(inference) and V(served_inference), the command of the task.
        type: list
        elements: str
        default: [fastbreak-service, golden]
      inference_clips:
        description:
          - For V(inference) and V(served_inference), what is added to the command. Paths in the container, or https
            addresses that the task can reach, at most 20.
          - They are visible in the task's record in ECS. What an address holds beside host and path is not shown here.
        type: list
        elements: str
        default: []
      inference_container:
        description: For V(inference) and V(served_inference), container that the command runs in. Not given, the first
          of the task definition.
        type: str
      inference_timeout_seconds:
        description: For V(inference) and V(served_inference), how long the task may take, at most two hours. A release
          that takes longer is C(UNHEALTHY).
        type: float
        default: 600
      maximum_angle_difference:
        description: For V(inference) and V(served_inference), degrees by which the minimum, maximum and mean of each
          angle may differ.
        type: float
        default: 2
      minimum_speed_ratio:
        description: For V(inference), share of the running version's frames per second that the release needs, measured
          in a second task. V(0) compares no speed.
        type: float
        default: 0.5
      alarms:
        description: For V(alarms), names of the alarms, at most 100.
        type: list
        elements: str
        default: []
      namespace:
        description: For V(metric) and V(canary), namespace of the metrics.
        type: str
        default: AWS/ApplicationELB
      metric:
        description:
          - For V(metric), name of the metric.
          - For V(canary), name of the metric that counts errors. Not given, C(HTTPCode_Target_5XX_Count).
        type: str
      per_metric:
        description:
          - For V(metric), name of a metric that the sum of O(gates[].metric) is divided by. Where it has data and
            O(gates[].metric) has none, that counts as 0.
          - For V(canary), name of the metric that counts requests. Not given, C(RequestCount).
        type: str
      dimensions:
        description:
          - For V(metric) and V(canary), dimensions of the metrics of the release. Values are text or whole numbers.
          - Not given, with the usual O(gates[].namespace), those of the target group that the release's tasks are
            registered with.
        type: dict
        default: {}
      baseline_dimensions:
        description: For V(canary), dimensions of the running version, if O(gates[].dimensions) are given.
        type: dict
        default: {}
      statistic:
        description: For V(metric), statistic over each period, such as C(Average), C(Maximum) or C(p99).
        type: str
        default: Sum
      period_seconds:
        description: For V(metric) and V(canary), length of a period. 1, 5, 10, 20, 30, or minutes up to 3600.
        type: int
        default: 60
      lag_seconds:
        description:
          - For V(metric) and V(canary), how old a period must be to be read. CloudWatch gets metrics late.
          - Only whole periods count that began after the gate's first measuring.
        type: float
        default: 120
      minimum:
        description: For V(metric), smallest value that passes.
        type: float
      maximum:
        description: For V(metric), largest value that passes.
        type: float
      minimum_periods:
        description: For V(metric), periods with data that are needed for C(HEALTHY), 1 to 1000.
        type: int
        default: 3
      maximum_bad_periods:
        description: For V(metric), periods beyond the limits that are allowed.
        type: int
        default: 0
      maximum_increase:
        description:
          - For V(canary), share of its requests by which the release may fail more than the running version, above 0
            and at most 0.5.
          - Both must have had at least 3 divided by this share of requests for C(HEALTHY).
        type: float
        default: 0.01
      false_alarm:
        description:
          - For V(canary), share of the releases at the limit that may be refused, however often they are looked at.
            Above 0 and at most 0.2.
          - With several gates that refuse by evidence, each needs more of it, so that all together keep this.
        type: float
        default: 0.01
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
