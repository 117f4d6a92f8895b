#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_rollout
short_description: Deploy a release of an ECS service, judge it by gates, and roll it back when it fails
version_added: 0.1.0
description:
  - Deploys one release of one ECS service. The release receives traffic only while healthy. ECS replaces the tasks, and
    this module judges them.
  - Everything that is known to make the release fail is checked before anything is changed, and all problems are
    reported at once.
  - The whole task definition and all service settings are compared, so only real changes are reported, and a second run
    changes nothing.
  - The deployment is followed by its own ARN. If another deployment replaced it, it is reported as superseded, never as
    rolled back.
  - While ECS replaces tasks, and for some time after, gates measure the new release. A release that fails a gate is
    rolled back to the previous release, and the rollback is watched until it has ended. The task then fails with a
    message that says which gate failed, what was seen, what was expected, and what runs now.
  - A failed release is undone completely, from a snapshot taken before it changed anything. The snapshot holds the
    settings and tags of the service, its listener rules, its target group, and its scalable target with the policies.
    What cannot be restored is named. The previous release counts as restored only when the paths of the C(http) gates
    answer for it.
  - Traffic moves only to what answers. A new target group is health-checked through a forward of weight 0, and tasks
    stay registered with the old group until the listener rules have moved. ECS therefore replaces the tasks twice.
  - A first release that fails has nothing to go back to. Its service, listener rules and revision are deleted.
  - Listener rules and revisions carry the tags C(fastbreak:service) and C(fastbreak:cluster). Nothing that carries
    another service's tags is changed or deleted.
  - Every release is written to the release table. A run that was killed leaves its record open, with its snapshot. The
    next run looks at the state of that release, and resumes it, or closes the record once another release has passed
    its gates or everything was restored.
  - A lock in the same table allows one run at a time for each service. It is renewed in the background, and before each
    call that changes something. A run that loses it stops, changes nothing more, and says who took it over.
  - The desired count is sent only when the service is created. Afterwards Application Auto Scaling manages it.
  - The action plugin of the same name does the work in the controller and shows the progress while it works.
