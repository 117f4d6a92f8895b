#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudformation_stack_info
short_description: Read status, outputs, parameters and tags of CloudFormation stacks
version_added: 0.1.0
description:
  - Reads each named stack. A stack that does not exist is left out of the result.
  - The action plugin of the same name does the work in the controller.
options:
  names:
    description: Names of the stacks.
    type: list
    elements: str
    required: true
  detect_drift:
    description: Whether CloudFormation compares each stack with its real resources, which takes a while.
    type: bool
    default: false
  find_additions:
    description:
      - Whether to look for what somebody added to the stack's resources that weakens their protection, which
        CloudFormation does not compare.
      - These are policies of roles, users and groups, a user's groups, resource policies of secrets, repositories and
        tables, replication of buckets, subscription filters of log groups, targets of event rules,
        routes, network ACL rules and listeners.
    type: bool
    default: false
  timeout_seconds:
    description: How long drift detection may take.
    type: int
    default: 900
extends_documentation_fragment:
  - fastbreak.aws.attributes
  - fastbreak.aws.attributes.info_module
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
seealso:
  - module: fastbreak.aws.cloudformation_stack
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Read two stacks
  fastbreak.aws.cloudformation_stack_info:
    names: [fastbreak-dev-network, fastbreak-dev-ecs]
  register: found

- name: Show where the service is
  ansible.builtin.debug:
    msg: "{{ found.stacks['fastbreak-dev-ecs'].outputs.ProductionUrl }}"
"""

RETURN = r"""
stacks:
  description: The stacks that exist, by name.
  type: dict
  returned: success
  contains:
    status:
      description: Status of the stack.
      type: str
    outputs:
      description: Its outputs.
      type: dict
    parameters:
      description: Its parameters.
      type: dict
    tags:
      description: Its tags.
      type: dict
    drift:
      description: What was changed outside CloudFormation.
      type: dict
      returned: when O(detect_drift=true)
      contains:
        status:
          description: V(IN_SYNC) or V(DRIFTED).
          type: str
        resources:
          description:
            - The resources that differ, each with C(logical_id), C(resource_type), C(status), C(differences)
              and, in a sentence, C(words). Database storage that RDS scaled automatically does not count as drift.
          type: list
          elements: dict
    additions:
      description: What was added to its resources.
      type: list
      elements: dict
      returned: when O(find_additions=true)
      contains:
        logical_id:
          description: The resource.
          type: str
        resource_type:
          description: Its type.
          type: str
        words:
          description: What it has and how to take it away, in sentences.
          type: str
        command:
          description: The command of the AWS CLI that takes it away.
          type: str
  sample:
    fastbreak-dev-ecr:
      status: CREATE_COMPLETE
      outputs: {RepositoryName: fastbreak/inference}
      parameters: {Environment: dev}
      tags: {Environment: dev}
"""

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.cloudformation import CloudFormation
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.held_resources import HeldResources
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.additions import find_additions
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.drift import describe, detect_drift


def build_argument_spec():
    """The options, without those of every AWS module."""
    return {
        "names": {"type": "list", "elements": "str", "required": True},
        "detect_drift": {"type": "bool", "default": False},
        "find_additions": {"type": "bool", "default": False},
        "timeout_seconds": {"type": "int", "default": 900},
    }


def perform(params, context):
    """The stacks that exist, by name, with their drift and what was added where that is asked for."""
    names = params["names"]
    stacks = CloudFormation(context.client("cloudformation"))
    found = {name: stacks.describe_stack(name) for name in names}
    present = {name: snapshot for name, snapshot in found.items() if snapshot is not None}
    wanted = list(present) if params["detect_drift"] else []
    drifts = detect_drift(wanted, stacks, context.clock, params["timeout_seconds"])
    holdings = HeldResources(context.client)
    looked_at = present if params["find_additions"] else {}
    additions = {name: find_additions(snapshot, stacks, holdings) for name, snapshot in looked_at.items()}
    return {"changed": False, "stacks": _stacks_data(present, drifts, additions)}


def _stacks_data(found, drifts, additions):
    return {
        name: {
            "status": snapshot.status,
            "outputs": dict(snapshot.outputs),
            "parameters": dict(snapshot.parameters),
            "tags": dict(snapshot.tags),
            **({"drift": _drift_data(drifts[name])} if name in drifts else {}),
            **({"additions": [vars(item) for item in additions[name]]} if name in additions else {}),
        }
        for name, snapshot in found.items()
    }


def _drift_data(drift):
    return {
        "status": drift.status,
        "resources": [
            {
                "logical_id": resource.logical_id,
                "resource_type": resource.resource_type,
                "status": resource.status,
                "words": describe(resource),
                "differences": [
                    {"path": path, "expected": expected, "actual": actual}
                    for path, expected, actual in resource.differences
                ],
            }
            for resource in drift.resources
        ],
    }


ENTRY = Entry(build_argument_spec(), perform, services=("cloudformation",))


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
