#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_service_task
short_description: Run a command once as a task of an ECS service
version_added: 0.1.0
description:
  - Runs a command in a separate task, with the revision, network and capacity of a running service, and waits until it
    ends. The service is not touched.
  - Two tasks of the same O(name) never run at the same time. An earlier task that still runs is waited for, and stopped
    if it takes longer than O(timeout_seconds).
options:
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  service:
    description: Name of the service.
    type: str
    required: true
  name:
    description: What the command is called in messages, such as V(rotation).
    type: str
    required: true
  container:
    description: Container that the command runs in.
    type: str
    required: true
  command:
    description: The command. It is visible in the task's record in ECS, so it must not contain secrets.
    type: list
    elements: str
    required: true
  environment:
    description:
      - Environment variables, added to those of the container. On a conflict these win.
      - They are visible in the task's record in ECS, so they must not contain secrets.
    type: dict
    default: {}
  task_role_arn:
    description: Task role, instead of the revision's.
    type: str
  timeout_seconds:
    description: How long it may take.
    type: float
    default: 600
  poll_interval_seconds:
    description: How long to wait between two looks, at most 2 seconds.
    type: float
    default: 5
attributes:
  check_mode:
    support: full
    details: Checks everything that can be known beforehand, and runs nothing.
  diff_mode:
    support: none
    details: What the command will change is not known.
  idempotent:
    support: none
    details: Each run runs the command.
  action:
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - fastbreak.aws.attributes
seealso:
  - module: fastbreak.aws.ecs_rollout
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Give the service another database user and password
  fastbreak.aws.ecs_service_task:
    cluster: fastbreak-dev
    service: inference
    name: rotation
    container: inference
    command: [fastbreak-service, rotate]
    task_role_arn: arn:aws:iam::111111111111:role/fastbreak-dev-migration
"""

RETURN = r"""
task_arn:
  description: The task. Empty in check mode.
  type: str
  returned: when the task ran
task_definition_arn:
  description: The revision that it ran with, which is the service's.
  type: str
  returned: success
exit_code:
  description: Exit code of its container. None in check mode, and if the container did not run.
  type: int
  returned: when the task ran
output:
  description: The last lines that its container logged, at most 20.
  type: list
  elements: str
  returned: when the task ran
"""

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.ecs import EcsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.logs import LogsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.surroundings import AwsSurroundings
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.service_task import build_service_task
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service_task import (
    ServiceTaskPorts,
    run_service_task,
)


def build_argument_spec():
    """The options, without those of every AWS module."""
    return {
        "cluster": {"type": "str", "required": True},
        "service": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "container": {"type": "str", "required": True},
        "command": {"type": "list", "elements": "str", "required": True},
        "environment": {"type": "dict", "default": {}},
        "task_role_arn": {"type": "str"},
        "timeout_seconds": {"type": "float", "default": 600},
        "poll_interval_seconds": {"type": "float", "default": 5},
    }


def build_ports(context):
    """The only place where clients are made."""
    return ServiceTaskPorts(
        ecs=EcsClient(context.client("ecs")),
        logs=LogsClient(context.client("logs")),
        surroundings=AwsSurroundings(context.connect, ""),
        clock=context.clock,
        progress=context.progress,
    )


def perform(params, context):
    """Do it and return the module's result."""
    request = build_service_task(params)
    return run_service_task(request, build_ports(context), check_mode=context.check_mode)


ENTRY = Entry(
    build_argument_spec(),
    perform,
    # An empty role would be the service's own, an empty time none.
    protecting=("command", "task_role_arn", "timeout_seconds", "poll_interval_seconds"),
    numerals=("command",),
)


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
