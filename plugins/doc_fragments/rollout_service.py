# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How a service stands in ECS and behind its load balancer."""

    DOCUMENTATION = r"""
options:
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
        V(alarms), V(metric) with its own dimensions or namespace, and V(command) judge it.
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
"""
