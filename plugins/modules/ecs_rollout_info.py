#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_rollout_info
short_description: Read an ECS service, its deployments and its releases
version_added: 0.1.0
description:
  - Reads what runs, the release history with outcomes, and whether a rollout is in progress.
options:
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
  history:
    description: How many releases and how many promotions to return, newest first; at most 200 releases.
    type: int
    default: 20
  show_values:
    description: Whether values of the task definition are shown as they are, or as fingerprints that hold for this run
      only.
    type: bool
    default: false
  ask:
    description: Addresses of the service that are asked once each, for RV(answers).
    type: list
    elements: str
    default: []
  ask_headers:
    description: Headers of these requests, as O(fastbreak.aws.ecs_rollout#module:gates[].headers).
    type: dict
    default: {}
  ca_bundle:
    description: A file of certificate authorities that these requests trust besides the machine's own.
    type: path
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - fastbreak.aws.attributes
  - fastbreak.aws.attributes.info_module
seealso:
  - module: fastbreak.aws.ecs_rollout
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Read what runs
  fastbreak.aws.ecs_rollout_info:
    cluster: fastbreak-dev
    service: inference
    release_table: fastbreak-dev-releases
  register: inference

- name: Show the version
  ansible.builtin.debug:
    msg: "{{ inference.running.version }}"
"""

RETURN = r"""
service:
  description: The service with its task definition, its values as O(show_values) says, and that definition's
    fingerprint as C(definition). Empty without one.
  type: dict
  returned: success
deployments:
  description: The service deployments that ECS remembers, the newest first.
  type: list
  elements: dict
  returned: success
running:
  description: The record of the running release. Empty when what runs was never accepted.
  type: dict
  returned: success
releases:
  description: The release records, newest first. C(digest) and C(definition) together identify what was released.
  type: list
  elements: dict
  returned: success
companions:
  description: The records of services that were released together with this one, by their names, the newest first.
  type: dict
  returned: success
promotions:
  description: The promotions of the service's images, the newest first, as M(fastbreak.aws.image_promotion_info) does.
  type: list
  elements: dict
  returned: success
answers:
  description: What each address of O(ask) answered, in their order.
  type: list
  elements: dict
  returned: success
  contains:
    url:
      description: The address.
      type: str
    status:
      description: Status of the answer; 0 when there was none.
      type: int
    version:
      description: Version of the release that answered; empty when it did not say.
      type: str
    problem:
      description: Why there was no answer.
      type: str
lock:
  description: Who holds the lock, with C(owner), C(started_at) and C(lease), which changes while the holder works. The
    lock of a killed run is taken over by the next run once its lease no longer changes. Empty when nobody holds it.
  type: dict
  returned: success
"""

import secrets

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion_table import PromotionsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._release.table import ReleasesClient
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.ecs import EcsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.header_values import (
    HeaderValues,
    SecretValues,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.probe import HttpProbe
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.disclosure.fingerprint import Disclosure
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http_address import (
    header_problems,
    parts_to_ask,
    read_headers,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.info import (
    InfoPorts,
    ask_users_way,
    report_service,
)


def build_argument_spec():
    """The options, without those of every AWS module."""
    return {
        "cluster": {"type": "str", "required": True},
        "service": {"type": "str", "required": True},
        "release_table": {"type": "str", "required": True},
        "history": {"type": "int", "default": 20},
        "show_values": {"type": "bool", "default": False},
        "ask": {"type": "list", "elements": "str", "default": []},
        "ask_headers": {"type": "dict", "default": {}},
        "ca_bundle": {"type": "path"},
    }


def build_ports(context, table):
    """The only place where clients are made."""
    return InfoPorts(
        ecs=EcsClient(context.client("ecs")),
        releases=ReleasesClient(context.client("dynamodb"), table),
        promotions=PromotionsClient(context.client("dynamodb"), table),
    )


def build_probe(params, context):
    """What sends requests."""
    values = HeaderValues(SecretValues(lambda: context.connect("secretsmanager")).value, clock=context.clock)
    return HttpProbe(params["ca_bundle"] or "", clock=context.clock, values=values)


def _read_headers(params):
    """The headers of the requests. Raises RequestError where they cannot be sent, or an address not be asked."""
    headers = read_headers("ask_headers", params["ask_headers"])
    problems = [
        *(f"ask has {url!r}, which is no http or https address." for url in params["ask"] if not parts_to_ask(url)),
        *header_problems(headers, called="the header of ask_headers"),
    ]
    if problems:
        raise RequestError(f"Nothing was asked: {' '.join(problems)}", problems=problems)
    return headers


def perform(params, context):
    """Read it and return the module's result."""
    ports = build_ports(context, params["release_table"])
    disclosure = Disclosure(secrets.token_bytes(32), show_values=params["show_values"])
    headers = _read_headers(params)
    report = report_service(
        params["cluster"], params["service"], ports, history=params["history"], disclosure=disclosure
    )
    answers = list(ask_users_way(params["ask"], headers, build_probe(params, context))) if params["ask"] else []
    return {"changed": False, **report, "answers": answers}


ENTRY = Entry(build_argument_spec(), perform)


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
