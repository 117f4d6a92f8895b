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
  tags:
    description: Exactly these tags on the service; also on new revisions and rules.
    type: dict
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
      - Before anything is changed, the security groups are read, and what cannot reach the listener of O(test_url), or
        that of users, is refused. Where O(url) has a name that somebody else may stand behind, such as a CDN, that is
        a warning.
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
      skip:
        description:
          - How to know that the database needs no migration, which is not run then. Not given, it runs with each
            release.
          - It runs all the same unless everything is known and the same. Every release since the last one that had a
            migration was accepted, their images and this one have the same label, and what runs answers in time with
            the mark of the same migration, command, role and environment.
            A mark tells nothing of these to whoever cannot read the release table.
        type: dict
        suboptions:
          label:
            description: The image's label whose value changes with everything that its migration does.
            type: str
            required: true
          variable:
            description:
              - Environment variable of the migration with the mark (64 hexadecimal digits) that it keeps in the
                database, in place of any of before, once it was whole. An interrupted one leaves none.
            type: str
            required: true
          url:
            description:
              - Where what runs tells which mark it finds in its database at that moment. It is asked with the parameter
                C(asked), and answers 200 with a JSON object of C(asked), repeated, C(migration), the mark, and
                C(schema), the name of the schema.
            type: str
            required: true
          headers:
            description: Headers of that request, as those of the gate C(http).
            type: dict
          version_header:
            description: Header by which an answer names its version.
            type: str
            default: x-fastbreak-version
  wait_until:
    description:
      - When the run ends, with a strategy that moves traffic. A later run of the same command, or with
        O(judge_only=true), goes on with the release. Where the earlier run ended, that one does not; it answers there
        once every gate is C(HEALTHY), and ends at the next such place, or with the release.
      - V(done) is its end. V(paused) is as soon as ECS waits for a verdict. V(before_traffic) and V(each_step) are when
        every gate of that stage is C(HEALTHY); ECS waits there, and rolls back if nobody goes on in time.
        V(after_traffic) is when every gate is C(HEALTHY) with all users on the release and ECS bakes.
      - The release's record stays C(IN_PROGRESS) then.
    type: str
    choices: [done, paused, before_traffic, each_step, after_traffic]
    default: done
  notifications:
    description:
      - Who is told when a release does not come to begin (V(not_begun)), begins (V(begun)), is refused by a gate
        (V(refused)), when it ends (V(accepted), V(rolled_back), V(stopped), V(superseded), V(failed),
        V(rollback_failed)) and when a run leaves it to another one (V(handed_over), V(held), V(timed_out),
        V(interrupted), V(left_open)). Nobody, without this option.
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
      - Whether to go on only with a release that is under way. If there is none, nothing is deployed and the run fails.
      - One that ECS rolled back meanwhile is closed. What was changed beside its tasks is put back, the other services
        of the release are undone, and the run fails as one that had watched.
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
  - fastbreak.aws.rollout_service
  - fastbreak.aws.rollout_parts
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
      ran already but had not been judged, V(withdraw) for a release under way that goes or went back, V(settings) for
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
from ansible_collections.fastbreak.aws.plugins.module_utils._common.workers import AsideThreads, Threads
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.client import EcrClient
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.approval_table import ApprovalsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion_table import PromotionsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._release.run_name import run_name
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
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.scaling_alarms import ScalingAlarmsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.surroundings import AwsSurroundings
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.table import gate_spec, given_gate_problems
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.joint_report import joined, joint_data
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.order import Order
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
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.together import roll_out_together

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
        "skip": {
            "type": "dict",
            "options": {
                "label": {"type": "str", "required": True},
                "variable": {"type": "str", "required": True},
                "url": {"type": "str", "required": True},
                "headers": {"type": "dict"},
                "version_header": {"type": "str", "default": "x-fastbreak-version"},
            },
        },
    }


def build_ports(params, context):
    """The only place where clients are made."""
    values = HeaderValues(SecretValues(lambda: context.connect("secretsmanager")).value, clock=context.clock)
    table, told = params["release_table"], params["notifications"] or {"topic_arn": "", "event_bus": ""}
    return Ports(
        ecs=EcsClient(context.client("ecs")),
        balancing=Elbv2Client(context.client("elbv2")),
        scaling=ScalingClient(
            context.client("application-autoscaling"), ScalingAlarmsClient(context.client("cloudwatch"))
        ),
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
        aside=AsideThreads(),
    )


def perform(params, context):
    """Do it and return the module's result."""

    def work():
        with told_results():
            return _perform(params, context)

    return keep_result(params["result_file"] or "", work)


def _perform(params, context):
    ports = build_ports(params, context)
    owner = run_name(os.environ.get("USER", ""), socket.gethostname(), os.getpid(), secrets.token_hex(4))
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
