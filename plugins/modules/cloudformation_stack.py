#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudformation_stack
short_description: Create, update or delete a CloudFormation stack, with an exact plan
version_added: 0.1.0
description:
  - Brings a stack to the requested state and waits until it has settled.
  - Whether and what to change is decided by comparing the stored template, parameters and tags with the desired ones,
    locally. No change set is made, so check mode calls no writing API and works on an empty account too.
  - Templates are compared with their parameters filled in. Comments, key order, short or long forms of intrinsic
    functions, and differences that affect no resource do not count.
  - A stack in any state is handled. A stack whose creation failed (C(ROLLBACK_COMPLETE), C(ROLLBACK_FAILED) or
    C(REVIEW_IN_PROGRESS)) is deleted and created again; an operation in progress, whoever started it, is waited for; a
    failed rollback is continued, and C(UPDATE_FAILED) rolled back; C(DELETE_FAILED) and C(CREATE_FAILED)
    are refused with advice on what to do.
  - Everything that would stop a deletion is found before it starts, in check mode too. That is termination protection,
    the protection of a database, table or load balancer, objects in a bucket, images in a repository,
    exports that other stacks import, and stacks that read this one (O(needed_by)).
  - An impossible update is refused before anything is touched, in check mode too, such as an update that would replace
    a resource with a fixed name, or that the stack policy denies.
  - Availability zones that the account does not have, and certificates that ACM does not have or has not issued, are
    refused before anything is touched, in check mode too.
  - What only CloudFormation can foresee is refused with the reason, in check mode too. This includes transforms and
    macros (such as C(Fn::ForEach)), modules, nested stacks, unknown functions, and non-ASCII text, which CloudFormation
    stores as question marks.
  - A parameter of a type C(AWS::SSM::Parameter::Value<...>) is planned with the value that Parameter Store holds now. A
    dynamic reference without a version causes a warning, because no plan can tell whether its value changed.
  - The action plugin of the same name does the work in the controller and shows which resources are being worked on.
options:
  name:
    description: Name of the stack.
    type: str
    required: true
  state:
    description: Whether the stack should exist.
    type: str
    choices: [present, absent]
    default: present
  template:
    description:
      - Path of the template, YAML or JSON, at most 51,200 bytes.
      - In a playbook, a relative path is searched for in the role's or playbook's C(files) directory first.
    type: path
  template_body:
    description: The template itself, instead of O(template).
    type: str
  parameters:
    description:
      - Values of the template's parameters. A list becomes a comma-separated text, a boolean becomes C(true) or
        C(false); null means the template's default.
      - >-
        A value V({when_made: x}) counts for a stack that is made. One that stands keeps what it has, or has what its
        template has as default.
        A value V({component: network, output: VpcId}) is read from the outputs of that component's stack, which must be
        named in O(depends_on). If that stack is in another region, name it too, as C(region).
      - Parameters declared C(NoEcho) are refused, because their values cannot be compared. Use a dynamic reference.
    type: dict
    default: {}
  tags:
    description:
      - Exactly these tags are set on the stack, and CloudFormation copies them to its resources. Not given, tags stay
        as they are.
    type: dict
  termination_protection:
    description: Whether deleting the stack is refused. Not given, it stays as it is.
    type: bool
  stack_policy:
    description: The stack policy, which says what updates may do to which resources. Not given, it stays as it is.
    type: dict
  capabilities:
    description: What the template is allowed to contain.
    type: list
    elements: str
    choices: [CAPABILITY_IAM, CAPABILITY_NAMED_IAM, CAPABILITY_AUTO_EXPAND]
    default: []
  role_arn:
    description:
      - The service role that CloudFormation works with when it creates or updates the stack. The stack keeps it, so
        that later operations, a deletion too, work with it as well.
      - Empty leaves the stack the role that it has. A stack without a role works with the rights of its operator.
    type: str
    default: ""
  timeout_seconds:
    description: How long each wait may take, both for a dependency and for the stack itself.
    type: int
    default: 3600
  depends_on:
    description:
      - The stacks that must have settled first, as a mapping of component to stack name.
      - If a component is a host of the same play, this module waits until that host has applied its stack. If that
        fails, or the host reports a failure with M(fastbreak.aws.component_failure), this host fails before it touches
        anything.
      - Any other component must have settled already.
    type: dict
    default: {}
  needed_by:
    description:
      - The stacks that read this one, as a mapping of component to stack name, for O(state=absent).
      - The stack is not deleted while any of them exists, unless it is a host of the same play.
    type: dict
    default: {}
  sources:
    description:
      - The variable that each value of O(parameters) comes from, by parameter, so that messages can name it.
      - V(role_arn) is the one that O(role_arn) comes from.
    type: dict
    default: {}
  consent:
    description:
      - Logical ids of resources that an update may replace or remove although they hold data.
      - Without it such an update is refused, in check mode too.
    type: list
    elements: str
    default: []
  unprotect:
    description:
      - Logical ids of resources whose own deletion protection is turned off before O(state=absent) deletes them.
      - Only for a stack that can no longer be updated, such as a stack in C(DELETE_FAILED); otherwise turn protection
        off in the template's parameters.
    type: list
    elements: str
    default: []
  retain:
    description:
      - Logical ids of resources that O(state=absent) leaves behind. Only for a stack in C(DELETE_FAILED).
    type: list
    elements: str
    default: []
  skip_rollback:
    description:
      - Logical ids of resources to skip when the rollback of a stack in C(UPDATE_ROLLBACK_FAILED) is continued.
    type: list
    elements: str
    default: []
  listener_rules:
    description:
      - Rules that something else creates on a listener of this stack, as M(fastbreak.aws.ecs_rollout) does, for
        O(state=present).
      - When an update moves users to another listener, these rules move with them and no request is lost. If the old
        listener is deleted, the rules are copied before the update, and the copies are removed if the update is rolled
        back. If the old listener stays, the rules are copied after the update, and then deleted from it. Conditions,
        weights, stickiness, transforms and tags stay as they are.
      - An update is refused, in check mode too, if it would delete other rules, or if another rule has the priority of
        one of these.
      - An update that replaces their load balancer needs O(consent) to that, because users get no answer until the
        rules stand on the new one.
    type: dict
    suboptions:
      production:
        description: The output that names the listener that users reach.
        type: str
        required: true
      plain:
        description: The output that names the listener that always exists. Both may name the same listener.
        type: str
        required: true
      test:
        description: The output that names a further listener with such rules.
        type: str
        default: ""
      front:
        description:
          - The name of the stack that may hold a CloudFront VPC origin of the load balancer. While it does, an update
            that would replace the load balancer is refused.
        type: str
        default: ""
      tags:
        description: The tags of these rules. Rules that lack any of these tags are left alone.
        type: dict
        required: true
  domain_names:
    description:
      - Names by which clients reach the listeners of this stack, for O(state=present).
      - If anything changes, and a name is in none of the listeners' certificates of ACM, the task is refused, in check
        mode too.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    details: Predicts what a run would do; calls no writing API.
  diff_mode:
    support: full
    details: Shows each resource, property, output and tag that differs.
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
  - module: fastbreak.aws.component_failure
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Apply a stack that reads another stack
  fastbreak.aws.cloudformation_stack:
    name: fastbreak-dev-rds
    template: stack.yaml
    parameters:
      SubnetIds: {component: network, output: DataSubnetIds}
      InstanceClass: db.t4g.small
    depends_on:
      network: fastbreak-dev-network
    capabilities: [CAPABILITY_IAM]
    tags: {Environment: dev}
    termination_protection: true
    stack_policy:
      Statement:
        - {Effect: Allow, Principal: "*", Action: "Update:*", Resource: "*"}
        - Effect: Deny
          Principal: "*"
          Action: ["Update:Replace", "Update:Delete"]
          Resource: LogicalResourceId/Database

