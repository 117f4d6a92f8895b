#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudformation_revert_drift
short_description: Revert changes that were made outside CloudFormation
version_added: 0.1.0
description:
  - Detects the drift of a stack, and restores each resource that differs to what the stack says, with a drift-aware
    change set (C(REVERT_DRIFT)). A resource that was deleted is recreated.
  - CloudFormation's plan is checked first. A resource that would be replaced, or recreated without its data, needs
    consent by name, and what the stack policy denies is refused.
  - Afterwards the drift is detected again. The module fails and names what still differs.
  - The action plugin of the same name does the work in the controller.
options:
  name:
    description: Name of the stack.
    type: str
    required: true
  consent:
    description: Logical ids of resources that may be replaced, or recreated without their data.
    type: list
    elements: str
    default: []
  timeout_seconds:
    description: Limit of each wait, in seconds. If a change takes longer, the run ends, but the change continues.
    type: int
    default: 3600
attributes:
  check_mode:
    support: full
    details: Detects drift and makes no change set. Replacements are predicted from the resource types' schemas.
  diff_mode:
    support: full
    details: Shows each property as it is and as it should be.
  idempotent:
    support: full
  action:
    support: full
extends_documentation_fragment:
  - fastbreak.aws.attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
seealso:
  - module: fastbreak.aws.cloudformation_stack_info
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: See what would be reverted
  fastbreak.aws.cloudformation_revert_drift:
    name: fastbreak-dev-network
  check_mode: true

- name: Revert it, and recreate the table of jobs, empty
  fastbreak.aws.cloudformation_revert_drift:
    name: fastbreak-dev-service
    consent: [JobTable]
"""

RETURN = r"""
stack_name:
  description: Name of the stack.
  type: str
  returned: always
resources:
  description: The resources that differed, and what is done to them.
  type: list
  elements: dict
  returned: success
  contains:
    logical_id:
      description: Name of the resource in the template.
      type: str
    resource_type:
      description: Type of the resource.
      type: str
    action:
      description: V(modify), V(add) for a resource that was deleted, or V(remove).
      type: str
    replacement:
      description: Whether CloudFormation replaces the resource. One of V(yes), V(maybe), V(no) and V(unknown).
      type: str
    words:
      description: How it differed, in a sentence; empty if it only changes because another resource is recreated.
      type: str
unrepaired:
  description: Logical ids of the resources that still differ.
  type: list
  elements: str
  returned: when not everything could be restored
"""

import uuid

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.catalogue import Catalogue
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.cloudformation import CloudFormation
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.listener_rules import ListenerRulesClient
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.living import LivingResources
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.parameter_store import ParameterStore
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.drift import describe
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.ports import NoRun, Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.revert import revert_drift
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackRequest


def build_argument_spec():
    """The options, without those of every AWS module."""
    return {
        "name": {"type": "str", "required": True},
        "consent": {"type": "list", "elements": "str", "default": []},
        "timeout_seconds": {"type": "int", "default": 3600},
    }


def build_ports(context):
    """The only place where clients are made."""
    return Ports(
        stacks=CloudFormation(context.client("cloudformation")),
        elsewhere=lambda region: CloudFormation(context.client("cloudformation", region)),
        clock=context.clock,
        run=NoRun(),
        progress=context.progress,
        new_token=lambda: f"fastbreak-{uuid.uuid4()}",
        living=LivingResources(context.client),
        store=ParameterStore(context.client("ssm")),
        rules=ListenerRulesClient(context.client("elbv2")),
        catalogue=Catalogue(context.client),
    )


def perform(params, context):
    """Take the drift back and return a module's result."""
    ports = build_ports(context)
    request = StackRequest(
        name=params["name"], consent=tuple(params["consent"]), timeout_seconds=params["timeout_seconds"]
    )
    reverted = revert_drift(request, ports, ports.stacks, context.check_mode)
    words = {drift.logical_id: describe(drift) for drift in reverted.drifts}
    return {
        "changed": bool(reverted.reversals),
        "stack_name": params["name"],
        "resources": [
            {
                "logical_id": item.logical_id,
                "resource_type": item.resource_type,
                "action": item.action,
                "replacement": item.replacement,
                "words": words.get(item.logical_id, ""),
            }
            for item in reverted.reversals
        ],
        "diff": _diff(params["name"], reverted.drifts),
    }


def _diff(name, drifts):
    """Each property as it is and as it should be."""

    def side(values):
        return {drift.logical_id: values(drift) for drift in drifts}

    return {
        "before": side(
            lambda drift: (
                "deleted"
                if drift.status == "DELETED"
                else {path: actual for path, _expected, actual in drift.differences}
            )
        ),
        "after": side(
            lambda drift: (
                "recreated"
                if drift.status == "DELETED"
                else {path: expected for path, expected, _actual in drift.differences}
            )
        ),
        "before_header": f"stack {name}, as it is",
        "after_header": f"stack {name}, as its template says",
    }


ENTRY = Entry(build_argument_spec(), perform)


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
