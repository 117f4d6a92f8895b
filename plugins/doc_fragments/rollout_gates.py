# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Gates: what each kind is, the settings of all, and those of the kinds that look at tasks and ask by HTTP."""

    DOCUMENTATION = r"""
options:
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
          - V(command) runs a program on the machine that runs this module. It passes when it exits with 0. Other
            gates go on meanwhile, and end it when they refuse the release.
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
            ECS has completed the deployment. Not given, 60 more than the gate needs at least, for V(command) and
            V(webhook) 60 more for each of O(gates[].consecutive_successes), and 1800 for V(approval). At most a week.
            It leaves time for the looks, every O(poll_interval_seconds).
          - It must not be below O(gates[].initial_delay_seconds) and O(gates[].bake_seconds) together, nor below the
            delay and O(gates[].consecutive_successes) times O(gates[].interval_seconds), or the timeout of a
            V(command) or V(webhook) with the looks at it.
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
          - What happens when the gate is C(INCONCLUSIVE) at its deadline, or C(ERROR) after it has measured something,
            since a look that fails just then says nothing of the release.
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
        description:
          - For V(http), regular expression that must be found in the answer's body (its first MiB). A search that takes
            more than half a second of processor time has found nothing. Needs the Python package C(regex).
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
        description:
          - For V(http), how long one answer may take, at most an hour, with its connection and its whole body (of which
            a mebibyte is read). One that takes longer, or breaks off, has failed.
        type: float
        default: 5
      version_header:
        description:
          - For V(http) and V(served_inference), response header that names the release that answered. Only answers of
            the judged release count, and answers without the header count against it.
          - An empty text counts every answer. Where only a share of the users reaches the release, most answers are the
            running version's, so that V(http) with the stage V(each_step) is then refused for a strategy that has it.
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
"""