- name: See what would change
  fastbreak.aws.cloudformation_stack:
    name: fastbreak-dev-rds
    template: stack.yaml
  check_mode: true
  diff: true

- name: Delete a stack
  fastbreak.aws.cloudformation_stack:
    name: fastbreak-dev-rds
    state: absent
"""

RETURN = r"""
stack_name:
  description: Name of the stack.
  type: str
  returned: always
stack_id:
  description: ARN of the stack; empty when there is none.
  type: str
  returned: success
stack_status:
  description: Its status afterwards; empty when there is none.
  type: str
  returned: success
  sample: UPDATE_COMPLETE
outputs:
  description:
    - The stack's outputs.
    - In check mode, the values they will have; null for an output known after apply.
  type: dict
  returned: success
  sample: {VpcId: vpc-0a1b2c3d}
changes:
  description: The change to each resource.
  type: list
  elements: dict
  returned: success
  contains:
    action:
      description: One of V(add), V(modify) and V(remove).
      type: str
    logical_id:
      description: Name of the resource in the template.
      type: str
    resource_type:
      description: Type of the resource.
      type: str
    replacement:
      description: Whether CloudFormation replaces the resource. One of V(yes), V(maybe), V(no) and V(unknown).
      type: str
    holds_data:
      description: Whether the resource holds data, or is needed to read some.
      type: bool
    properties:
      description: Paths of the properties that change.
      type: list
      elements: str
moved_rules:
  description: Priorities of the rules that were moved to another listener (O(listener_rules)).
  type: list
  elements: int
  returned: success
  sample: [100]
left_behind:
  description:
    - What O(state=absent) leaves behind, in no stack.
    - Where a stack is created, what the last deletions of stacks of this name left behind in the last 90 days. It may
      have been deleted since. Where the credentials may not look, a warning says so.
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
    physical_id:
      description: The resource's own name or id.
      type: str
    is_snapshot:
      description: Whether only a last snapshot of the resource is left.
      type: bool
    usd:
      description: What it costs a month besides what it stores, by the prices of RV(monthly_cost).
      type: float
    delete:
      description: How it is deleted.
      type: str