options:
  state:
    description:
      - V(present) deploys O(version), or O(revision).
      - V(rolled_back) goes back to a recorded release and reuses its task definition. Without O(version) that is the
        newest succeeded release before the running one with another digest. A release that is under way, and would be
        rolled back to that, is given up at once, and nothing is deployed anew. What the revision passed here before is
        asked only briefly, or not again, and ECS keeps no share of the users for longer than its work takes. After a
        rollback the service stays where it is unless a version is named, so a second run does not return to the release
        that was left. The same holds after a release that was rolled back automatically.
      - V(absent) removes the scalable target, the service, and the listener rules and revisions that carry its tags.
        The record stays.
    type: str
    choices: [present, rolled_back, absent]
    default: present
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  service:
    description: Name of the service.
    type: str
    required: true
  release_table:
    description: Name of the DynamoDB table that keeps the release record and the lock.
    type: str
    required: true
  version:
    description:
      - What to deploy. A semantic version, a whole image tag C(<semver>-<commit>), or a digest.
      - If a semantic version matches more than one image, the newest is taken. Required for O(state=present), unless
        O(revision) is given.
      - For O(state=rolled_back), a release that was accepted here before. When that version runs already, its previous
        release with another task definition is meant. To name one exact release, give its C(definition), its task
        definition as C(family:revision), or its C(release_id).
    type: str
  revision:
    description:
      - A revision that is already registered, as C(family:revision) or ARN. It is deployed as it is, instead of
        O(version) and O(task_definition), with the same checks, gates and record. A deregistered revision is registered
        again.
      - Its image must be in O(repository). An image named by a tag is pinned to its digest, which registers another
        revision.
    type: str
  repository:
    description: Name of the ECR repository. Required unless O(state=absent) or O(revision) is given.
    type: str
  registry_account:
    description: Account of the registry, when it is not the caller's own.
    type: str
  task_definition:
    description:
      - The task definition, in the shape of the C(RegisterTaskDefinition) API. It is checked against the API's own
        model before anything is changed.
      - A container without C(image) runs the release's image, by its digest. Required for O(state=present), unless
        O(revision) is given.
      - Its tags come from O(tags).
    type: dict
  desired_count:
    description: Number of tasks at creation. Not given, the minimum of O(scaling), or 1.
    type: int
  launch_type:
    description: Where tasks run, unless O(capacity_provider_strategy) is given.
    type: str
    choices: [FARGATE, EC2]
    default: FARGATE
  capacity_provider_strategy:
    description: Shares of capacity providers.
    type: list
    elements: dict
    suboptions:
      capacity_provider:
        description: Name of the capacity provider.
        type: str
        required: true
      weight:
        description: Share of the tasks above the base.
        type: int
        default: 1
      base:
        description: Minimum number of tasks that run on it.
        type: int
        default: 0
  platform_version:
    description: Fargate platform version.
    type: str
    default: LATEST
  network:
    description: Where tasks get their network interfaces. Required unless O(state=absent).
    type: dict
    suboptions:
      subnets:
        description: Ids of the subnets.
        type: list
        elements: str
        required: true
      security_groups:
        description: Ids of the security groups.
        type: list
        elements: str
        required: true
      assign_public_ip:
        description: Whether tasks get a public address.
        type: bool
        default: false
  load_balanced:
    description:
      - Whether a load balancer sends requests to the service. V(false) is for a service that takes none, such as a
        queue worker.
      - Such a service is deployed by V(ROLLING). Gates that need requests are refused by name; V(task_stability),
        V(alarms), V(metric) with its own dimensions, and V(command) judge it.
    type: bool
    default: true
  load_balancer:
    description:
      - The target group that tasks are registered with. Required unless O(state=absent) or O(load_balanced=false).
    type: dict
    suboptions:
      target_group_arn:
        description: ARN of a target group of type ip.
        type: str
        required: true
      container_name:
        description: Container that receives the traffic.
        type: str
        required: true
      container_port:
        description: Port that it listens on.
        type: int
        required: true
      alternate_target_group_arn:
        description:
          - ARN of a second target group of type ip, for a service whose traffic ECS moves between the two. Required by
            every strategy but V(ROLLING).
          - Which of the two serves users follows from the service and its listener rules, also after a change of the
            strategy.
        type: str
      infrastructure_role_arn:
        description:
          - ARN of the role by which ECS writes listener rules and registers targets. Required by every strategy but
            V(ROLLING).
        type: str
  listener_rules:
    description:
      - All rules of the service. They forward to the target group once its tasks are healthy.
      - A rule that carries the service's tags and is not listed here is deleted.
      - Requests that reach the service by its current rules must reach it by these too, unless O(stop_serving) names
        them. Otherwise the release is refused before anything is changed.
      - Values must be text, and conditions must not be empty. What AWS does not accept is refused beforehand.
    type: list
    elements: dict
    suboptions:
      listener_arn:
        description: ARN of the listener.
        type: str
        required: true
      priority:
        description:
          - Priority of the rule. A priority that a rule of another service has is refused.
          - The priority of a rule without any service's tags is refused too, unless that rule forwards to the target
            group already; then it is taken over and tagged.
        type: int
        required: true
      traffic:
        description:
          - Whose requests it takes, with a strategy that moves traffic. Such a strategy needs exactly one rule for
            V(production), and takes at most one for V(test), by which a release is reached before users reach it. ECS
            owns the weights of both rules.
          - With V(ROLLING), both forward to the target group.
        type: str
        choices: [production, test]
        default: production
      path_patterns:
        description: Paths that it matches, case-sensitive. Left out, every path.
        type: list
        elements: str
        default: ["/*"]
      host_headers:
        description: Hosts that it matches, without ports. Left out, every host.
        type: list
        elements: str
      http_headers:
        description:
          - Headers that a request must have, all of them. Their values are shown as fingerprints unless
            O(show_values=true); the release record keeps them, because an undo needs them.
          - A rule may have five values and five wildcards in all its conditions together.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the header; for C(Host) there is O(listener_rules[].host_headers).
            type: str
            required: true
          values:
            description: Values, one of which it has. C(*) and C(?) are wildcards, and case does not matter.
            type: list
            elements: str
            required: true
      query_strings:
        description: Query string parameters that a request must have, all of them; shown like headers.
        type: list
        elements: dict
        suboptions:
          key:
            description: Key of the parameter; any when empty.
            type: str
            default: ""
          values:
            description: Values, one of which it has. C(*) and C(?) are wildcards, and case does not matter.
            type: list
            elements: str
            required: true
      source_ips:
        description:
          - CIDR blocks. A request must come from one of them.
          - Whether the requests of the C(http) gates do is not known beforehand. If they do not, the gate ends as
            C(ERROR).
        type: list
        elements: str
      request_methods:
        description: Methods. A request must have one of them.
        type: list
        elements: str
  stop_serving:
    description:
      - Requests that may no longer reach the service, when a rule of O(listener_rules) is narrowed or removed on
        purpose.
      - Each entry is a kind and a name, as C(host old.example.com), C(path /old/*), C(method POST), C(header X-Team),
        C(query beta) or C(source 10.0.0.0/8). C(*) as the name stands for any value of that kind. The message that
        refuses a release says what to write.
      - A request that two conditions exclude may be lost only if both are named.
    type: list
    elements: str
  take_requests_from:
    description:
      - Services whose requests a rule of O(listener_rules) may take, since it is listed before their own rules and has
        the same or wider conditions. Without it, such a rule is refused.
      - Each entry is the name of a service as the rule's tags have it, or of the target group that the rule forwards
        to. The message that refuses a release says what to write.
      - A rule that takes a part of what a wider rule of another service takes (C(/api/*) before C(/*)) only leads to
        a warning.
    type: list
    elements: str
  health_check_grace_period_seconds:
    description: How long ECS ignores failed health checks of a task that has started.
    type: int
    default: 60
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
  enable_execute_command:
    description: Whether commands can be run in the containers.
    type: bool
    default: false
  propagate_tags:
    description: Where the tags of tasks come from.
    type: str
    choices: [NONE, SERVICE, TASK_DEFINITION]
    default: SERVICE
  enable_ecs_managed_tags:
    description: Whether ECS tags tasks with the cluster's and service's names.
    type: bool
    default: true
  tags:
    description: Exactly these tags on the service; also on new revisions and rules.
    type: dict
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
  url:
    description:
      - Address that the C(http) gates send their requests to.
      - A host that users know is sent as it is. If it is the load balancer's own (a name below C(elb.amazonaws.com), an
        IP address, C(localhost)), requests get a host that a rule of O(listener_rules) matches.
    type: str
  test_url:
    description:
      - Address at which the C(http) gates reach a release before users do, by the rule of O(listener_rules) with
        C(traffic=test). Their paths are added to it.
      - Not given, C(http) gates do not judge before users come.
    type: str
  probe_from:
    description:
      - From where the C(http) gates send their requests. V(controller) is the machine that runs this task.
      - With V(task), a task of the released revision runs O(probe_command) in the network of the service's tasks, and
        its answers are read from its log. This is for listeners that only the network reaches. It takes the start of a
        task for every 120 answers, and every header that a gate sends can be read in the description of that task,
        except for what secrets hold (O(probe_task_role_arn)).
      - With V(task_before_traffic), such a task asks at O(test_url), before users come. Where users ask, the machine
        that runs this asks too.
      - Before anything is changed, the security groups are read, and what cannot reach a listener is refused.
      - Whether users get the answers that they got before is asked from the controller in any case, as far as it can.
    type: str
    choices: [controller, task, task_before_traffic]
    default: controller
  probe_command:
    description:
      - Where O(probe_from) has a task ask, the command of the image that sends requests. It takes the options of
        C(fastbreak-service probe), and prints a line of JSON for each answer.
    type: list
    elements: str
    default: [fastbreak-service, probe]
  probe_task_role_arn:
    description:
      - Where O(probe_from) has a task ask, the IAM role that this task has, instead of the task definition's own.
      - Required where a header of such a request lies in a secret (O(gates[].headers)), which the task reads itself.
        The role needs C(secretsmanager:GetSecretValue) on that secret and nothing else. Its policies are asked before
        anything is changed.
      - The command is told the secret's name (C(--header-secret NAME=SECRET)). An image whose command does not know
        that option sends nothing, and the gate says so.
    type: str
  ca_bundle:
    description:
      - PEM file of certificate authorities that C(http) gates trust in addition to the machine's own.
      - Needed for a certificate from a private authority. Certificates are always verified.
    type: path
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
  migration:
    description:
      - A command of the new revision that runs as a task before the service is touched. If it fails, the release is
        refused. A rollback runs no migration.
    type: dict
    suboptions:
      container:
        description: Container that it runs in.
        type: str
        required: true
      command:
        description: The command.
        type: list
        elements: str
        required: true
      timeout_seconds:
        description: How long it may take.
        type: float
        default: 600
      cpu:
        description: CPU units of its task. Not given, those of the revision.
        type: int
      memory_mib:
        description: Memory of its task, in MiB. Not given, that of the revision.
        type: int
      environment:
        description:
          - Environment variables, added to those of the container. On a conflict these win.
          - ECS takes no secrets for a single task. Name these in O(task_definition).
        type: dict
      task_role_arn:
        description:
          - Role of its task, such as a role that may read the secret of the schema's owner. Not given, that of the
            revision.
        type: str
  wait_until:
    description:
      - When the run ends, with a strategy that moves traffic. A later run of the same command, or with
        O(judge_only=true), goes on with the release.
      - V(done) is its end. V(paused) is as soon as ECS waits for a verdict. V(before_traffic) and V(each_step) are when
        every gate of that stage is C(HEALTHY); ECS waits there, and rolls back if nobody goes on in time.
        V(after_traffic) is when every gate is C(HEALTHY) with all users on the release and ECS bakes.
      - The release's record stays C(IN_PROGRESS) then.
    type: str
    choices: [done, paused, before_traffic, each_step, after_traffic]
    default: done
  notifications:
    description:
      - Who is told when a release is refused beforehand (V(not_begun)), begins (V(begun)), is refused by a gate
        (V(refused)) and when it ends (V(accepted), V(rolled_back), V(stopped), V(superseded), V(failed),
        V(rollback_failed)). Nobody, without this option.
      - The release waits for none of it. What cannot be told is a warning, and a topic that does not exist is one
        beforehand.
      - A notice names service, cluster, version, digest, strategy and the gate that decided, with what it saw. It holds
        no value of the task definition, and nobody's name.
    type: dict
    suboptions:
      topic_arn:
        description: ARN of an SNS topic. Messages have the attribute C(state), for filters of subscriptions.
        type: str
      event_bus:
        description:
          - Name or ARN of the EventBridge bus that gets events with the source C(fastbreak.ecs_rollout) and the detail
            type C(Fastbreak Release State Change); empty for none.
        type: str
        default: default
  result_file:
    description:
      - A file to which RV(result), RV(ignore:message) and what else this module returns are written as JSON, but for
        C(diff) and RV(changes), however the run ends. A run that goes on, or was killed, has C(in_progress) there.
      - It is for jobs, which see no more of a run than that C(ansible-playbook) ended with 0, 2 (failed) or 99
        (interrupted). A run that is refused because of its options, or for the account, writes none.
    type: path
  schema_version:
    description:
      - The number of the database schema that the release makes and needs, such as that of its newest migration. It is
        recorded.
      - A release, and most of all a rollback, is refused when the database may have a newer schema with which it does
        not work. What an earlier release tried to make counts, however that release ended.
    type: int
  oldest_schema_version:
    description:
      - The oldest O(schema_version) of releases that still work with the schema of this one. Not given, only releases
        that need O(schema_version) or newer do.
    type: int
  judge_only:
    description:
      - Whether to go on only with a release that is under way. If there is none, nothing is deployed, and the run fails
        and says how it ended.
    type: bool
    default: false
  keep_revisions:
    description:
      - How many of the service's newest revisions stay registered after a release was accepted. Not given, all.
      - A revision is never deregistered if it does not carry the service's tags, if a task of the cluster runs it, or
        if the release record names it as the last good one. A rollback to a deregistered revision registers it again.
      - A release deregisters at most 20, of the newest 200 of the family, and leaves the rest to the next release.
    type: int
  force_new_deployment:
    description:
      - Whether tasks are replaced and judged although nothing differs, for example to read secrets again. With it every
        run is a release, so no run ends unchanged. A running release that was never judged, such as that of an
        interrupted run, is judged instead, without replacing tasks.
    type: bool
    default: false
  supersede:
    description: Whether a deployment in progress that somebody else started may be replaced.
    type: bool
    default: false
  require_promoted:
    description:
      - Whether to accept only a digest whose promotion by M(fastbreak.aws.image_promotion) is recorded in
        O(release_table).
      - Holds for a rollback too, and is checked before anything is changed.
    type: bool
    default: false
  identity:
    description:
      - What callers of the service have to show. With V(oidc), a revision whose container of O(load_balancer) has
        C(FASTBREAK_IDENTITY=open), or no C(FASTBREAK_OIDC_ISSUER), is refused before anything is changed, since it
        would answer everybody.
      - Holds for a rollback too, which brings the environment of its revision.
    type: str
    choices: [oidc, open]
    default: open
    version_added: 0.1.0
  show_values:
    description:
      - Whether values of the task definition and commands are shown as they are, in differences and messages.
      - Otherwise only names, sizes, ports, kinds and references are shown. Any other value, such as one of
        C(environment), C(command), C(dockerLabels) or the options of a log driver, is a fingerprint like
        C((hidden, 3f9c1a2b4d5e)). Within a run equal values have equal fingerprints; each run has different ones, so
        values cannot be guessed from a log. The values are also hidden in messages of AWS and log lines.
      - The release record never holds a value.
    type: bool
    default: false
  timeout_seconds:
    description: How long ECS may take to complete the deployment, and to complete a rollback.
    type: float
    default: 1800
  poll_interval_seconds:
    description:
      - Pause between polls of the deployment, its tasks and its targets.
      - While ECS is at work by itself, the deployment alone is asked for four times as often, which is one call.
    type: float
    default: 5
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - fastbreak.aws.attributes
attributes:
  check_mode:
    support: full
    details: Makes the pre-flight checks too, so check mode refuses what a run would refuse.
  diff_mode:
    support: full
    details: Values are shown as fingerprints, unless O(show_values=true).
  idempotent:
    support: full
  action:
    support: full
seealso:
  - module: fastbreak.aws.ecs_rollout_approval
  - module: fastbreak.aws.ecs_rollout_info
  - module: fastbreak.aws.image_promotion
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Release version 1.4.2
  fastbreak.aws.ecs_rollout:
    cluster: fastbreak-dev
    service: inference
    release_table: fastbreak-dev-releases
    repository: fastbreak/inference
    version: 1.4.2
    task_definition:
      family: fastbreak-dev-inference
      networkMode: awsvpc
      requiresCompatibilities: [FARGATE]
      cpu: 1024
      memory: 2048
      executionRoleArn: arn:aws:iam::111111111111:role/execution
      containerDefinitions:
        - name: service
          portMappings: [{containerPort: 8080}]
    network:
      subnets: [subnet-0a1b2c3d, subnet-1a2b3c4d]
      security_groups: [sg-0a1b2c3d]
    load_balancer:
      target_group_arn: "{{ target_group_arn }}"
      container_name: service
      container_port: 8080
    listener_rules:
      - listener_arn: "{{ listener_arn }}"
        priority: 100
    url: https://inference.example.com
    gates:
      - kind: target_health
      - kind: http
        path: /readyz
      - kind: http
        path: /v1/analyses?limit=1

- name: Deploy a revision that somebody registered
  fastbreak.aws.ecs_rollout:
    cluster: fastbreak-dev
    service: inference
    release_table: fastbreak-dev-releases
    revision: fastbreak-dev-inference:42
    network: "{{ network }}"
    load_balancer: "{{ load_balancer }}"
    gates:
      - kind: target_health

- name: Go back to the previous release
  fastbreak.aws.ecs_rollout:
    state: rolled_back
    cluster: fastbreak-dev
    service: inference
    release_table: fastbreak-dev-releases
    repository: fastbreak/inference
    network: "{{ network }}"
    load_balancer: "{{ load_balancer }}"
    gates:
      - kind: target_health
"""

RETURN = r"""
result:
  description:
    - How the run ended, in one word. These end it well.
    - V(accepted), every gate is C(HEALTHY) and the release, or the change of settings, is in place; V(unchanged),
      there was nothing to do, and what runs is healthy; V(planned), check mode found something to do; V(handed_over),
      the release waits in ECS for another run, by O(wait_until); V(withdrawn), a rollback took back what was under way;
      V(removed), by O(state=absent).
    - These fail it, and nothing of this run is left in the service. V(refused), before anything was changed;
      V(failed), the migration failed, AWS refused the change, what runs already is not healthy, or AWS could not be
      asked; V(rolled_back), what ran before runs again and answers; V(stopped), a first release was removed, since
      there was nothing to go back to.
    - These fail it, and the service is somewhere else. V(superseded), another change or run took over, and nothing was
      rolled back; V(held), a gate found no verdict and the release waits for a person (C(on_inconclusive) is
      C(pause)); V(timed_out), the release could not be judged in time, and stays; V(interrupted), by a signal;
      V(left_open), it continues or is in place, and could not be judged or recorded to the end. After these four the
      same command again goes on with it. V(rollback_failed), going back failed too, did not end in time, or something
      could not be restored, so somebody has to look.
  type: str
  returned: always, unless the options were refused
  sample: rolled_back
action:
  description:
    - What was done, or in check mode would be done. V(create) or V(deploy) for a release, V(adopt) for a release that
      ran already but had not been judged, V(withdraw) for a rollback of a release that was under way, V(settings) for
      changes that replace no task, V(remove) for O(state=absent), V(unchanged).
  type: str
  returned: always, unless refused
version:
  description: The release's version, which is its image tag, or its digest when no release tag points to it.
  type: str
  returned: always, unless refused or O(state=absent)
image:
  description: The image with its digest.
  type: str
  returned: always, unless refused or O(state=absent)
definition:
  description: Fingerprint of the task definition, without its revision, its tags and the released image. Image and
    definition together identify the release.
  type: str
  returned: always, unless refused or O(state=absent)
task_definition_arn:
  description: ARN of the revision; empty in check mode when it would be registered.
  type: str
  returned: always, unless refused or O(state=absent)
changes:
  description: What differs, by C(task_definition), C(service), C(listener_rules) and C(scaling), and which revisions
    are C(deregistered) once the release is accepted.
  type: dict
  returned: always, unless refused or O(state=absent)
release:
  description: The release's record, as in the release table.
  type: dict
  returned: always, unless refused or O(state=absent)
gates:
  description: What each gate measured.
  type: list
  elements: dict
  returned: always, unless refused or O(state=absent)
  contains:
    gate:
      description: Name of the gate.
      type: str
    verdict:
      description: One of V(HEALTHY), V(UNHEALTHY), V(INCONCLUSIVE) and V(ERROR).
      type: str
    seen:
      description: What was seen.
      type: str
    expected:
      description: What was expected.
      type: str
    samples:
      description: Number of answers or polls that count.
      type: int
    failures:
      description: Number of those that failed.
      type: int
    stage:
      description: Where the release stood, V(before_traffic), V(each_step) or V(after_traffic); empty before it came to
        any.
      type: str
    started_at:
      description: Beginning of the measuring, ISO 8601 in UTC.
      type: str
    finished_at:
      description: End of the measuring, ISO 8601 in UTC.
      type: str
companions:
  description: For each service of O(companions), by its name, what this module returns for it.
  type: dict
  returned: when O(companions) is given and nothing was refused or failed
timings:
  description: Seconds. Zero for what did not happen.
  type: dict
  returned: always, unless refused or O(state=absent)
  contains:
    total_seconds:
      description: The whole run.
      type: float
    migration_seconds:
      description: The migration.
      type: float
    to_detect_seconds:
      description: From the deployment's start to the verdict that ended it.
      type: float
    to_roll_back_seconds:
      description: From that verdict until the previous release was restored and healthy.
      type: float
    to_succeed_seconds:
      description: From the deployment's start to the verdict that accepted it.
      type: float
evidence:
  description: For a failed release, how its C(targets) stood when it was judged, why its tasks stopped, and their last
    log lines.
  type: list
  elements: dict
  returned: always, unless refused or O(state=absent)
problems:
  description: All reasons why the release was refused.
  type: list
  elements: str
  returned: when refused before anything was changed
nearest_versions:
  description: Versions like the one that does not exist.
  type: list
  elements: str
  returned: when the version does not exist
"""

import os
import secrets
import socket

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._common.workers import Threads
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.client import EcrClient
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.approval_table import ApprovalsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion_table import PromotionsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._release.table import ReleasesClient
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.announcer import Announcer
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.ecs import EcsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.elbv2 import Elbv2Client
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.header_values import (
    HeaderValues,
    SecretValues,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.instruments import AwsInstruments
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.logs import LogsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.probe import HttpProbe
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.result_file import keep_result
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.scaling import ScalingClient
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.surroundings import AwsSurroundings
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.table import gate_spec, given_gate_problems
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.joint_report import joined, joint_data
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.remove import removal_data, remove
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.companions import build_requests
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.results import Result, ends, told_results
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.run import roll_out
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.options import scaling_spec
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.conditions import condition_spec
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.table import (
    deployment_spec,
    given_deployment_problems,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.together import Order, roll_out_together

#: Options of listener rules that are text: what was written of a number is not known any more.
RULE_TEXTS = (
    "listener_arn",
    "path_patterns",
    "host_headers",
    "name",
    "key",
    "values",
    "source_ips",
    "request_methods",
)

#: How many questions are asked of AWS at once before anything is changed. botocore keeps ten connections to a service.
MOST_AT_ONCE = 8

#: When a run may end.
PLACES = ("controller", "task", "task_before_traffic")
WAITS = ("done", "paused", "before_traffic", "each_step", "after_traffic")

#: Conditions across options, for AnsibleModule as for an action plugin.
CROSS_CHECKS = {
    "required_if": [
        ("state", "present", ("network", "gates")),
        *(("state", "present", (option, "revision"), True) for option in ("version", "repository", "task_definition")),
        ("state", "rolled_back", ("repository", "network", "gates")),
    ],
    "mutually_exclusive": [("revision", "version"), ("revision", "task_definition")],
}


def build_argument_spec():
    """The options, without those of every AWS module."""
    return {
        "state": {"type": "str", "choices": ["present", "rolled_back", "absent"], "default": "present"},
        "cluster": {"type": "str", "required": True},
        "service": {"type": "str", "required": True},
        "release_table": {"type": "str", "required": True},
        "version": {"type": "str"},
        "revision": {"type": "str"},
        "repository": {"type": "str"},
        "registry_account": {"type": "str"},
        "task_definition": {"type": "dict"},
        "tags": {"type": "dict"},
        "url": {"type": "str"},
        "test_url": {"type": "str"},
        "wait_until": {"type": "str", "choices": list(WAITS), "default": WAITS[0]},
        "judge_only": {"type": "bool", "default": False},
        "result_file": {"type": "path"},
        "notifications": {
            "type": "dict",
            "options": {"topic_arn": {"type": "str"}, "event_bus": {"type": "str", "default": "default"}},
        },
        "schema_version": {"type": "int"},
        "oldest_schema_version": {"type": "int"},
        "ca_bundle": {"type": "path"},
        "gates": {"type": "list", "elements": "dict", "options": gate_spec()},
        "migration": {"type": "dict", "options": _migration_spec()},
        "scaling": {"type": "dict", "options": scaling_spec()},
        "supersede": {"type": "bool", "default": False},
        "force_new_deployment": {"type": "bool", "default": False},
        "keep_revisions": {"type": "int"},
        "require_promoted": {"type": "bool", "default": False},
        "identity": {"type": "str", "choices": ["oidc", "open"], "default": "open"},
        "show_values": {"type": "bool", "default": False},
        "timeout_seconds": {"type": "float", "default": 1800},
        "poll_interval_seconds": {"type": "float", "default": 5},
        **_probe_spec(),
        **_service_spec(),
    }


def _probe_spec():
    return {
        "probe_from": {"type": "str", "choices": list(PLACES), "default": PLACES[0]},
        "probe_command": {"type": "list", "elements": "str", "default": ["fastbreak-service", "probe"]},
        "probe_task_role_arn": {"type": "str"},
    }


def _service_spec():
    return {
        "desired_count": {"type": "int"},
        "launch_type": {"type": "str", "choices": ["FARGATE", "EC2"], "default": "FARGATE"},
        "capacity_provider_strategy": {
            "type": "list",
            "elements": "dict",
            "options": {
                "capacity_provider": {"type": "str", "required": True},
                "weight": {"type": "int", "default": 1},
                "base": {"type": "int", "default": 0},
            },
        },
        "platform_version": {"type": "str", "default": "LATEST"},
        "network": {"type": "dict", "options": _network_spec()},
        "load_balanced": {"type": "bool", "default": True},
        "load_balancer": {"type": "dict", "options": _load_balancer_spec()},
        "companions": {"type": "list", "elements": "dict", "options": _companion_spec()},
        "listener_rules": {"type": "list", "elements": "dict", "options": _listener_rule_spec()},
        "stop_serving": {"type": "list", "elements": "str"},
        "take_requests_from": {"type": "list", "elements": "str"},
        "health_check_grace_period_seconds": {"type": "int", "default": 60},
        "deployment": {"type": "dict", "options": deployment_spec()},
        "enable_execute_command": {"type": "bool", "default": False},
        "propagate_tags": {"type": "str", "choices": ["NONE", "SERVICE", "TASK_DEFINITION"], "default": "SERVICE"},
        "enable_ecs_managed_tags": {"type": "bool", "default": True},
    }


def _network_spec():
    return {
        "subnets": {"type": "list", "elements": "str", "required": True},
        "security_groups": {"type": "list", "elements": "str", "required": True},
        "assign_public_ip": {"type": "bool", "default": False},
    }


def _load_balancer_spec():
    return {
        "target_group_arn": {"type": "str", "required": True},
        "container_name": {"type": "str", "required": True},
        "container_port": {"type": "int", "required": True},
        "alternate_target_group_arn": {"type": "str"},
        "infrastructure_role_arn": {"type": "str"},
    }


def _companion_spec():
    return {
        "service": {"type": "str", "required": True},
        "released": {"type": "str", "choices": ["before", "after"], "default": "before"},
        "task_definition": {"type": "dict"},
        "desired_count": {"type": "int"},
        "scaling": {"type": "dict", "options": scaling_spec()},
        "deployment": {"type": "dict", "options": deployment_spec()},
        "gates": {"type": "list", "elements": "dict", "required": True, "options": gate_spec()},
    }


def _listener_rule_spec():
    return {
        "listener_arn": {"type": "str", "required": True},
        "priority": {"type": "int", "required": True},
        "traffic": {"type": "str", "choices": ["production", "test"], "default": "production"},
        "path_patterns": {"type": "list", "elements": "str", "default": ["/*"]},
        "host_headers": {"type": "list", "elements": "str"},
        **condition_spec(),
    }


def _migration_spec():
    return {
        "container": {"type": "str", "required": True},
        "command": {"type": "list", "elements": "str", "required": True},
        "timeout_seconds": {"type": "float", "default": 600},
        "cpu": {"type": "int"},
        "memory_mib": {"type": "int"},
        "environment": {"type": "dict"},
        "task_role_arn": {"type": "str"},
    }


def build_ports(params, context):
    """The only place where clients are made."""
    values = HeaderValues(SecretValues(lambda: context.connect("secretsmanager")).value, clock=context.clock)
    table, told = params["release_table"], params["notifications"] or {"topic_arn": "", "event_bus": ""}
    return Ports(
        ecs=EcsClient(context.client("ecs")),
        balancing=Elbv2Client(context.client("elbv2")),
        scaling=ScalingClient(context.client("application-autoscaling")),
        releases=ReleasesClient(context.client("dynamodb"), table),
        images=EcrClient(context.client("ecr"), params["registry_account"] or ""),
        surroundings=AwsSurroundings(context.connect, params["registry_account"] or ""),
        logs=LogsClient(context.client("logs")),
        probe=HttpProbe(params["ca_bundle"] or "", clock=context.clock, values=values),
        clock=context.clock,
        progress=context.progress,
        promotions=PromotionsClient(context.client("dynamodb"), table),
        instruments=AwsInstruments(context.connect),
        approvals=ApprovalsClient(context.client("dynamodb"), table),
        announcements=Announcer(context.connect, topic_arn=told["topic_arn"] or "", bus=told["event_bus"] or ""),
        workers=Threads(MOST_AT_ONCE),
    )


def perform(params, context):
    """Do it and return the module's result."""

    def work():
        with told_results():
            return _perform(params, context)

    return keep_result(params["result_file"] or "", work)


def _perform(params, context):
    ports = build_ports(params, context)
    owner = f"{os.environ.get('USER', 'user')}@{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    requests = build_requests(params, owner=owner, key=secrets.token_bytes(32))
    orders = [Order(request, ports, leads=request.service == params["service"]) for request in requests]
    try:
        if params["state"] == "absent":
            return joint_removal_data(orders, check_mode=context.check_mode)
        if len(orders) == 1:
            results = {params["service"]: roll_out(orders[0].request, ports, check_mode=context.check_mode)}
        else:
            results = roll_out_together(orders, check_mode=context.check_mode)
    except KeyboardInterrupt as interruption:
        told = OperationError(f"Work on {params['service']} was interrupted. Run it again to go on.")
        raise ends(told, Result.INTERRUPTED) from interruption
    return joint_data(results, params["service"])


def joint_removal_data(orders, *, check_mode):
    """Remove every service, in the order against that of a release."""
    removed = [(order, remove(order.request, order.ports, check_mode=check_mode)) for order in reversed(orders)]
    data = {
        order.service: removal_data(removal, order.request.disclosure, check_mode=check_mode)
        for order, removal in removed
    }
    lead = next(order.service for order in orders if order.leads)
    return joined(data, lead)


def find_secrets(options):
    """The secrets among the task's options."""
    places = (options, *(options.get("companions") or []))
    gates = (gate for place in places for gate in place.get("gates") or [])
    return [gate["webhook_token"] for gate in gates if gate.get("webhook_token")]


def given_problems(given):
    """What is wrong with gates and deployment that only shows in the options as they were given."""
    companions = given.get("companions")
    others = [other for other in companions if isinstance(other, dict)] if isinstance(companions, list) else []
    return [problem for place in (given, *others) for find in _GIVEN_PROBLEMS for problem in find(place)]


_GIVEN_PROBLEMS = (given_gate_problems, given_deployment_problems)


ENTRY = Entry(
    build_argument_spec(),
    perform,
    CROSS_CHECKS,
    # Given, they must not be empty: each of them keeps a release out, or says how it is accepted and who reaches it.
    protecting=(
        "cluster",
        "service",
        "release_table",
        "tags",
        "network",
        "load_balanced",
        "load_balancer",
        "companions",
        "listener_rules",
        "stop_serving",
        "take_requests_from",
        "gates",
        "deployment",
        "require_promoted",
        "identity",
        "supersede",
        "migration",
        "show_values",
        "timeout_seconds",
        "poll_interval_seconds",
        "probe_from",
        "probe_command",
        "health_check_grace_period_seconds",
    ),
    empty_texts=(
        "notifications.event_bus",
        "gates.version_header",
        "companions.gates.version_header",
        "listener_rules.query_strings.key",
    ),
    texts=("version", "revision", "platform_version", *RULE_TEXTS, "stop_serving", "take_requests_from"),
    numerals=("command", "registry_account"),
    given_problems=given_problems,
    secrets=find_secrets,
)


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
