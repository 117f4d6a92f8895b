#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_promotion_info
short_description: Read what was promoted, from where, by whom, and what the gates saw
version_added: 0.1.0
description:
  - Reads the promotions that M(fastbreak.aws.image_promotion) wrote to the release table.
options:
  release_table:
    description: Name of the DynamoDB table that keeps the release record.
    type: str
    required: true
  service:
    description: Name of the service.
    type: str
    required: true
  version:
    description: Only promotions of this version, a semantic version, a whole image tag, or a digest.
    type: str
  digest:
    description: Only promotions of this digest.
    type: str
  history:
    description: How many promotions to return, the newest first.
    type: int
    default: 20
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - fastbreak.aws.attributes
  - fastbreak.aws.attributes.info_module
seealso:
  - module: fastbreak.aws.image_promotion
  - module: fastbreak.aws.ecs_rollout_info
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Who promoted version 1.4.2, and what did its gates see?
  fastbreak.aws.image_promotion_info:
    release_table: fastbreak-prod-releases
    service: inference
    version: 1.4.2
  register: promoted

- name: Show it
  ansible.builtin.debug:
    msg: "{{ promoted.promotions | first }}"
"""

RETURN = r"""
promotions:
  description: The promotions, the newest first.
  type: list
  elements: dict
  returned: success
  contains:
    service:
      description: Name of the service.
      type: str
    release_id:
      description: Key of the record.
      type: str
    version:
      description: The image's tag at the destination, or its digest.
      type: str
    digest:
      description: The image's digest.
      type: str
    commit:
      description: The commit that it was built from.
      type: str
    source:
      description: Where it came from.
      type: str
    destination:
      description: Where it went.
      type: str
    promoted_at:
      description: When, ISO 8601 in UTC.
      type: str
    promoted_by:
      description: By whom, the ARN of the caller or the name of a user.
      type: str
    blobs:
      description: Blobs that were copied.
      type: int
    bytes_copied:
      description: Bytes that were copied.
      type: int
    attachments:
      description: Signatures, SBOMs and attestations that were copied with it.
      type: list
      elements: str
    gates:
      description: What each gate saw, with C(gate), C(mode), C(verdict), C(seen), C(expected) and C(subject).
      type: list
      elements: dict
    attestation:
      description: Digest of the attestation at the destination, or an empty text.
      type: str
    signature:
      description: Digest of the requested signature at the destination, or an empty text.
      type: str
"""

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.info import read_promotions
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import promotion_data
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion_table import PromotionsClient


def build_argument_spec():
    """The options, without those of every AWS module."""
    return {
        "release_table": {"type": "str", "required": True},
        "service": {"type": "str", "required": True},
        "version": {"type": "str"},
        "digest": {"type": "str"},
        "history": {"type": "int", "default": 20},
    }


def perform(params, context):
    """Read it and return the module's result."""
    if params["history"] < 1:
        raise RequestError(f"Option history is {params['history']}; it must be at least 1.")
    promotions = PromotionsClient(context.client("dynamodb"), params["release_table"])
    version, digest = params["version"] or "", params["digest"] or ""
    found = read_promotions(params["service"], promotions, version=version, digest=digest, history=params["history"])
    return {"changed": False, "promotions": [promotion_data(promotion) for promotion in found]}


ENTRY = Entry(build_argument_spec(), perform, protecting=("digest",), texts=("version", "digest", "service"))


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