monthly_cost:
  description:
    - What the stack costs a month while nobody uses it, by on-demand prices of us-east-1 as last known.
    - What is charged by use alone is not in it. C(usd_before) is what it costs before the changes.
  type: dict
  returned: success
  sample:
    usd: 32.85
    usd_before: 0.0
    at_least: false
    unpriced: []
    charges:
      - resource: NatGatewayA
        type: AWS::EC2::NatGateway
        usd: 32.85
  contains:
    usd:
      description: The sum in USD, of all that a price is known for.
      type: float
    at_least:
      description: Whether a number that the sum depends on is known only after another stack is applied.
      type: bool
    unpriced:
      description: Logical ids of resources that cost something and that no price is known for.
      type: list
      elements: str
    charges:
      description: Each resource that costs something, the dearest first.
      type: list
      elements: dict
summary:
  description: The plan in a line.
  type: str
  returned: success
  sample: "update: 1 to modify"
"""

import uuid

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.catalogue import Catalogue
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.cloudformation import CloudFormation
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.listener_rules import ListenerRulesClient
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.living import LivingResources
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.parameter_store import ParameterStore
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import (
    parse_template,
    read_template,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.apply import apply_stack, remove_stack
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.expected_outputs import known_outputs
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.monthly_cost import as_data
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.ports import NoRun, Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.report import changes_of, diff_of, summary
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.request import build_request as _build_request


def build_argument_spec():
    """The options, without those of every AWS module."""
    return {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "template": {"type": "path"},
        "template_body": {"type": "str"},
        "parameters": {"type": "dict", "default": {}},
        "tags": {"type": "dict"},
        "termination_protection": {"type": "bool"},
        "stack_policy": {"type": "dict"},
        "capabilities": {
            "type": "list",
            "elements": "str",
            "choices": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            "default": [],
        },
        "role_arn": {"type": "str", "default": ""},
        "timeout_seconds": {"type": "int", "default": 3600},
        "depends_on": {"type": "dict", "default": {}},
        "needed_by": {"type": "dict", "default": {}},
        "sources": {"type": "dict", "default": {}},
        "consent": {"type": "list", "elements": "str", "default": []},
        "unprotect": {"type": "list", "elements": "str", "default": []},
        "retain": {"type": "list", "elements": "str", "default": []},
        "skip_rollback": {"type": "list", "elements": "str", "default": []},
        "domain_names": {"type": "list", "elements": "str", "default": []},
        "listener_rules": {
            "type": "dict",
            "options": {
                "production": {"type": "str", "required": True},
                "plain": {"type": "str", "required": True},
                "test": {"type": "str", "default": ""},
                "front": {"type": "str", "default": ""},
                "tags": {"type": "dict", "required": True},
            },
        },
    }


#: Conditions across options, for AnsibleModule as for an action plugin.
CROSS_CHECKS = {
    "mutually_exclusive": [("template", "template_body")],
    "required_if": [("state", "present", ("template", "template_body"), True)],
}


def build_request(params):
    """The request that the parameters stand for, its template read."""
    text, template = "", None
    if params["template"]:
        text, template = read_template(params["template"])
    elif params["template_body"]:
        text = params["template_body"]
        template = parse_template(text, f"The template_body of stack {params['name']}")
    return _build_request(params, template, text)


def build_ports(context, run):
    """The only place where clients are made."""
    return Ports(
        stacks=CloudFormation(context.client("cloudformation")),
        elsewhere=lambda region: CloudFormation(context.client("cloudformation", region)),
        clock=context.clock,
        run=run,
        progress=context.progress,
        new_token=lambda: f"fastbreak-{uuid.uuid4()}",
        living=LivingResources(context.client),
        store=ParameterStore(context.client("ssm")),
        rules=ListenerRulesClient(context.client("elbv2")),
        catalogue=Catalogue(context.client),
    )


def perform(params, context, run=None):
    """Do it and return the module's result. *run* tells how the components that it depends on are doing."""
    ports = build_ports(context, run or NoRun())
    act = apply_stack if params["state"] == "present" else remove_stack
    try:
        result = act(build_request(params), ports, context.check_mode)
        ports.run.publish(result.outputs)
        return to_exit(result)
    except FastbreakError as error:
        error.details.setdefault("stack_name", params["name"])
        raise


def to_exit(result):
    """The result of a module."""
    snapshot = result.snapshot
    return {
        "changed": result.changed,
        "stack_name": result.plan.name,
        "stack_id": snapshot.stack_id if snapshot else "",
        "stack_status": snapshot.status if snapshot else "",
        "outputs": known_outputs(result.outputs),
        "changes": changes_of(result.plan),
        "moved_rules": result.move.priorities if result.move else [],
        "left_behind": [item.as_data() for item in result.plan.left_behind],
        "monthly_cost": as_data(result.plan.charges, result.plan.former_charges),
        "summary": summary(result.plan),
        "diff": diff_of(result.plan, result.move.sides() if result.move else None),
        **({"warnings": list(result.warnings)} if result.warnings else {}),
    }


ENTRY = Entry(build_argument_spec(), perform, CROSS_CHECKS, files=("template",), services=("cloudformation",))


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
