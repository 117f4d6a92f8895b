#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_image_info
short_description: Find the image of an ECR repository that a version names
version_added: 0.1.0
description:
  - Finds the newest image that the version names. The version is its tag, the part of its tag before the commit, or its
    digest.
  - Fails if there is none, and names the nearest versions.
options:
  repository:
    description: Name of the repository.
    type: str
    required: true
  version:
    description: A semantic version, a whole image tag C(<semver>-<commit>), or a digest.
    type: str
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - fastbreak.aws.registry.source
  - fastbreak.aws.attributes
  - fastbreak.aws.attributes.info_module
seealso:
  - module: fastbreak.aws.image_promotion
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Which image is version 1.4.2?
  fastbreak.aws.ecr_image_info:
    source:
      registry: 111111111111.dkr.ecr.us-east-1.amazonaws.com
    repository: fastbreak/inference
    version: 1.4.2
  register: found
"""

RETURN = r"""
tag:
  description: Its tag. Empty if a digest was given that no release tag points to.
  type: str
  returned: success
digest:
  description: Its digest.
  type: str
  returned: success
commit:
  description: The commit that its tag names, or an empty text.
  type: str
  returned: success
nearest_versions:
  description: Versions like the one that does not exist.
  type: list
  elements: str
  returned: when the version does not exist
"""

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.client import EcrClient
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.side import SideClients
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.side import (
    check_options,
    read_side,
    side_secrets,
    side_spec,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.image_lookup import find_image


def build_argument_spec():
    """The options, without those of every AWS module."""
    return {
        "source": {"type": "dict", "required": True, "options": side_spec()},
        "repository": {"type": "str", "required": True},
        "version": {"type": "str", "required": True},
    }


def build_ports(params, context):
    """The only place where clients are made."""
    options = check_options("source", read_side(params["source"]))
    if not options.ecr:
        raise RequestError(
            f"Option source cannot be right: {options.registry!r} is no host of ECR, and no other registry can "
            "list images by the time of their push. Name <account>.dkr.ecr.<region>.amazonaws.com."
        )
    clients = SideClients(context.connect, options, context.clock)
    return EcrClient(lambda: clients.client("ecr"), options.ecr.account), options


def perform(params, context):
    """Read it and return the module's result."""
    images, options = build_ports(params, context)
    found = find_image(images, params["repository"], params["version"], host=options.registry)
    return {"changed": False, "tag": found.tag, "digest": found.digest, "commit": found.commit}


ENTRY = Entry(build_argument_spec(), perform, secrets=side_secrets, protecting=("version",), texts=("version",))


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()
